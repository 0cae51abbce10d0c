"""What a patient's copy says about money, beyond receipts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from service.billing.models import Credit, Membership, MembershipNote
from service.kit import crypto, db
from service.kit.ids import new_id
from service.privacy.queries import copy_rest
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.checkins import a_member


def test_notes_stand_in_the_order_in_which_they_were_written_wherever_they_were_written(house: House) -> None:
    member, author = a_member(), a_staff_member("billing").user_id
    with db.transaction() as session:
        membership_id = session.scalars(select(Membership.id)).one()
        of = {"membership_id": membership_id, "patient_id": member.patient_id}

        def note(words: str, at: datetime) -> None:
            row_id = new_id()
            sealed = crypto.seal(words, "membership_notes", "body", row_id)
            session.add(MembershipNote(id=row_id, author_id=author, body_sealed=sealed, written_at=at, **of))

        note("First.", house.now)
        credit_id = new_id()
        session.add(
            Credit(
                id=credit_id,
                kind="credit",
                amount_cents=500,
                reason="other",
                note_sealed=crypto.seal("Second.", "credits", "note", credit_id),
                status="asked",
                asked_by=author,
                asked_at=house.now + timedelta(hours=1),
                **of,
            )
        )
        note("Third.", house.now + timedelta(hours=2))
    with db.reading() as session:
        assert member.patient_id is not None
        section = copy_rest.billing_notes(session, member.patient_id)
    assert [entry["note"] for entry in section.entries] == ["First.", "Second.", "Third."]
