"""What Stripe tells ahead of time: a renewal to come, a trial about to end.

`invoice.upcoming` comes some days before each renewal, as the account is set
(docs.stripe.com/billing/subscriptions/webhooks); `customer.subscription.trial_will_end` three days before, or at once
when less is left (docs.stripe.com/billing/subscriptions/trials).
"""

from __future__ import annotations

from service.sandbox.stripe.agenda import LIVE
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

DAY = 24 * 3600
TRIAL_ENDS_IN = 3 * DAY


def plan(world: World, subscription: Json) -> None:
    """Note what is to be told in the subscription's period, each thing once."""
    start, end = period(subscription)
    if subscription["status"] not in LIVE:
        return
    ahead = {"upcoming": world.options.upcoming_days * DAY}
    if subscription["status"] == "trialing":
        ahead["trial_will_end"] = TRIAL_ENDS_IN
    told = world.private(subscription["id"]).get("announced", {})
    for what, before in ahead.items():
        if before and told.get(what) != end:
            at = max(end - before, start, world.now())
            note = {"id": f"{subscription['id']}#{what}", "object": "announcement", "at": at, "ends": end}
            note |= {"tells": what, "test_clock": subscription["test_clock"]}
            world.store.put("announcement", note)
