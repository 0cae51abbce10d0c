"""A pay page that was opened on a yes is closed when the answer becomes no: a hold, a move, a license that ran out."""

from __future__ import annotations

from datetime import datetime

import structlog

from service.billing import queries, rules
from service.billing.actions import sync
from service.billing.gateway import Bug, Gateway
from service.billing.queries import OpenAttempt
from service.catalog.rules.whole import Catalog
from service.enrollment.rules.gate import may
from service.kit import db
from service.kit.errors import TryAgain

log = structlog.get_logger(__name__)


def close_refused_pages(*, gateway: Gateway, catalog: Catalog, now: datetime) -> int:
    """Ask the gate again for every open pay page, and close those it refuses. Returns how many were closed.

    Somebody who paid a moment before is not undone here: their payment calls a person (`sync`).
    """
    with db.reading() as session:
        pages = tuple(queries.open_attempts(session))
    closed = 0
    for page in pages:
        try:
            closed += _close_if_refused(page, gateway, catalog, now)
        except (TryAgain, Bug) as error:
            log.warning("a refused pay page could not be closed yet", checkout=str(page.checkout_id), error=str(error))
        except Exception:  # one that cannot be read leaves nobody else's page open
            log.exception("a pay page could not be asked about", checkout=str(page.checkout_id))
    return closed


def _close_if_refused(page: OpenAttempt, gateway: Gateway, catalog: Catalog, now: datetime) -> bool:
    with db.reading() as session:
        if may("charge", queries.charge_facts(session, page.enrollment_id, catalog, now), now).yes:
            return False
    found = gateway.expire_checkout(page.stripe_session_id, key=rules.expire_key(page.checkout_id))
    with db.transaction() as session:
        sync.page_now(session, found)
    log.info("a pay page was closed: the gate says no", checkout=str(page.checkout_id), status=found.status)
    return found.status == "expired"
