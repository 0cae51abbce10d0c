"""Between two askings of the gate a hold lands, somebody moves, takes a consent back, or care is over. Then what Stripe
would charge by itself is stopped: the draft, the retry, the renewal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from service.billing import queries, rules, writes
from service.billing.actions.halting import call_billing, end, halt
from service.billing.actions.stops.performing import perform_all
from service.billing.actions.trouble import call_about_refusals
from service.billing.gateway import Gateway
from service.billing.models import Membership
from service.billing.queries import stopping
from service.billing.queries.stopping import Refused
from service.billing.rules.stopping import ENDS_AFTER, FINAL, Standing, Why, ends_by_itself_at, needed
from service.catalog.rules.refunds import EndRule, end_rule
from service.catalog.rules.whole import Catalog
from service.enrollment import writes as enrollment
from service.enrollment.rules.gate import Facts, may
from service.kit import db
from service.kit.actor import SYSTEM

log = structlog.get_logger(__name__)
BATCH = 200
ENDS: dict[Why, str] = {"closed": "account_closed", "care_over": "care_ended"}


def stop_refused(*, gateway: Gateway, catalog: Catalog, now: datetime, limit: int = BATCH) -> int:
    """Stop every charge that Stripe may make within a day although the gate says no. Returns how many memberships.

    Each in its own transaction; one that cannot be stopped yet never keeps another waiting. Two workers at once stop
    each once: what is kept first is what both find.
    """
    with db.reading() as session:
        near = stopping.refused_near(session, now, limit, needed(catalog))
        tries = stopping.tries_to_ask(session, now, limit)
    stopped = _each(near, lambda one: _stop(one, catalog, now), gateway, catalog, now)
    return stopped + _each(tries, lambda one: _ask(one, catalog, now), gateway, catalog, now)


def end_overdue(*, gateway: Gateway, catalog: Catalog, now: datetime, limit: int = BATCH) -> int:
    """End the memberships of whom care or the account is over, and those nobody decided about in the policy's days;
    and the enrollments of those who left and did not come back. Returns how many memberships ended.
    """
    with db.reading() as session:
        found = stopping.over_and_live(session, now, limit, needed(catalog), waited_since=_waited_since(catalog, now))
        lapsed = end_rule(catalog.ends, "lapsed", now.date())
        left = stopping.lapsed_before(session, now - lapsed.waits, limit) if lapsed and lapsed.waits else []
    for enrollment_id in left:
        _let_go(enrollment_id, now)
    ended = _each(found, lambda one: _end_overdue(one, catalog, now), gateway, catalog, now)
    call_about_refusals(catalog=catalog, now=now)  # last: whatever becomes of a call, what had to end has ended
    return ended


def _each(
    found: Iterable[Refused],
    meaning: Callable[[Refused], list[UUID]],
    gateway: Gateway,
    catalog: Catalog,
    now: datetime,
) -> int:
    done = in_a_row = 0
    for one in found:
        try:
            meant = meaning(one)
            if in_a_row < rules.ENOUGH:  # else Stripe is away: it is kept all the same, and asked of it by the tick
                in_a_row = 0 if perform_all(meant, gateway=gateway, catalog=catalog, now=now) else in_a_row + 1
            done += bool(meant)
        except Exception:  # a row that cannot be read leaves nobody else's charge unstopped
            log.exception("a charge could not be stopped", membership=str(one.membership_id))
    return done


def _locked(session: Session, one: Refused) -> Membership | None:
    """The membership, locked after its enrollment, while it lives."""
    enrollment.locked(session, one.enrollment_id)
    row = writes.locked_membership(session, one.membership_id)
    return row if row is not None and row.status in rules.LIVE and row.stripe_subscription_id else None


def _stop(one: Refused, catalog: Catalog, now: datetime) -> list[UUID]:
    with db.transaction() as session:
        row = _locked(session, one)
        if row is None:
            return []
        reasons = stopping.standing_of(session, row.id, needed(catalog)).reasons(now)
        if not reasons or may("charge", queries.charge_facts(session, row.enrollment_id, catalog, now), now).yes:
            return []  # it was lifted, or signed again, a moment ago
        final = _ended_for(reasons, catalog, now)
        if final is not None:
            return end(session, row, final, delivered="this_month", stopped_at=now, actor=SYSTEM, now=now)
        return _halt(session, row, f"near:{row.id}", catalog, now)


def _ask(one: Refused, catalog: Catalog, now: datetime) -> list[UUID]:
    """Before Stripe tries a charge again: the whole gate, and its answer kept."""
    assert isinstance(one, stopping.Try)
    with db.transaction() as session:
        row = _locked(session, one)
        if row is None:
            return []
        return _halt(session, row, one.period, catalog, now)


def _halt(session: Session, row: Membership, period: str, catalog: Catalog, now: datetime) -> list[UUID]:
    """Ask, keep the answer, and stop on a no."""
    answer, record_id = writes.ask_gate(
        session,
        patient_id=row.patient_id,
        enrollment_id=row.enrollment_id,
        period=period,
        charge_at=now,
        catalog=catalog,
        now=now,
    )
    if answer.yes:
        return []
    # Why stands in the answer's row: beside a membership in a log it would tell of somebody's health.
    log.error("the gate refuses a charge that is near", membership=str(row.id), answer=str(record_id))
    call_billing(session, row, catalog, now)
    return halt(session, row, now=now)


def _end_overdue(one: Refused, catalog: Catalog, now: datetime) -> list[UUID]:
    with db.transaction() as session:
        row = _locked(session, one)
        if row is None:
            return []
        standing = stopping.standing_of(session, row.id, needed(catalog))
        final = _ended_for(standing.reasons(now), catalog, now)
        if final is not None:
            stopped_at = standing.closed_at or standing.care_over_at or now
            return end(session, row, final, delivered="this_month", stopped_at=stopped_at, actor=SYSTEM, now=now)
        facts = queries.charge_facts(session, row.enrollment_id, catalog, now)
        waited = _waited_for(standing, facts, catalog, now)
        if waited is None or may("charge", facts, now).yes:
            return []
        rule, since = waited
        call_billing(session, row, catalog, now)
        return end(session, row, rule, delivered="this_month", stopped_at=since, actor=SYSTEM, now=now)


def _let_go(enrollment_id: UUID, now: datetime) -> None:
    try:
        with db.transaction() as session:
            care = enrollment.locked(session, enrollment_id)
            if care.status == "consented" and writes.live_membership(session, care.patient_id) is None:
                enrollment.move(session, care, "withdraw", SYSTEM, now)
    except Exception:
        log.exception("an enrollment nobody came back to could not end", enrollment=str(enrollment_id))


def _ended_for(reasons: tuple[Why, ...], catalog: Catalog, now: datetime) -> EndRule | None:
    """The rule of what is over for good, if anything is."""
    why = next((why for why in reasons if why in FINAL), None)
    return None if why is None else end_rule(catalog.ends, ENDS[why], now.date())


def _waited_since(catalog: Catalog, now: datetime) -> datetime | None:
    """Before when nobody decided may have been long enough: the shortest wait of the policy."""
    rules_of = (end_rule(catalog.ends, reason, now.date()) for reason in ENDS_AFTER.values())
    return max((now - rule.waits for rule in rules_of if rule is not None and rule.waits is not None), default=None)


def _waited_for(standing: Standing, facts: Facts, catalog: Catalog, now: datetime) -> tuple[EndRule, datetime] | None:
    """The rule by which it ends since nobody decided, and since when it could not be used."""
    unsigned = standing.withdrawn_at if facts.consents_current is not True else None  # it may be needed no longer
    for why, since in (("moved", standing.moved_at), ("withdrawn", unsigned)):
        rule = end_rule(catalog.ends, ENDS_AFTER[why], now.date())
        if since is None or rule is None:
            continue
        ends_at = ends_by_itself_at(since, rule.waits)
        if ends_at is not None and ends_at <= now:
            return rule, since
    return None
