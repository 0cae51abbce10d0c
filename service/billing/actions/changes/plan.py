"""Another plan: exactly what was shown, now; or from the next charge on; and taking that back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.billing import writes
from service.billing.actions import intents
from service.billing.actions.changes.common import GateSaysNo, Mine, check, gate_refuses, mine, note, refuse
from service.billing.actions.changes.notices import turn_to
from service.billing.actions.changes.plan_review import PlanReview, for_sale, still_true
from service.billing.gateway import Gateway
from service.billing.rules import changes
from service.billing.rules.prices import price_key
from service.billing.rules.terms import Terms
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor


def change_plan(
    *,
    patient_id: UUID,
    shown: PlanReview,
    terms: Terms,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> None:
    """Change now, and charge what `shown` says, to the cent, or nothing. Pressed twice it is one charge.

    `terms` is what was agreed to. Raises Conflict "changed" where the amount, the plan or the time no longer fit; other
    Conflicts as `review_plan`; GateSaysNo; Declined and NeedsAction (the old plan goes on, nothing was charged);
    TryAgain (nothing is charged twice) and Bug.
    """
    still_true(patient_id, shown, gateway, catalog, now)
    with db.transaction() as session:
        found = mine(session, patient_id, now, charging=True)
        row = found.row
        _fits(found, shown, catalog, now)
        if shown.step != "now" or shown.preview is None or terms.amount_cents != shown.plan.price_cents:
            refuse("changed")
        codes = gate_refuses(session, row, f"plan:{shown.at:%Y-%m-%dT%H:%M:%SZ}", catalog, now)
        if not codes:
            note(session, actor, "change_plan", row, f"{shown.plan.key}:{shown.plan.price_cents}")
            _agree(session, found, terms, actor, now)
            details = {
                "plan": shown.plan.key,
                "price_cents": shown.plan.price_cents,
                "price_key": shown.plan.stripe_lookup_key,
                "at": shown.at.isoformat(),
                "due_cents": shown.preview.amount_due_cents,
                "next_plan": None,
                "next_price_cents": None,
            }
            intent_id = intents.mean(session, row, "change_plan", details=details, actor=actor, now=now).id
            turn_to(session, row, shown.plan.key, shown.plan.price_cents, catalog, now)
            # Agreed to from now on: whoever looks at Stripe before this is settled finds nothing strange there.
            row.next_plan, row.next_price_cents = shown.plan.key, shown.plan.price_cents
    if codes:
        raise GateSaysNo(codes)
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def change_plan_later(
    *,
    patient_id: UUID,
    plan_key: str,
    terms: Terms | None,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> None:
    """Another plan from the next charge on. `terms` where it costs more than what was agreed to.

    Raises as `change_plan` does; nothing is charged now.
    """
    with db.transaction() as session:
        found = mine(session, patient_id, now)
        it, row = found.it, found.row
        check(changes.may_change_plan(it, plan_key, catalog.billing.changes, now))
        plan = for_sale(row, it, plan_key, catalog, now)
        if changes.plan_step(it, plan.key, plan.price_cents) != "next":
            refuse("changed")
        if changes.asks_consent(it, plan.price_cents):
            if terms is None or terms.amount_cents != plan.price_cents:
                refuse("changed")
            _agree(session, found, terms, actor, now)
        note(session, actor, "change_plan_later", row, f"{plan.key}:{plan.price_cents}")
        intent_id = _from_next_charge(session, found, plan.key, plan.price_cents, plan.stripe_lookup_key, actor, now)
        turn_to(session, row, plan.key, plan.price_cents, catalog, now)
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def keep_plan(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Take back a plan that was to begin with the next charge. Raises as `change_plan_later` does."""
    with db.transaction() as session:
        found = mine(session, patient_id, now)
        it, row = found.it, found.row
        if it.next_plan is None or it.next_plan == it.plan:
            refuse("nothing_to_undo")
        check(changes.may_change_plan(it, it.plan, catalog.billing.changes, now))
        key = price_key(catalog, it.plan, it.price_cents)
        if key is None:
            refuse("no_such_choice")
        note(session, actor, "keep_plan", row)
        intent_id = _from_next_charge(session, found, it.plan, it.price_cents, key, actor, now)
        turn_to(session, row, it.plan, it.price_cents, catalog, now)
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def _fits(found: Mine, shown: PlanReview, catalog: Catalog, now: datetime) -> None:
    it, row = found.it, found.row
    waiting = row.next_plan == shown.plan.key and row.next_price_cents == shown.plan.price_cents
    if row.id != shown.membership_id or (row.plan, row.price_cents) != (shown.old_plan, shown.old_cents):
        refuse("same_plan" if row.plan == shown.plan.key else "changed")
    if waiting:
        return  # pressed twice: `intents.mean` gives the same intent back
    check(changes.may_change_plan(it, shown.plan.key, catalog.billing.changes, now))
    plan = for_sale(row, it, shown.plan.key, catalog, now)
    if plan.price_cents != shown.plan.price_cents or changes.plan_step(it, plan.key, plan.price_cents) != "now":
        refuse("changed")


def _agree(session: Session, found: Mine, terms: Terms, actor: Actor, now: datetime) -> None:
    writes.keep_agreement(
        session,
        patient_id=found.row.patient_id,
        membership_id=found.row.id,
        terms=terms,
        time_zone=found.zone,
        actor=actor,
        now=now,
    )


def _from_next_charge(
    session: Session, found: Mine, plan: str, price_cents: int, key: str, actor: Actor, now: datetime
) -> UUID:
    row = found.row
    details = {
        "plan": plan,
        "price_cents": price_cents,
        "price_key": key,
        "next_plan": row.next_plan,
        "next_price_cents": row.next_price_cents,
    }
    intent_id = intents.mean(session, row, "change_price", details=details, actor=actor, now=now).id
    row.next_plan, row.next_price_cents = plan, price_cents
    return intent_id
