"""What the demo's lists about money have to show: something given back, and a message that is not for us."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from service.sandbox.walker import Page, Walker, WalkError


def give_back(colleague: Walker, email: str, dollars: str) -> None:
    """A part of the newest charge of somebody, as staff give it back: found by address, how much and why, and sure."""
    colleague.get("/staff/memberships")
    page = colleague.fill({"wanted": email}, "wanted")
    colleague.get(page.link("Give money back"))
    colleague.fill({"how": "part", "amount": dollars, "reason": "goodwill"}, "reason")
    colleague.fill({}, "cents").must("Charges")


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
