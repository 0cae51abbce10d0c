"""One subscription, ours against Stripe's: what differs, looked at again under the lock before anybody is told."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from service.billing import writes
from service.billing.gateway import Bug, Gateway, SubscriptionFacts
from service.billing.queries import watching
from service.billing.queries.watching import Ours
from service.billing.rules import LIVE
from service.billing.rules.drift import Difference, differences
from service.kit import db

GONE = "resource_missing"  # Stripe's word for an id it does not have


def words_of(facts: SubscriptionFacts) -> Mapping[str, object]:
    """What Stripe says, by the field's name."""
    return {
        "status": facts.status,
        "stopped_for": facts.stopped_for,
        "period": facts.period_ends_at,
        "ending": facts.cancels_at_period_end,
        "skipped": facts.collection_resumes_at,
        "price": facts.price_cents,
    }


def compared(ours: Ours, facts: SubscriptionFacts) -> list[Difference]:
    """Where a membership of ours and its own subscription differ."""
    if ours.status not in LIVE and facts.status == ours.status:
        return []
    words = ours.words(facts.price_cents)
    if facts.status != ours.status:
        words = {"status": words["status"]}  # what hangs on it differs as well, and says nothing more
    return [Difference(facts.id, *one, ours.id) for one in differences(words, words_of(facts))]


def unknown(facts: SubscriptionFacts, membership: Ours | None) -> list[Difference]:
    """What a subscription is that none of ours names. `membership`: the one it says it is for, where there is one."""
    if facts.status not in LIVE:
        return []  # an attempt that came to nothing, or one that ended: nothing is charged
    if membership is None:
        return [Difference(facts.id, "subscription", None, facts.status)]
    if membership.subscription_id is None and membership.status != "ended":
        return [Difference(facts.id, "status", membership.status, facts.status, membership.id)]
    return [Difference(facts.id, "second", membership.subscription_id, facts.status, membership.id)]


def look(subscription_id: str, *, gateway: Gateway) -> list[Difference]:
    """Lock, ask, compare. Raises TryAgain and Bug."""
    with db.transaction() as session:
        writes.lock_object(session, subscription_id)
        ours = watching.of_subscriptions(session, [subscription_id]).get(subscription_id)
        try:
            facts = gateway.get_subscription(subscription_id)
        except Bug as error:
            if ours is None or ours.status not in LIVE:
                return []
            field = "missing" if GONE in str(error) else "unread"
            return [Difference(subscription_id, field, ours.status, None, ours.id)]
        if ours is not None:
            return compared(ours, facts)
        named: dict[UUID, Ours] = (
            watching.of_memberships(session, [facts.membership_id]) if facts.membership_id is not None else {}
        )
        return unknown(facts, named.get(facts.membership_id) if facts.membership_id else None)
