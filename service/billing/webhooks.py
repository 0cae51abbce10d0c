"""Where Stripe knocks. Checked on the raw bytes, kept, answered; everything else happens later."""

from __future__ import annotations

import structlog
from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.billing import actions
from service.billing.gateway import Bug, Gateway, NotGenuine
from service.kit import access
from service.kit.clock import wall_now

log = structlog.get_logger(__name__)
bp = Blueprint("billing_webhooks", __name__)
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@bp.post("/webhooks/stripe")
@access.machine
def stripe() -> ResponseReturnValue:
    """200 once the message is safe, new or not; 400 for one that is not Stripe's; 503 when Stripe should come again.

    More than 256 KB is refused by the application itself, before anything is read.
    """
    gateway: Gateway = current_app.config["GATEWAY"]
    raw = request.get_data(cache=False)
    try:
        notice = gateway.verify_webhook(raw, request.headers.get("Stripe-Signature"))
    except (NotGenuine, Bug) as error:
        log.warning("a webhook was turned away", reason=str(error), address=request.remote_addr)
        return "not accepted", 400, PLAIN
    try:
        actions.receive(notice=notice, body=raw.decode(), wall_now=wall_now())
    except (DBAPIError, PoolTimeout) as error:
        log.error("a webhook could not be kept", kind=notice.kind, error=type(error).__name__)
        return "come again", 503, PLAIN
    return "kept", 200, PLAIN
