"""Another plan: what it costs exactly, then exactly that; or from the next charge on; and taking that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import queries, writes
from service.billing.actions import intents
from service.billing.actions.changes.common import GateSaysNo, Mine, check, gate_refuses, mine, note, refuse
from service.billing.actions.changes.notices import overtake, revive
from service.billing.gateway import Gateway, LineFacts, Preview
from service.billing.rules import changes
from service.billing.rules.charges import day_of
from service.billing.rules.prices import price_key
from service.billing.rules.terms import Terms
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor


@dataclass(frozen=True, slots=True)
class PlanReview:
    """What a change would come to. `preview` only where it is charged now, as of `at`.

    `old_plan` and `old_cents` are what it was compared with: where they are no longer so, it counts no more.
    """

    membership_id: UUID
    step: changes.PlanStep
    plan: Plan
    old_plan: str
    old_cents: int
    at: datetime
    charge_at: datetime
    asks_consent: bool
    preview: Preview | None = None

    @property
    def lines(self) -> tuple[LineFacts, ...]:
        """The lines of what is charged now."""
        return self.preview.lines if self.preview else ()


def review_plan(*, patient_id: UUID, plan_key: str, gateway: Gateway, catalog: Catalog, now: datetime) -> PlanReview:
    """What changing to this plan would cost, asked of Stripe to the cent where it is charged now. Changes nothing.

    Raises Conflict with a code of `rules.changes.WHY`, and the gateway's TryAgain and Bug.
    """
    with db.reading() as session:
        card = queries.membership_of(session, patient_id)
        if card is None:
            refuse("no_membership")
        zone = accounts.patient(session, patient_id).time_zone
        it = queries.running(card, queries.history(session, card.id, now), zone)
        subscription = queries.subscription_of(session, patient_id)
    if it is None or subscription is None:
        refuse("no_membership")
    check(changes.may_change_plan(it, plan_key, catalog.billing.changes, now))
    plan = _for_sale(it, plan_key, catalog, now)
    at = now.replace(microsecond=0)
    step = changes.plan_step(it, plan.key, plan.price_cents)
    review = PlanReview(
        membership_id=card.id,
        step=step,
        plan=plan,
        old_plan=card.plan,
        old_cents=card.price_cents,
        at=at,
        charge_at=it.charge_at,
        asks_consent=step != "undo" and changes.asks_consent(it, plan.price_cents),
    )
    if step != "now":
        return review
    return PlanReview(
        **{name: getattr(review, name) for name in review.__slots__ if name != "preview"},
        preview=_preview(gateway, subscription[1], plan, at),
    )


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
    _still_true(patient_id, shown, gateway, catalog, now)
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
            overtake(session, row, now)
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
        plan = _for_sale(it, plan_key, catalog, now)
        if changes.plan_step(it, plan.key, plan.price_cents) != "next":
            refuse("changed")
        if changes.asks_consent(it, plan.price_cents):
            if terms is None or terms.amount_cents != plan.price_cents:
                refuse("changed")
            _agree(session, found, terms, actor, now)
        note(session, actor, "change_plan_later", row, f"{plan.key}:{plan.price_cents}")
        intent_id = _from_next_charge(session, found, plan.key, plan.price_cents, plan.stripe_lookup_key, actor, now)
        overtake(session, row, now)
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
        revive(session, row, now)
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def _for_sale(it: changes.Running, plan_key: str, catalog: Catalog, now: datetime) -> Plan:
    """The plan as it is sold today; the one a member has costs what they agreed to."""
    plan = catalog.on(day_of(now, it.time_zone)).plans.get(plan_key)
    if plan is None or not (plan.open or plan.key == it.plan):
        refuse("no_such_choice")
    return plan


def _preview(gateway: Gateway, subscription_id: str, plan: Plan, at: datetime) -> Preview:
    return gateway.preview_change(
        subscription_id,
        item_id=gateway.get_subscription(subscription_id).item_id,
        price_key=plan.stripe_lookup_key,
        price_cents=plan.price_cents,
        at=at,
    )


def _still_true(patient_id: UUID, shown: PlanReview, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Ask Stripe once more, as of the same moment: a credit or a code that came since would change the amount."""
    if not shown.at <= now <= shown.at + catalog.billing.changes.review:
        refuse("changed")
    with db.reading() as session:
        known = queries.subscription_of(session, patient_id)
        card = queries.membership_of(session, patient_id)
    if known is None or card is None or known[0] != shown.membership_id or shown.preview is None:
        refuse("changed")
    if card.plan == shown.plan.key:
        refuse("same_plan")
    if queries.waiting(session, card.id) == "change_plan":
        return  # pressed again while the first call is under way: that call decides
    fresh = _preview(gateway, known[1], shown.plan, shown.at)
    if (fresh.amount_due_cents, fresh.credit_cents) != (shown.preview.amount_due_cents, shown.preview.credit_cents):
        refuse("changed")


def _fits(found: Mine, shown: PlanReview, catalog: Catalog, now: datetime) -> None:
    it, row = found.it, found.row
    waiting = row.next_plan == shown.plan.key and row.next_price_cents == shown.plan.price_cents
    if row.id != shown.membership_id or (row.plan, row.price_cents) != (shown.old_plan, shown.old_cents):
        refuse("same_plan" if row.plan == shown.plan.key else "changed")
    if waiting:
        return  # pressed twice: `intents.mean` gives the same intent back
    check(changes.may_change_plan(it, shown.plan.key, catalog.billing.changes, now))
    plan = _for_sale(it, shown.plan.key, catalog, now)
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
