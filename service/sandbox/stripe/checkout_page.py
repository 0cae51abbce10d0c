"""The hosted page of Checkout, as a form with test cards instead of a card field (docs.stripe.com/testing).

No script. A form is answered by 303: back here with a word about the problem, on to authentication, or to the shop.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from service.sandbox.stripe import cards, checkout, discounts, renewals
from service.sandbox.stripe.errors import StripeError
from service.sandbox.stripe.pages import Page, alert, approval, back, choice, dollars, notice, page
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

PROBLEMS = {
    "declined": "The card was declined. Nothing was charged. Choose another card to try again.",
    "authentication": "The bank could not confirm that it is you. Nothing was charged. Choose a card to try again.",
    "coupon_expired": "This code can no longer be used. Nothing was charged. Go back and start again without it.",
    "code": "This code is not one that can be used here. Check it, or pay without a code.",
}


def ask(world: World, method: str, path: str, query: str, form: str) -> Page:
    """Answer /c/pay/<session id>, and its steps /authenticate and /code."""
    identifier, _, step = path.removeprefix("/c/pay/").partition("/")
    with world.lock:
        renewals.run_until(world, world.now())
        session = world.store.get("checkout.session", identifier)
        if session is None or step not in ("", "authenticate", "code"):
            return notice(404, "This payment page does not exist", "Check the link, or go back to where you came from.")
        if session["status"] == "complete":
            return Page(303, location=checkout.success_url(session))
        if session["status"] == "expired":
            more = back(session["cancel_url"])
            return notice(410, "This payment page has expired", "Nothing was charged. Start again from the shop.", more)
        if method == "GET":
            return _authenticate(world, session) if step == "authenticate" else _choose(world, session, query)
        sent = {name: values[0] for name, values in parse_qs(form).items()}
        if step == "code":
            answer = _code(world, session, sent.get("code", ""))
        else:
            answer = _confirm(world, session, sent) if step else _card(world, session, sent.get("card", ""))
        world.store.commit()
        return answer


def _card(world: World, session: Json, number: str) -> Page:
    here = f"/c/pay/{session['id']}"
    if number not in {card[0] for card in cards.OFFERED}:
        return Page(303, location=here)
    if number in cards.ASKS:
        world.private(session["id"])["asks"] = number
        return Page(303, location=f"{here}/authenticate")
    return _do(world, session, number)


def _confirm(world: World, session: Json, sent: dict[str, str]) -> Page:
    if sent.get("outcome") != "approve":
        return _problem(session, "authentication")
    return _do(world, session, world.private(session["id"]).get("asks", cards.AUTHENTICATE))


def _do(world: World, session: Json, number: str) -> Page:
    act = checkout.pay if session["mode"] == "subscription" else checkout.save_card
    refusal = act(world, session, number)
    if refusal is None:
        return Page(303, location=checkout.success_url(session))
    return _problem(session, "coupon_expired" if refusal["code"] == "coupon_expired" else "declined")


def _code(world: World, session: Json, typed: str) -> Page:
    """A promotion code typed on the page (docs.stripe.com/payments/checkout/discounts)."""
    if not session["allow_promotion_codes"]:
        return _problem(session, "code")
    known = [one for one in world.of("promotion_code") if one["code"].lower() == typed.strip().lower()]
    active = [one for one in known if discounts.refreshed(world, one)["active"]]
    try:
        checkout.reckon(world, session, [{"promotion_code": one["id"]} for one in active[:1]])
    except StripeError:
        active = []
    world.store.put("checkout.session", session)
    return Page(303, location=f"/c/pay/{session['id']}") if active else _problem(session, "code")


def _problem(session: Json, problem: str) -> Page:
    return Page(303, location=f"/c/pay/{session['id']}?problem={problem}")


def _choose(world: World, session: Json, query: str) -> Page:
    problem = PROBLEMS.get(parse_qs(query).get("problem", [""])[0], "")
    here = f"/c/pay/{session['id']}"
    title, what = _saving(session) if session["mode"] == "setup" else _paying(world, session)
    body = (
        alert(problem)
        + what
        + choice(here, saves=session["mode"] == "setup")
        + back(session["cancel_url"], f"Back without {'saving' if session['mode'] == 'setup' else 'paying'}")
    )
    return page(200, f"{'Error: ' if problem else ''}{title}", body)


def _saving(session: Json) -> tuple[str, str]:
    return "Save a card", "<h1>Save a card</h1><p>It is charged later, not now.</p>"


def _paying(world: World, session: Json) -> tuple[str, str]:
    lines = world.private(session["id"])["line_items"]
    name = " and ".join(line["description"] for line in lines)
    rhythm = lines[0]["price"]["recurring"]["interval"]
    email = (session["customer_details"] or {}).get("email")
    off = session["total_details"]["amount_discount"]
    when = "today" if off else f"per {rhythm}"
    price = f"{dollars(off)} off. The price is {dollars(session['amount_subtotal'])} per {rhythm}."
    what = (
        f'<h1>{escape(name)}</h1><p class="price">{dollars(session["amount_total"])} <small>{escape(when)}</small></p>'
        + (f"<p>{escape(price)}</p>" if off else "")
        + (f'<p class="who">Receipt to {escape(email)}</p>' if email else "")
    )
    if session["allow_promotion_codes"]:
        what += (
            f'<form method="post" action="/c/pay/{session["id"]}/code"><label for="code">Promotion code</label>'
            '<input id="code" name="code" autocomplete="off"> <button class="card">Use this code</button></form>'
        )
    return f"Pay {dollars(session['amount_total'])}", what


def _authenticate(world: World, session: Json) -> Page:
    amount = session["amount_total"]
    asked = (
        f"A payment of {dollars(amount)} needs your approval." if amount else "Saving this card needs your approval."
    )
    return approval(f"/c/pay/{session['id']}/authenticate", asked)
