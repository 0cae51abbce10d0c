"""Where Stripe knocks. Checked on the raw bytes, kept, answered; everything else happens later."""

from __future__ import annotations

from collections import Counter

import structlog
from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.billing import actions
from service.billing.gateway import Gateway, NotGenuine
from service.kit import access
from service.kit.clock import now, wall_now

log = structlog.get_logger(__name__)
turned_away: Counter[str] = Counter()  # by why, since this process began
bp = Blueprint("billing_webhooks", __name__)
OF_THE_BUSINESS = ("failed_payments",)
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@bp.post("/webhooks/stripe")
@access.machine
def stripe() -> ResponseReturnValue:
    """200 once the message is safe, new or not, ours to act upon or not; 400 for one that is not Stripe's, of which
    nothing is kept; 503 when Stripe should come again.

    More than 256 KB is refused by the application itself (413), whatever length was announced.
    """
    gateway: Gateway = current_app.config["GATEWAY"]
    raw = request.get_data(cache=False)
    if request.content_length is None and len(raw) >= (request.max_content_length or 0):
        abort(413)  # no length was announced, and what was read ends at the limit
    try:
        notice = gateway.verify_webhook(raw, request.headers.get("Stripe-Signature"))
    except NotGenuine as error:
        reason = str(error)
        turned_away[reason] += 1
        log.warning("a webhook was turned away", reason=reason, count=turned_away[reason], address=request.remote_addr)
        return "not accepted", 400, PLAIN
    try:
        actions.receive(notice=notice, body=raw.decode(), wall_now=wall_now())
    except (DBAPIError, PoolTimeout) as error:
        log.error("a webhook could not be kept", kind=notice.kind, error=type(error).__name__)
        return "come again", 503, PLAIN
    return "kept", 200, PLAIN


@bp.get("/health/billing")
@access.machine
def health() -> ResponseReturnValue:
    """Whether messages are handled and nights compared, or 503; how far behind, for a monitor. It names no one, and
    says nothing about what the practice earns.
    """
    found = actions.billing_pace(now=now(), wall_now=wall_now())
    numbers = {name: value for name, value in found.numbers().items() if name not in OF_THE_BUSINESS}
    return {"well": found.well, **numbers, "turned_away": dict(turned_away)}, 200 if found.well else 503
