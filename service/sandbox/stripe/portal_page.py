"""The portal's page: another card, and an end (docs.stripe.com/customer-management). No script, as on the other pages.

A new card becomes the customer's default and that of each subscription that goes on. The address is good for an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs

from service.sandbox.stripe import cards, renewals, standing
from service.sandbox.stripe.agenda import LIVE
from service.sandbox.stripe.objects.subscriptions import period
from service.sandbox.stripe.pages import Page, alert, back, choice, dollars, notice, page
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

ROOM = "/c/portal/"
GOOD_FOR = 3600
DECLINED = "The card was declined, and nothing was changed. Choose another card."


def ask(world: World, method: str, path: str, query: str, form: str) -> Page:
    """Answer /c/portal/<session id>, and its steps /card, /end and /keep."""
    identifier, _, step = path.removeprefix(ROOM).partition("/")
    with world.lock:
        renewals.run_until(world, world.now())
        visit = world.store.get("billing_portal.session", identifier)
        if visit is None or step not in ("", "card", "end", "keep"):
            return notice(404, "This page does not exist", "Check the link, or go back to where you came from.")
        if world.now() >= visit["created"] + GOOD_FOR:
            words = "The link was good for an hour. Open it again from the shop."
            return notice(410, "This link has expired", words, back(visit["return_url"], "Back to the shop"))
        if method == "GET":
            return _show(world, visit, query)
        sent = {name: values[0] for name, values in parse_qs(form).items()}
        problem = ACTS[step](world, visit, sent) if step else ""
        world.store.commit()
        return Page(303, location=f"{ROOM}{identifier}{problem}")


def _features(world: World, visit: Json) -> Json:
    features: Json = world.find("billing_portal.configuration", visit["configuration"])["features"]
    return features


def _change_card(world: World, visit: Json, sent: dict[str, str]) -> str:
    number = sent.get("card", "")
    allowed = _features(world, visit)["payment_method_update"]["enabled"]
    if not allowed or number not in {card[0] for card in cards.OFFERED}:
        return ""
    if number == cards.DECLINED:
        return "?problem=declined"
    card = cards.made(world, number, visit["customer"])
    customer = world.find("customer", visit["customer"])
    settings = {**customer["invoice_settings"], "default_payment_method": card["id"]}
    world.change(customer, "customer.updated", invoice_settings=settings)
    for subscription in _running(world, visit):
        world.change(subscription, standing.UPDATED, default_payment_method=card["id"])
    return ""


def _end(world: World, visit: Json, sent: dict[str, str]) -> str:
    feature = _features(world, visit)["subscription_cancel"]
    for subscription in _running(world, visit):
        if not feature["enabled"] or subscription["id"] != sent.get("subscription") or subscription["cancel_at"]:
            continue
        if feature["mode"] == "immediately":
            standing.cancel(world, subscription, reason="cancellation_requested")
        else:
            details = {**subscription["cancellation_details"], "reason": "cancellation_requested"}
            fields = {"cancel_at_period_end": True, "cancel_at": period(subscription)[1], "canceled_at": world.now()}
            world.change(subscription, standing.UPDATED, **fields, cancellation_details=details)
    return ""


def _keep(world: World, visit: Json, sent: dict[str, str]) -> str:
    for subscription in _running(world, visit):
        if subscription["id"] == sent.get("subscription") and subscription["cancel_at_period_end"]:
            details = {**subscription["cancellation_details"], "reason": None}
            fields = {"cancel_at_period_end": False, "cancel_at": None, "canceled_at": None}
            world.change(subscription, standing.UPDATED, **fields, cancellation_details=details)
    return ""


ACTS = {"card": _change_card, "end": _end, "keep": _keep}


def _running(world: World, visit: Json) -> list[Json]:
    every = world.of("subscription", customer=visit["customer"])
    return [one for one in every if one["status"] in (*LIVE, "paused")]


def _show(world: World, visit: Json, query: str) -> Page:
    features, here = _features(world, visit), f"{ROOM}{visit['id']}"
    problem = DECLINED if parse_qs(query).get("problem") == ["declined"] else ""
    body = alert(problem) + "<h1>Your subscription</h1>"
    running = _running(world, visit)
    for one in running:
        body += _one(world, one, here, may_end=features["subscription_cancel"]["enabled"])
    if not running:
        body += "<p>There is none at the moment.</p>"
    if features["payment_method_update"]["enabled"]:
        body += choice(f"{here}/card", saves=True)
    body += back(visit["return_url"], "Back to the shop")
    return page(200, f"{'Error: ' if problem else ''}Your subscription", body)


def _one(world: World, subscription: Json, here: str, *, may_end: bool) -> str:
    item = subscription["items"]["data"][0]
    name = world.find("product", item["price"]["product"])["name"]
    card = world.store.get("payment_method", subscription["default_payment_method"] or "")
    until = datetime.fromtimestamp(period(subscription)[1], UTC)
    ends = subscription["cancel_at_period_end"]
    words = f"{name}: {dollars(item['price']['unit_amount'])} per {item['price']['recurring']['interval']}. "
    words += f"{'Ends' if ends else 'Next period begins'} on {until:%d %B %Y}. "
    words += f"Paid with Visa ending {card['card']['last4']}." if card else "No card."
    step, label = ("keep", "Do not cancel") if ends else ("end", "Cancel the subscription")
    button = (
        f'<form method="post" action="{here}/{step}"><button class="card" name="subscription" '
        f'value="{subscription["id"]}"><span>{label}</span></button></form>'
    )
    return f"<p>{escape(words)}</p>" + (button if may_end or ends else "")
