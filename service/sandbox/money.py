"""What the demo's lists about money have to show: something given back or asked for, a dispute, a strange message."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from sqlalchemy import select

from service.billing.models import Invoice
from service.billing.queries.desk import find
from service.kit import db
from service.sandbox.standin import Standin
from service.sandbox.walker import Page, Walker, WalkError


def give_back(colleague: Walker, email: str, dollars: str) -> None:
    """A part of the newest charge of somebody, as staff give it back: found by address, how much and why, and sure."""
    colleague.get("/staff/memberships")
    page = colleague.fill({"wanted": email}, "wanted")
    colleague.get(page.link("Give money back"))
    colleague.fill({"how": "part", "amount": dollars, "reason": "goodwill"}, "reason")
    colleague.fill({}, "cents").must("Charges")


def dispute(standin: Standin, email: str) -> None:
    """A cardholder tells their bank that their first charge was wrong."""
    with db.reading() as session:
        paid = select(Invoice.stripe_invoice_id).where(
            Invoice.membership_id == find(session, email), Invoice.amount_paid_cents > 0
        )
        standin.dispute(session.scalars(paid.order_by(Invoice.issued_at).limit(1)).one())


def say_yes(walker: Walker, page: Page) -> None:
    """Where the card's bank asks its owner, they say yes."""
    for form in page.forms:
        if "approve" in form.choices.get("outcome", []):
            walker.send(form, {"outcome": "approve"})
            return


def send_strange_message(walker: Walker, secret: str, created: int) -> None:
    """A genuine message about another account, as an endpoint hears it that was set up twice."""
    event = {
        "id": "evt_of_another_account",
        "object": "event",
        "account": "acct_another",
        "api_version": "2026-10-28.endive",
        "created": created,
        "data": {"object": {"id": "sub_of_another_account", "object": "subscription"}},
        "livemode": False,
        "type": "customer.subscription.updated",
    }
    body, at = json.dumps(event).encode(), int(time.time())
    proof = hmac.new(secret.split(",")[0].strip().encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={proof}", "Content-Type": "application/json"}
    status = walker.post_raw("/webhooks/stripe", body, headers)
    if status != 200:
        raise WalkError(f"a strange message was answered {status}")
