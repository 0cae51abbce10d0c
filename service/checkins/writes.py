"""Check-ins, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.billing.models import Membership
from service.billing.rules import IN_CARE
from service.catalog.rules.whole import Catalog
from service.checkins.models import CheckIn, CheckInTurn
from service.kit import crypto
from service.kit.ids import new_id
from service.safety import rules as safety_rules
from service.safety import writes as safety

LOOK_EVERY = timedelta(days=1)


def welcome(session: Session, now: datetime) -> None:
    """Give each live membership that has none its turn, now. Billing tells nobody, so we look over all of them.

    The one part of a tick that grows with the number of memberships; there are as many as patients in care.
    """
    unknown = select(Membership.id, literal(now)).where(
        Membership.status.in_(IN_CARE),
        Membership.activated_at.is_not(None),
        ~select(CheckInTurn.membership_id).where(CheckInTurn.membership_id == Membership.id).exists(),
    )
    session.execute(insert(CheckInTurn).from_select(["membership_id", "look_at"], unknown).on_conflict_do_nothing())


def look_again(session: Session, membership_id: UUID, *, due_at: datetime | None, look_at: datetime | None) -> None:
    """Note when this membership is to be looked at again; never, when `look_at` is None."""
    session.execute(
        update(CheckInTurn).where(CheckInTurn.membership_id == membership_id).values(due_at=due_at, look_at=look_at)
    )


def open_one(
    session: Session,
    *,
    patient_id: UUID,
    membership_id: UUID,
    key: str,
    instrument: str,
    instrument_version: str,
    due_at: datetime,
    closes_at: datetime,
) -> UUID | None:
    """Open a check-in once for its patient and key. Returns its id, or None when it was opened before."""
    statement = (
        insert(CheckIn)
        .values(
            id=new_id(),
            patient_id=patient_id,
            membership_id=membership_id,
            key=key,
            instrument=instrument,
            instrument_version=instrument_version,
            due_at=due_at,
            closes_at=closes_at,
            remind_at=due_at,
            status="open",
        )
        .on_conflict_do_nothing(index_elements=["patient_id", "key"])
        .returning(CheckIn.id)
    )
    return session.execute(statement).scalar()


def miss(session: Session, now: datetime) -> int:
    """End what was not answered in time. Returns how many."""
    ended = session.scalars(
        update(CheckIn)
        .where(CheckIn.status == "open", CheckIn.closes_at <= now)
        .values(status="missed")
        .returning(CheckIn.id)
    )
    return len(ended.all())


def remind_at(session: Session, checkin_id: UUID, at: datetime | None) -> None:
    """Note when the next nudge about this check-in is due; None when there is none left."""
    session.execute(update(CheckIn).where(CheckIn.id == checkin_id).values(remind_at=at))


def save_answers(row: CheckIn, answers: Mapping[str, int]) -> None:
    """Keep the answers so far, sealed."""
    row.answers_sealed = crypto.seal_json(dict(answers), "checkins", "answers", row.id)


def act_on_flags(session: Session, row: CheckIn, codes: Iterable[str], catalog: Catalog, now: datetime) -> None:
    """For each red flag call a person and, where its rule says so, hold what must stop.

    Twice is once while the first is open; after it was acknowledged, or lifted, the same flag calls and holds again.
    """
    for code in codes:
        rule = safety_rules.definition(catalog, code)
        safety.raise_alert(
            session,
            code=code,
            source_kind="checkin",
            source_id=row.id,
            patient_id=row.patient_id,
            now=now,
            definition=rule,
        )
        if rule.holds:
            safety.place_hold(
                session, code=code, source_kind="checkin", source_id=row.id, patient_id=row.patient_id, now=now
            )
