"""What another plan would cost, and whether that is still so. Only looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.accounts import queries as accounts
from service.billing import queries
from service.billing.actions.changes.common import check, refuse
from service.billing.gateway import Gateway, LineFacts, Preview
from service.billing.rules import changes
from service.billing.rules.charges import Coming, coming_cents, day_of, is_given
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.kit import db


@dataclass(frozen=True, slots=True)
class PlanReview:
    """What a change would come to. `preview` only where it is charged now, as of `at`; `next_cents` is the charge at
    `charge_at`, after a discount or credit that still counts then.

    `old_plan` and `old_cents` are what it was compared with: where they are no longer so, it counts no more.
    """

    membership_id: UUID
    step: changes.PlanStep
    plan: Plan
    old_plan: str
    old_cents: int
    at: datetime
    charge_at: datetime
    next_cents: int
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
    plan = for_sale(card, it, plan_key, catalog, now)
    at = max(now, it.period_starts_at).replace(microsecond=0)  # Stripe's clock may be a little ahead of ours
    step = changes.plan_step(it, plan.key, plan.price_cents)
    review = PlanReview(
        membership_id=card.id,
        step=step,
        plan=plan,
        old_plan=card.plan,
        old_cents=card.price_cents,
        at=at,
        charge_at=it.charge_at,
        next_cents=_next_cents(card, plan, it.charge_at),
        asks_consent=step != "undo" and changes.asks_consent(it, plan.price_cents),
    )
    if step != "now":
        return review
    preview = _preview(gateway, subscription[1], plan, at)
    return replace(review, preview=preview, next_cents=_next_cents(card, plan, it.charge_at, preview))


def _next_cents(card: queries.MembershipCard, plan: Plan, charge_at: datetime, now: Preview | None = None) -> int:
    """What the next charge comes to: credit used up `now` is gone by then, and so is a code that counts once."""
    off = 0 if now is None else max(0, sum(one.amount_cents for one in now.lines) - now.amount_due_cents)
    used = min(off, card.credit_cents)
    after = replace(
        card,
        price_cents=plan.price_cents,
        next_price_cents=None,
        credit_cents=card.credit_cents - used + (now.credit_cents if now else 0),
    )
    if off > used and card.discount_ends_at is None:
        after = replace(after, discount_percent=None, discount_cents=None)
    return coming_cents(after, charge_at)


def for_sale(of: Coming, it: changes.Running, plan_key: str, catalog: Catalog, now: datetime) -> Plan:
    """The plan as it is sold today to the member `of`, in the rules' eyes `it`; theirs costs what they agreed to.

    Raises Conflict for one that is not sold, and for a dearer one while months are given.
    """
    plan = catalog.on(day_of(now, it.time_zone)).plans.get(plan_key)
    if plan is None or not (plan.open or plan.key == it.plan):
        refuse("no_such_choice")
    check(changes.may_cost(it, plan.price_cents, given=is_given(of, now)))
    return plan


def _preview(gateway: Gateway, subscription_id: str, plan: Plan, at: datetime) -> Preview:
    return gateway.preview_change(
        subscription_id,
        item_id=gateway.get_subscription(subscription_id).item_id,
        price_key=plan.stripe_lookup_key,
        price_cents=plan.price_cents,
        at=at,
    )


def still_true(patient_id: UUID, shown: PlanReview, gateway: Gateway, catalog: Catalog, now: datetime) -> None:
    """Ask Stripe once more, as of the same moment: a credit or a code that came since would change the amount."""
    with db.reading() as session:
        known = queries.subscription_of(session, patient_id)
        card = queries.membership_of(session, patient_id)
        zone = accounts.patient(session, patient_id).time_zone
        past = queries.history(session, card.id, now) if card is not None else queries.History()
    if known is None or card is None or known[0] != shown.membership_id or shown.preview is None:
        refuse("changed")
    if not changes.still_counts(shown.at, card.period_starts_at or now, catalog.billing.changes, now):
        refuse("changed")
    sold = catalog.on(day_of(now, zone)).plans.get(shown.plan.key)
    if sold is None or sold.price_cents != shown.plan.price_cents:
        refuse("changed")
    if card.plan == shown.plan.key:
        refuse("same_plan")
    if past.waiting == "change_plan":
        return  # pressed again while the first call is under way: that call decides
    fresh = _preview(gateway, known[1], shown.plan, shown.at)
    if (fresh.amount_due_cents, fresh.credit_cents) != (shown.preview.amount_due_cents, shown.preview.credit_cents):
        refuse("changed")
