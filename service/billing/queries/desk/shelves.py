"""Each shelf of the list as stretches of an index: no page reads more rows than it shows by much.

Most stretches go along (status, end of the paid month, id). Those of which there are few among many have an index of
their own, as endings and skipped months; a disputed payment is looked up from the few open disputes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, select

from service.accounts.models import Patient
from service.billing.models import Dispute, Membership
from service.billing.rules.shelves import Wanted

AT = Membership.period_ends_at


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows in an index's order. `moment` is False where all rows of it have none, and only ids are in order."""

    where: tuple[ColumnElement[bool], ...]
    lead: tuple[Any, ...] = ()  # what the index begins with
    moment: bool = True
    few: bool = False  # gathered whole, because there never are many


def _is(status: str) -> ColumnElement[bool]:
    # Written out, not bound: a partial index serves only what the planner can read.
    return Membership.status == literal(status, literal_execute=True)


def _standing(status: str) -> Stretch:
    return Stretch((_is(status), AT.is_not(None)), (Membership.status,))


ENDING = Stretch((_is("active"), and_(Membership.cancels_at_period_end), AT.is_not(None)))
SKIPPED = Stretch((_is("active"), Membership.collection_resumes_at.is_not(None), AT.is_not(None)))
UNPAID = Stretch(
    (_is("stopped"), Membership.stopped_for == literal("unpaid", literal_execute=True), AT.is_not(None)),
    (Membership.status,),
)
UNPAID_YET = Stretch((_is("awaiting_payment"), AT.is_(None)), (Membership.status,), moment=False)
DISPUTED = Stretch(
    (Membership.id.in_(select(Dispute.membership_id).where(Dispute.closed_at.is_(None))), AT.is_not(None)), few=True
)
SHELF: dict[str, tuple[Stretch, ...]] = {
    "": (_standing("stopped"), _standing("grace"), ENDING),
    "all": (_standing("stopped"), _standing("grace"), _standing("active")),
    "active": (_standing("active"),),
    "grace": (_standing("grace"),),
    "failed": (_standing("grace"), UNPAID),
    "stopped": (_standing("stopped"),),
    "ending": (ENDING,),
    "skipped": (SKIPPED,),
    "disputed": (DISPUTED,),
    "unpaid_yet": (UNPAID_YET,),
    "ended": (_standing("ended"),),
}


def narrowing(wanted: Wanted, row: Any) -> tuple[ColumnElement[bool], ...]:
    """What holds on every shelf, of `row` (Membership or an alias of it)."""
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(exists().where(Patient.id == row.patient_id, Patient.state == wanted.state))
    if wanted.plan:
        found.append(row.plan == wanted.plan)
    if wanted.stopped_for:
        found.append(row.stopped_for == wanted.stopped_for)
    return tuple(found)
