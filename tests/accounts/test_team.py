"""The team page: who works here, and what owners may do to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from service.accounts.models import Invitation, Passkey, RecoveryCode, SignIn, User
from service.audit.models import AuditEntry
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.ids import new_id
from service.mail.models import OutboxMessage
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient, a_staff_member

WHY = "asked"


def two_owners(client: Browser) -> tuple[Person, Person]:
    """An owner who is signed in, and another."""
    olive, otto = a_staff_member("owner", name=("Olive", "Grant")), a_staff_member("owner", name=("Otto", "Hill"))
    client.sign_in(olive.user_id)
    return olive, otto


def row(user_id: Any) -> User:
    with db.reading() as session:
        return session.get_one(User, user_id)


def letters(template: str) -> list[tuple[str, dict[str, Any]]]:
    """(address, facts) of the mails of one kind that wait to leave."""
    with db.reading() as session:
        found = session.scalars(select(OutboxMessage).where(OutboxMessage.template == template)).all()
        return [
            (
                crypto.unseal(mail.address_sealed or b"", "outbox", "address", mail.id),
                crypto.unseal_json(mail.facts_sealed, "outbox", "facts", mail.id),
            )
            for mail in sorted(found, key=lambda mail: mail.id)
        ]


def traces(action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def change(client: Browser, what: str, whom: Person, **fields: str) -> Any:
    return client.submit(f"/staff/team/{whom.user_id}/{what}", {"reason": WHY, **fields})


def test_owners_and_auditors_see_who_works_here_and_nobody_else_does(client: Browser, house: House) -> None:
    _, otto = two_owners(client)
    page = client.get("/staff/team").text
    assert "Olive Grant" in page
    assert otto.email in page
    assert "Never" in page, "Otto was never here"
    for role, status in [("auditor", 200), ("clinician", 403), ("coordinator", 403), ("billing", 403)]:
        client.sign_in(a_staff_member(role).user_id)
        assert client.get("/staff/team").status_code == status
        assert client.get(f"/staff/team/{otto.user_id}").status_code == status


def test_an_auditor_reads_the_team_and_is_offered_nothing(client: Browser, house: House) -> None:
    _, otto = two_owners(client)
    client.sign_in(a_staff_member("auditor").user_id)
    assert "/staff/team/invite" not in client.get("/staff/team").text
    assert "/deactivate" not in client.get(f"/staff/team/{otto.user_id}").text
    for what in ("role", "deactivate", "reactivate", "reset-factor", "sign-out"):
        assert change(client, what, otto, role="billing").status_code == 403
    assert row(otto.user_id).role == "owner"


def test_patients_are_nobody_on_the_team(client: Browser, house: House) -> None:
    two_owners(client)
    ana = a_patient()
    assert ana.email not in client.get("/staff/team").text
    for path in (f"/staff/team/{ana.user_id}", f"/staff/team/{ana.user_id}/deactivate", f"/staff/team/{uuid4()}"):
        assert client.get(path).status_code == 404
    assert change(client, "role", ana, role="owner").status_code == 404
    assert row(ana.user_id).role is None


def test_a_new_role_holds_from_the_next_request_of_whoever_is_signed_in(client: Browser, house: House) -> None:
    two_owners(client)
    sam = a_staff_member("coordinator")
    theirs = client.application.test_client()
    assert isinstance(theirs, Browser)
    theirs.sign_in(sam.user_id)
    assert theirs.get("/staff/queue").status_code == 200
    assert change(client, "role", sam, role="billing").status_code == 303
    assert "/sign-in" in theirs.get("/staff/queue").headers["Location"], "signed out at once"
    theirs.sign_in(sam.user_id)
    assert theirs.get("/staff/queue").status_code == 403
    assert theirs.get("/staff/memberships").status_code == 200
    (trace,) = traces("staff.role")
    assert (trace.subject_id, trace.reason) == (sam.user_id, f"billing:{WHY}")
    assert letters("staff_account") == [(sam.email, {"name": "Sam", "what": "role", "path": "/sign-in"})]


def test_a_deactivated_person_is_out_at_once_stays_out_and_hears_of_it(client: Browser, house: House) -> None:
    two_owners(client)
    sam = a_staff_member("coordinator")
    theirs = client.application.test_client()
    assert isinstance(theirs, Browser)
    theirs.sign_in(sam.user_id)
    assert change(client, "deactivate", sam).status_code == 303
    assert "/sign-in" in theirs.get("/staff").headers["Location"]
    theirs.sign_in(sam.user_id)
    assert "/sign-in" in theirs.get("/staff").headers["Location"]
    assert letters("staff_account")[0][1]["what"] == "deactivated"
    assert "Deactivated" in client.get("/staff/team").text
    assert change(client, "deactivate", sam).status_code == 422, "twice is said"
    assert change(client, "role", sam, role="billing").status_code == 422
    assert change(client, "reactivate", sam).status_code == 303
    theirs.sign_in(sam.user_id)
    assert theirs.get("/staff").status_code == 200
    assert len(traces("staff.deactivated")) == len(traces("staff.reactivated")) == 1


def test_nobody_changes_their_own_place(client: Browser, house: House) -> None:
    olive, _ = two_owners(client)
    for what in ("role", "deactivate", "reset-factor", "sign-out"):
        answer = change(client, what, olive, role="billing")
        assert answer.status_code == 403
        assert "Nobody changes their own place" in answer.text
    mine = row(olive.user_id)
    assert (mine.role, mine.deactivated_at) == ("owner", None)
    assert "This is you" in client.get(f"/staff/team/{olive.user_id}").text


def test_every_change_asks_why_and_says_what_it_means_first(client: Browser, house: House) -> None:
    _, otto = two_owners(client)
    for what in ("role", "deactivate", "reset-factor", "sign-out"):
        assert "They are told by email" in client.get(f"/staff/team/{otto.user_id}/{what}").text
        for reason in ("", "  ", "ok", "x" * 301, "Ana Rivera complained about him", f"{WHY} "):
            answer = client.submit(f"/staff/team/{otto.user_id}/{what}", {"reason": reason, "role": "billing"})
            assert answer.status_code == 422
    assert change(client, "role", otto, role="emperor").status_code == 422
    assert change(client, "role", otto).status_code == 422
    unchanged = row(otto.user_id)
    assert (unchanged.role, unchanged.deactivated_at) == ("owner", None)


def test_fields_that_the_form_does_not_have_change_nothing(client: Browser, house: House) -> None:
    _, otto = two_owners(client)
    change(client, "sign-out", otto, role="billing", kind="patient", deactivated_at="2020-01-01", user_id=str(uuid4()))
    unchanged = row(otto.user_id)
    assert (unchanged.kind, unchanged.role, unchanged.deactivated_at) == ("staff", "owner", None)


def test_a_lost_factor_is_reset_by_another_owner_and_nothing_old_works_any_more(client: Browser, house: House) -> None:
    _, otto = two_owners(client)
    at = wall_now()
    with db.transaction() as session:
        session.add(
            Passkey(
                id=new_id(),
                user_id=otto.user_id,
                credential_id=b"c",
                public_key=b"k",
                sign_count=0,
                name_sealed=b"n",
                created_at=at,
            )
        )
        session.add(RecoveryCode(id=new_id(), user_id=otto.user_id, code_hash=b"h", created_at=at))
    theirs = client.application.test_client()
    assert isinstance(theirs, Browser)
    theirs.sign_in(otto.user_id)
    assert change(client, "reset-factor", otto).status_code == 200
    assert row(otto.user_id).totp_sealed is None
    with db.reading() as session:
        assert session.scalars(select(Passkey.removed_at)).one() is not None
        assert session.scalars(select(RecoveryCode.replaced_at)).one() is not None
    assert "/sign-in" in theirs.get("/staff").headers["Location"]
    assert "Not set up" in client.get("/staff/team").text
    assert len(traces("staff.factor_reset")) == 1


def test_risky_pages_ask_for_a_fresh_proof(client: Browser, house: House) -> None:
    _, otto = two_owners(client)
    with db.transaction() as session:
        for sign_in in session.scalars(select(SignIn)):
            sign_in.second_factor_at = wall_now() - timedelta(minutes=11)
    assert client.get("/staff/team").status_code == 200, "looking is no risk"
    for path in ("invite", f"{otto.user_id}/role", f"{otto.user_id}/deactivate", f"{otto.user_id}/reset-factor"):
        for answer in (client.get(f"/staff/team/{path}"), client.submit(f"/staff/team/{path}", {"reason": WHY})):
            assert answer.status_code == 303
            assert "prove" in answer.headers["Location"]
    assert row(otto.user_id).totp_sealed is not None


def test_an_owner_who_leaves_takes_their_invitations_along(client: Browser, house: House) -> None:
    olive, otto = two_owners(client)
    client.submit("/staff/team/invite", {"name": "Ida Park", "email": "ida@staff.example", "role": "owner"})
    client.sign_in(otto.user_id)
    assert change(client, "role", olive, role="billing").status_code == 303
    with db.reading() as session:
        assert session.scalars(select(Invitation.withdrawn_at)).one() is not None


@pytest.mark.parametrize("role", ["owner", "clinician", "coordinator", "billing", "auditor"])
def test_the_menu_shows_the_rooms_of_the_role_and_each_of_them_opens(client: Browser, house: House, role: str) -> None:
    import re

    client.sign_in(a_staff_member(role).user_id)
    page = client.get("/staff").text
    shown = set(re.findall(r'class="rooms__link" href="([^"]+)"', page))
    assert "/staff" in shown
    assert {path: client.get(path).status_code for path in shown} == dict.fromkeys(shown, 200)
    assert ("/staff/team" in shown) == (role in ("owner", "auditor"))
