"""Against silence: a message that never came, a comparison that should find nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service.billing import queries
from service.billing.actions import events, sync
from service.billing.gateway import Bug, Gateway
from service.kit import db
from service.kit.errors import TryAgain

log = structlog.get_logger(__name__)
LOOK_BACK = timedelta(days=3)  # as long as Stripe itself tries to deliver


@dataclass(frozen=True, slots=True)
class Drift:
    """What the comparison found: messages that never came, and things that stood otherwise at Stripe."""

    missed: int
    corrected: int
    failed: int


def reconcile(*, gateway: Gateway, now: datetime, wall_now: datetime) -> Drift:
    """Fetch the messages we missed, then compare every live subscription and open page with Stripe's own."""
    missed = 0
    for notice, body in gateway.list_events(now - LOOK_BACK):
        missed += events.receive(notice=notice, body=body, wall_now=wall_now)
    with db.reading() as session:
        subscriptions, pages = queries.live_subscriptions(session), queries.open_pages(session)
    corrected = failed = 0
    for stripe_id in [*pages, *subscriptions]:
        try:
            corrected += _compare(stripe_id, gateway, now)
        except (TryAgain, Bug, sync.Unclaimed) as error:
            failed += 1
            log.error("a comparison with Stripe failed", object=stripe_id, error=str(error))
    if missed or corrected or failed:
        log.warning("drift against Stripe", missed=missed, corrected=corrected, failed=failed)
    return Drift(missed, corrected, failed)


def _compare(stripe_id: str, gateway: Gateway, now: datetime) -> bool:
    page = gateway.get_checkout(stripe_id) if stripe_id.startswith("cs_") else None
    subscription_id = page.subscription_id if page is not None else stripe_id
    with db.transaction() as session:
        changed = False
        if subscription_id is not None:
            found = sync.subscription_now(session, subscription_id, gateway=gateway, now=now)
            changed = found is not None and found.changed
        if page is not None and page.status != "open":
            sync.page_now(session, page)
            changed = True
        return changed
