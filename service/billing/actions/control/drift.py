"""Staff see where we and Stripe differ, take Stripe's word where that is safe, or let one be. All of it is noted.

Nothing here charges, gives back or cancels: what needs that is said, and a person does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from service.accounts.queries.people import staff_names
from service.audit import writes as audit
from service.billing import writes
from service.billing.actions import sync
from service.billing.actions.watching.looking import compared
from service.billing.actions.watching.steps import charge_differences
from service.billing.gateway import Bug, Gateway
from service.billing.queries import watching
from service.billing.queries.watching import drift as queries
from service.billing.queries.watching.drift import Line, Run
from service.billing.rules import drift as rules
from service.billing.rules.drift import Difference
from service.billing.writes import drift
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, Rejected, TryAgain, words

log = structlog.get_logger(__name__)
PAGE = 50
AT_ONCE = 50  # repaired by one press: each asks Stripe, and somebody waits for the page
ENOUGH = 3  # times in a row that Stripe did not answer
MENDED = tuple(name for name, kind in rules.FIELDS.items() if kind.mends)
Repaired = Literal["repaired", "differs", "away", "refused"]


@dataclass(frozen=True, slots=True)
class DriftPage:
    """A page of differences, how many are open of each kind, and the latest night."""

    lines: list[Line]
    next: UUID | None
    counts: dict[str, int]
    run: Run | None


@dataclass(frozen=True, slots=True)
class OneDrift:
    """One difference, and who settled it."""

    line: Line
    settled_by: str


def open_drift(*, is_open: bool, field: str | None, before: UUID | None, actor: Actor) -> DriftPage:
    """A page of them. The look is noted."""
    with db.transaction() as session:
        found = queries.lines(session, is_open=is_open, field=field, before=before, limit=PAGE + 1)
        audit.record(session, actor, "drift.view", "drift")
        following = found[PAGE - 1].id if len(found) > PAGE else None
        return DriftPage(found[:PAGE], following, queries.open_by_field(session), queries.latest_run(session))


def open_one(*, drift_id: UUID, actor: Actor) -> OneDrift:
    """One of them. The look is noted. Raises NotFound."""
    with db.transaction() as session:
        found = _line(session, drift_id)
        whose = queries.patient_of(session, found.membership_id)
        audit.record(session, actor, "drift.view", "drift", drift_id, patient_id=whose)
        by = staff_names(session, [found.settled_by]) if found.settled_by is not None else {}
        return OneDrift(found, by.get(found.settled_by, "") if found.settled_by else "")


def check_drift(drift_id: UUID) -> None:
    """Raises NotFound for an id of no difference. Nothing of it is shown, so nothing is noted."""
    with db.reading() as session:
        _line(session, drift_id)


def repair(*, drift_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> Repaired:
    """Take Stripe's word under the lock. "differs": it was taken, and something still does not agree; "refused": Stripe
    or our own rules say a person has to look.

    Raises NotFound, Conflict for one that is settled, Rejected for one that needs a person.
    """
    with db.transaction() as session:
        found = _line(session, drift_id)
        if found.settled_at is not None:
            raise Conflict("drift_settled", words("This is settled already."))
        kind = rules.FIELDS.get(found.field)
        if kind is None or not kind.mends:
            raise Rejected("drift_needs_person", words("This needs a person. Nothing was changed."))
        # Noted before Stripe is asked: whoever tried is in the trail, whatever comes of it.
        whose = queries.patient_of(session, found.membership_id)
        audit.record(session, actor, "drift.repair", "drift", drift_id, patient_id=whose)
    try:
        return _take(found, gateway, catalog, actor, now)
    except TryAgain:
        return "away"
    except (Bug, sync.Unclaimed) as error:
        log.warning("a difference could not be repaired", drift=str(drift_id), error=str(error))
        return "refused"


def repair_all(*, field: str, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> dict[Repaired, int]:
    """Take Stripe's word for the oldest fifty of a kind. Returns how each ended. Raises Rejected."""
    kind = rules.FIELDS.get(field)
    if kind is None or not kind.mends:
        raise Rejected("drift_needs_person", words("This needs a person. Nothing was changed."))
    with db.reading() as session:
        ids = queries.oldest_open(session, field, AT_ONCE)
    outcomes: dict[Repaired, int] = {"repaired": 0, "differs": 0, "away": 0, "refused": 0}
    in_a_row = 0
    for drift_id in ids:
        try:
            outcome = repair(drift_id=drift_id, gateway=gateway, catalog=catalog, actor=actor, now=now)
        except (Conflict, NotFound):
            continue  # the one before settled it too, or a colleague was quicker
        outcomes[outcome] += 1
        in_a_row = in_a_row + 1 if outcome == "away" else 0
        if in_a_row >= ENOUGH:
            break
    return outcomes


def dismiss(*, drift_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Let one be. It comes back only with other words. Raises NotFound, Rejected, Conflict."""
    if reason not in rules.DISMISSALS:
        raise Rejected("reason_missing", words("Choose why."))
    with db.transaction() as session:
        row = drift.locked_drift(session, drift_id)
        if row is None:
            raise _no_such()
        if row.settled_at is not None:
            raise Conflict("drift_settled", words("This is settled already."))
        row.settled_at, row.settled_by, row.how, row.reason = now, actor.user_id, "dismissed", reason
        whose = queries.patient_of(session, row.membership_id)
        audit.record(session, actor, "drift.dismiss", "drift", drift_id, patient_id=whose, reason=reason)


def _take(found: Line, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> Repaired:
    of_charge = found.object_id.startswith("in_")
    # Which subscription a charge belongs to never changes: it may be asked before anything is locked.
    subscription_id = gateway.get_invoice(found.object_id).subscription_id if of_charge else found.object_id
    if subscription_id is None:
        return "refused"
    with db.transaction() as session:
        writes.lock_object(session, subscription_id)
        facts = gateway.get_subscription(subscription_id)
        charge = gateway.get_invoice(found.object_id) if of_charge else None
        sync.apply(session, facts, invoices=(charge,) if charge else (), catalog=catalog, now=now)
        ours = watching.of_subscriptions(session, [subscription_id]).get(subscription_id)
        still: list[Difference] = compared(ours, facts) if ours is not None else []
        drift.settle_agreeing(
            session, [subscription_id], still=still, fields=MENDED, now=now, how="repaired", by=actor.user_id
        )
        if charge is not None:
            differing = charge_differences(charge, watching.charges_of(session, [charge.id]).get(charge.id), ours)
            still += differing
            drift.settle_agreeing(
                session,
                [charge.id],
                still=differing,
                fields=("charge", "paid"),
                now=now,
                how="repaired",
                by=actor.user_id,
            )
    return (
        "differs" if any(one.object_id == found.object_id and one.field == found.field for one in still) else "repaired"
    )


def _line(session: Session, drift_id: UUID) -> Line:
    found = queries.line(session, drift_id)
    if found is None:
        raise _no_such()
    return found


def _no_such() -> NotFound:
    return NotFound("no_drift", words("There is no such difference."))
