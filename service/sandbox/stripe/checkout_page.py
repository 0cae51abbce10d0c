"""The hosted payment page, as a form with test cards instead of a card field (docs.stripe.com/testing).

No script. A form is answered by 303: back here with a word about the problem, on to authentication, or to the shop.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from service.sandbox.stripe import cards, checkout, renewals
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

HERE = Path(__file__).parent
FRAME = string.Template((HERE / "checkout_page.html").read_text(encoding="utf-8"))

CARDS = (
    (cards.WORKS, "Pay", "Visa ending 4242", "The payment succeeds."),
    (cards.AUTHENTICATE, "Pay with a card that asks first", "Visa ending 3155", "The bank wants to know it is you."),
    (cards.DECLINED, "Pay with a declined card", "Visa ending 0002", "The bank says no."),
    (cards.FAILS_LATER, "Pay now, fail at renewal", "Visa ending 0341", "Succeeds today, is declined from next month."),
)
PROBLEMS = {
    "declined": "The card was declined. Nothing was charged. Choose another card to try again.",
    "authentication": "The bank could not confirm that it is you. Nothing was charged. Choose a card to try again.",
}


@dataclass(frozen=True)
class Page:
    """HTML, or where to go instead."""

    status: int
    html: str = ""
    location: str = ""


def stylesheet() -> str:
    """The page's one stylesheet."""
    return (HERE / "checkout_page.css").read_text(encoding="utf-8")


def ask(world: World, method: str, path: str, query: str, form: str) -> Page:
    """Answer /c/pay/<session id> and /c/pay/<session id>/authenticate."""
    identifier, _, step = path.removeprefix("/c/pay/").partition("/")
    with world.lock:
        renewals.run_until(world, world.now())
        session = world.store.get("checkout.session", identifier)
        if session is None or step not in ("", "authenticate"):
            return _notice(
                404, "This payment page does not exist", "Check the link, or go back to where you came from."
            )
        if session["status"] == "complete":
            return Page(303, location=checkout.success_url(session))
        if session["status"] == "expired":
            more = _back(session)
            return _notice(
                410, "This payment page has expired", "Nothing was charged. Start again from the shop.", more
            )
        if method == "GET":
            return _authenticate(session) if step else _choose(world, session, query)
        sent = {name: values[0] for name, values in parse_qs(form).items()}
        page = _confirm(world, session, sent) if step else _pay(world, session, sent.get("card", ""))
        world.store.commit()
        return page


def _pay(world: World, session: Json, number: str) -> Page:
    here = f"/c/pay/{session['id']}"
    if number not in {card[0] for card in CARDS}:
        return Page(303, location=here)
    if number == cards.AUTHENTICATE:
        return Page(303, location=f"{here}/authenticate")
    return _after(session, checkout.pay(world, session, number) is None, "declined")


def _confirm(world: World, session: Json, sent: dict[str, str]) -> Page:
    if sent.get("outcome") != "approve":
        return _after(session, False, "authentication")
    return _after(session, checkout.pay(world, session, cards.AUTHENTICATE) is None, "declined")


def _after(session: Json, paid: bool, problem: str) -> Page:
    return Page(303, location=checkout.success_url(session) if paid else f"/c/pay/{session['id']}?problem={problem}")


def _choose(world: World, session: Json, query: str) -> Page:
    lines = world.private(session["id"])["line_items"]
    name = " and ".join(line["description"] for line in lines)
    recurring = lines[0]["price"]["recurring"]
    problem = PROBLEMS.get(parse_qs(query).get("problem", [""])[0], "")
    email = (session["customer_details"] or {}).get("email")
    buttons = "".join(
        f'<button class="card{" first" if number == cards.WORKS else ""}" name="card" value="{number}">'
        f"<span>{escape(label)}</span> <small>{escape(which)}. {escape(what)}</small></button>"
        for number, label, which, what in CARDS
    )
    body = (
        (f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "")
        + f'<h1>{escape(name)}</h1><p class="price">{_dollars(session["amount_total"])}'
        + f" <small>per {escape(recurring['interval'])}</small></p>"
        + (f'<p class="who">Receipt to {escape(email)}</p>' if email else "")
        + f'<form method="post" action="/c/pay/{session["id"]}"><h2>Choose a test card</h2>{buttons}</form>'
        + _back(session)
    )
    title = f"{'Error: ' if problem else ''}Pay {_dollars(session['amount_total'])}"
    return _page(200, title, body)


def _authenticate(session: Json) -> Page:
    body = (
        "<h1>Your bank asks: is it you?</h1>"
        f"<p>A payment of {_dollars(session['amount_total'])} needs your approval. This stands in for 3-D Secure.</p>"
        f'<form method="post" action="/c/pay/{session["id"]}/authenticate">'
        '<button class="card first" name="outcome" value="approve"><span>Approve the payment</span></button>'
        '<button class="card" name="outcome" value="fail"><span>Do not approve</span></button></form>'
    )
    return _page(200, "Approve the payment", body)


def _notice(status: int, title: str, words: str, more: str = "") -> Page:
    return _page(status, title, f"<h1>{escape(title)}</h1><p>{escape(words)}</p>{more}")


def _back(session: Json) -> str:
    url = str(session["cancel_url"] or "")
    # An address from the API is still only followed when it is one a browser opens as a page.
    safe = url.startswith(("http://", "https://"))
    return f'<p class="back"><a href="{escape(url)}">Back without paying</a></p>' if safe else ""


def _page(status: int, title: str, body: str) -> Page:
    return Page(status, FRAME.substitute(title=escape(title), body=body))


def _dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"
