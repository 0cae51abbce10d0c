"""Against silence: a message that never came, a comparison that should find nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service.billing import queries, rules, writes
from service.billing.actions import intake, sync
from service.billing.gateway import Bug, Gateway
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.errors import TryAgain
from service.safety import rules as safety_rules
from service.safety import writes as calls

log = structlog.get_logger(__name__)
LOOK_BACK = timedelta(days=3)  # as long as Stripe itself tries to deliver
BATCH = 50  # at the pace of an hour each is seen again and again; one run stays far below a task's time
ENOUGH = 3  # times in a row that Stripe did not answer: then it is away, and waiting for each takes too long


@dataclass(frozen=True, slots=True)
class Drift:
    """What the comparison found: messages that never came, and things that stood otherwise at Stripe."""

    missed: int
    corrected: int
    failed: int


def reconcile(*, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime, batch: int = BATCH) -> Drift:
    """Fetch the messages we missed, then compare those subscriptions that were compared longest ago, and open pages.

    Whatever fails, the rest goes on.
    """
    missed, failed = _fetch(gateway, now, wall_now)
    with db.reading() as session:
        subscriptions, pages = queries.live_subscriptions(session, batch), queries.open_pages(session, batch)
    corrected = in_a_row = 0
    for stripe_id in [*pages, *subscriptions]:
        try:
            with db.transaction() as session:
                writes.mark_compared(session, stripe_id, now)  # first: one that always fails must not stay in front
            corrected += _compare(stripe_id, gateway, catalog, now)
            in_a_row = 0
        except (TryAgain, Bug, sync.Unclaimed) as error:
            failed += 1
            in_a_row = in_a_row + 1 if isinstance(error, TryAgain) else 0
            log.error("a comparison with Stripe failed", object=stripe_id, error=str(error))
        except Exception:
            failed += 1
            log.exception("a comparison broke", object=stripe_id)
        if in_a_row >= ENOUGH:
            break
    _call_about_wishes(catalog, now)
    if missed or corrected or failed:
        log.warning("drift against Stripe", missed=missed, corrected=corrected, failed=failed)
    return Drift(missed, corrected, failed)


def _call_about_wishes(catalog: Catalog, now: datetime) -> None:
    """Somebody wished to end, Stripe was away, and they may not come back to try again: a person sees to it."""
    definition = safety_rules.definition(catalog, rules.WISH_ALERT)
    with db.transaction() as session:
        for patient_id, wish_id in queries.unheard_wishes(session, now - rules.WISH_WAITS):
            calls.raise_alert(
                session,
                code=rules.WISH_ALERT,
                source_kind="payment",
                source_id=wish_id,
                patient_id=patient_id,
                now=now,
                definition=definition,
            )


def _fetch(gateway: Gateway, now: datetime, wall_now: datetime) -> tuple[int, int]:
    """How many messages had never come, and how many times asking or keeping failed."""
    missed = failed = 0
    after: str | None = None
    while True:
        try:
            told, after = gateway.list_events(now - LOOK_BACK, after)
        except (TryAgain, Bug) as error:
            log.error("Stripe did not say what it told us", error=str(error))
            return missed, failed + 1
        for notice, body in told:
            try:
                missed += intake.receive(notice=notice, body=body, wall_now=wall_now)
            except Exception:
                failed += 1
                log.exception("a message that never came could not be kept", event=notice.event_id)
        if after is None:
            return missed, failed


def _compare(stripe_id: str, gateway: Gateway, catalog: Catalog, now: datetime) -> bool:
    page = gateway.get_checkout(stripe_id) if stripe_id.startswith("cs_") else None
    subscription_id = page.subscription_id if page is not None else stripe_id
    with db.transaction() as session:
        changed = False
        if subscription_id is not None:
            found = sync.subscription_now(
                session, subscription_id, gateway=gateway, catalog=catalog, now=now, every_invoice=True
            )
            changed = found is not None and found.changed
        if page is not None and page.status != "open":
            sync.page_now(session, page)
            changed = True
        return changed
