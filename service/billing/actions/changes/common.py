"""The beginning of every change: the patient's own membership, locked, as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import queries, writes
from service.billing.models import Membership
from service.billing.rules.changes import WHY, Running, running_at_all
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words


@dataclass(frozen=True, slots=True)
class Mine:
    """A patient's membership, its row locked. `zone` is theirs."""

    row: Membership
    it: Running
    past: queries.History
    zone: str


def mine(session: Session, patient_id: UUID, now: datetime, *, charging: bool = False) -> Mine:
    """The running membership of a patient. Raises Conflict with why nothing can be changed.

    `charging`: the enrollment is locked first, as everywhere where the gate is asked.
    """
    if charging:
        lock_care(session, patient_id)
    row = writes.live_membership(session, patient_id)
    if row is None:
        refuse("no_membership")
    person = accounts.patient(session, patient_id)
    past = queries.history(session, row.id, now)
    it = queries.running(row, past, person.time_zone)
    why = running_at_all(it)
    if it is None or why is not None:
        refuse(why or "no_membership")
    return Mine(row, it, past, person.time_zone)


def lock_care(session: Session, patient_id: UUID) -> None:
    """The enrollment before the membership, as everywhere: nobody waits in a circle."""
    found = session.scalar(
        select(Membership.enrollment_id).where(Membership.patient_id == patient_id, Membership.status != "ended")
    )
    if found is not None:
        enrollment.locked(session, found)


def refuse(why: str) -> NoReturn:
    """Raises Conflict with the words for a no."""
    raise Conflict(why, WHY[why])


def check(why: str | None) -> None:
    """Raises Conflict where a rule says no."""
    if why is not None:
        refuse(why)


def note(session: Session, actor: Actor, what: str, row: Membership, reason: str | None = None) -> None:
    """One line in the audit trail."""
    audit.record(session, actor, f"membership.{what}", "membership", row.id, patient_id=row.patient_id, reason=reason)


class GateSaysNo(Rejected):
    """The one gate refused a charge. `codes` are its reasons."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__("gate_says_no", words("We cannot charge you now. Nothing was charged or changed."))
        self.codes = codes


def gate_refuses(
    session: Session,
    row: Membership,
    period: str,
    catalog: Catalog,
    now: datetime,
    *,
    charge_at: datetime | None = None,
) -> tuple[str, ...]:
    """Ask the gate about a charge now, or at `charge_at`, and keep its answer. Returns the reasons for a no."""
    answer, _ = writes.ask_gate(
        session,
        patient_id=row.patient_id,
        enrollment_id=row.enrollment_id,
        period=period,
        charge_at=charge_at or now,
        catalog=catalog,
        now=now,
    )
    return () if answer.yes else answer.codes
