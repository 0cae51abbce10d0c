"""Back from the pay page, before the message or after it: the same question to Stripe, the same answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from service.billing import queries
from service.billing.actions import sync
from service.billing.gateway import Bug, Gateway
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.errors import NotFound, TryAgain, words

log = structlog.get_logger(__name__)
Confirmed = Literal["paid", "waiting", "not_paid"]


def confirm_checkout(
    *, session_id: str, patient_id: UUID, gateway: Gateway, catalog: Catalog, now: datetime
) -> Confirmed:
    """Whether the payment on this page went through. "waiting" while nobody can say yet: then ask again.

    Raises NotFound for a page that is not this patient's.
    """
    with db.reading() as session:
        if queries.checkout_owner(session, session_id) != patient_id:
            raise NotFound("no_such_checkout", words("We could not find that payment."))
        known = queries.membership_of(session, patient_id)
    try:
        page = gateway.get_checkout(session_id)
        with db.transaction() as session:
            found = (
                sync.subscription_now(session, page.subscription_id, gateway=gateway, catalog=catalog, now=now)
                if page.subscription_id
                else None
            )
            sync.page_now(session, page)
            if found is not None and found.row.activated_at is not None:
                return "paid"
            return "not_paid" if page.subscription_id is None and page.status != "completed" else "waiting"
    except (TryAgain, Bug, OperationalError, sync.Unclaimed) as error:
        # The message will bring it in; a page must not fail because Stripe, or a lock, takes its time.
        log.warning("a payment could not be confirmed yet", session=session_id, error=type(error).__name__)
    return "paid" if known is not None and known.activated_at is not None else "waiting"
