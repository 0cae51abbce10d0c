"""Each hour: messages that never came, pages that are open, and a few memberships brought in line, in turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from service.billing import queries, rules, writes
from service.billing.actions import card_page, sync
from service.billing.actions.trouble import call_each
from service.billing.actions.watching.missed import fetch_missed
from service.billing.gateway import Bug, Gateway
from service.billing.queries import watching
from service.billing.queries.watching.drift import open_fields
from service.billing.rules.drift import FIELDS, Difference, differences
from service.billing.writes import drift
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.errors import TryAgain

log = structlog.get_logger(__name__)
BATCH = 50  # one run stays far below a task's time; the whole is compared each night
MENDED = tuple(name for name, kind in FIELDS.items() if kind.mends and name not in ("charge", "paid"))


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What an hour found: messages that never came, and things that stood otherwise at Stripe."""

    missed: int
    corrected: int
    failed: int


def reconcile(
    *, gateway: Gateway, catalog: Catalog, now: datetime, wall_now: datetime, batch: int = BATCH
) -> Reconciled:
    """Fetch the messages we missed, then bring in line what was compared longest ago, and open pages.

    Whatever fails, the rest goes on. What had to be corrected is kept where staff see it.
    """
    missed, failed = fetch_missed(gateway=gateway, now=now, wall_now=wall_now)
    with db.reading() as session:
        subscriptions, pages = queries.live_subscriptions(session, batch), queries.open_pages(session, batch)
    corrected = in_a_row = 0
    for stripe_id in [*pages, *subscriptions]:
        try:
            with db.transaction() as session:
                writes.mark_compared(session, stripe_id, now)  # first: one that always fails must not stay in front
            corrected += _bring_in_line(stripe_id, gateway, catalog, now)
            in_a_row = 0
        except (TryAgain, Bug, sync.Unclaimed) as error:
            failed += 1
            in_a_row = in_a_row + 1 if isinstance(error, TryAgain) else 0
            log.error("a comparison with Stripe failed", object=stripe_id, error=str(error))
        except Exception:
            failed += 1
            log.exception("a comparison broke", object=stripe_id)
        if in_a_row >= rules.ENOUGH:
            break
    _call_about_wishes(catalog, now)
    if missed or corrected or failed:
        log.warning("drift against Stripe", missed=missed, corrected=corrected, failed=failed)
    return Reconciled(missed, corrected, failed)


def _bring_in_line(stripe_id: str, gateway: Gateway, catalog: Catalog, now: datetime) -> bool:
    page = gateway.get_checkout(stripe_id) if stripe_id.startswith("cs_") else None
    subscription_id = page.subscription_id if page is not None else stripe_id
    with db.transaction() as session:
        changed = False
        if subscription_id is not None:
            changed = _subscription(session, subscription_id, gateway, catalog, now, noted=page is None)
        if page is not None and page.status != "open":
            card_page.hear_card(session, page, now=now)
            sync.page_now(session, page)
            changed = True
        return changed


def _subscription(
    session: Session, subscription_id: str, gateway: Gateway, catalog: Catalog, now: datetime, *, noted: bool
) -> bool:
    writes.lock_object(session, subscription_id)
    before = watching.of_subscriptions(session, [subscription_id]).get(subscription_id)
    found = sync.subscription_now(session, subscription_id, gateway=gateway, catalog=catalog, now=now)
    after = watching.of_subscriptions(session, [subscription_id]).get(subscription_id)
    if noted and before is not None and after is not None:
        wrong = differences(before.words(), {**before.words(), **after.words()})
        # What a night has found already is in the report, and settles there: told once more it would be two.
        reported = open_fields(session, subscription_id)
        told = [Difference(subscription_id, *one, after.id) for one in wrong if one[0] not in reported]
        drift.note_drift(session, told, run_id=None, now=now, corrected=True)
        drift.settle_agreeing(session, [subscription_id], fields=MENDED, now=now)
    return found is not None and found.changed


def _call_about_wishes(catalog: Catalog, now: datetime) -> None:
    """Somebody wished to end, Stripe was away, and they may not come back to try again: a person sees to it."""
    with db.reading() as session:
        unheard = queries.unheard_wishes(session, now - rules.WISH_WAITS)
    call_each(rules.WISH_ALERT, unheard, catalog, now)
