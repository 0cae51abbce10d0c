"""An invoice's own page, where its payer confirms a payment or uses another card.

Follows docs.stripe.com/invoicing/hosted-invoice-page. Whoever has the address may pay; it leads nowhere afterwards, as
Stripe's does.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from service.sandbox.stripe import cards, collecting, invoicing, test_clocks
from service.sandbox.stripe.pages import Page, alert, approval, choice, dollars, notice, page
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

ROOM = "/i/"
PAYABLE = ("open", "uncollectible")
PROBLEMS = {
    "declined": "The card was declined. Nothing was charged. Choose another card to try again.",
    "authentication": "The bank could not confirm that it is you. Nothing was charged. Choose a card to try again.",
}
#: What the button for the card on file sends instead of a number.
USUAL = "usual"


def ask(world: World, method: str, path: str, query: str, form: str) -> Page:
    """Answer /i/<invoice id> and its step /authenticate."""
    identifier, _, step = path.removeprefix(ROOM).partition("/")
    with world.lock:
        test_clocks.catch_up(world)
        invoice = world.store.get("invoice", identifier)
        if invoice is None or invoice["status"] == "draft" or step not in ("", "authenticate"):
            return notice(404, "This invoice does not exist", "Check the link, or go back to where you came from.")
        if invoice["status"] not in PAYABLE:
            paid = invoice["status"] == "paid"
            title = f"{dollars(invoice['amount_paid'])} paid" if paid else "This invoice was canceled"
            return notice(200, title, "Nothing more is needed. You can close this page.")
        if method == "GET":
            return _authenticate(invoice) if step else _choose(world, invoice, query)
        sent = {name: values[0] for name, values in parse_qs(form).items()}
        with world.clock.stopped_at(test_clocks.moment_of(world, identifier)):
            answer = _confirm(world, invoice, sent) if step else _card(world, invoice, sent.get("card", ""))
        world.store.commit()
        return answer


def _card(world: World, invoice: Json, chosen: str) -> Page:
    if chosen not in {USUAL, *(card[0] for card in cards.OFFERED)}:
        return Page(303, location=ROOM + invoice["id"])
    if chosen in cards.ASKS or (chosen == USUAL and _asks(world, invoice)):
        world.private(invoice["id"])["asks"] = chosen
        return Page(303, location=f"{ROOM}{invoice['id']}/authenticate")
    return _pay(world, invoice, chosen)


def _confirm(world: World, invoice: Json, sent: dict[str, str]) -> Page:
    chosen = world.private(invoice["id"]).pop("asks", USUAL)
    if sent.get("outcome") == "approve":
        return _pay(world, invoice, chosen, authenticated=True)
    message = "The provided payment method has failed authentication."
    told = {"type": "card_error", "code": "payment_intent_authentication_failure", "message": message}
    fields = {"status": "requires_payment_method", "last_payment_error": told}
    world.change(collecting.intent_of(world, invoice), "payment_intent.payment_failed", **fields)
    return _refused(world, invoice, "authentication")


def _pay(world: World, invoice: Json, chosen: str, *, authenticated: bool = False) -> Page:
    if chosen == cards.DECLINED:  # such a card is not kept either
        return _refused(world, invoice, "declined")
    new = chosen != USUAL
    card_id = cards.made(world, chosen, invoice["customer"])["id"] if new else None
    refusal = collecting.attempt(world, invoice, card_id=card_id, first=new, authenticated=authenticated)
    return _refused(world, invoice, "declined") if refusal else Page(303, location=ROOM + invoice["id"])


def _refused(world: World, invoice: Json, problem: str) -> Page:
    world.emit("invoice.payment_failed", invoice)
    return Page(303, location=f"{ROOM}{invoice['id']}?problem={problem}")


def _usual(world: World, invoice: Json) -> Json | None:
    customer = world.find("customer", invoice["customer"])
    return collecting.card_for(world, invoicing.subscription_of(world, invoice), customer)


def _asks(world: World, invoice: Json) -> bool:
    card = _usual(world, invoice)
    return card is not None and cards.is_one_of(world, card["id"], cards.ALWAYS_AUTHENTICATE)


def _choose(world: World, invoice: Json, query: str) -> Page:
    problem = PROBLEMS.get(parse_qs(query).get("problem", [""])[0], "")
    due, here, usual = dollars(invoice["amount_remaining"]), ROOM + invoice["id"], ""
    if card := _usual(world, invoice):
        words = "Confirm the payment with your bank" if _asks(world, invoice) else "Pay with the card on file"
        usual = (
            f'<form method="post" action="{here}"><h2>Your card</h2>'
            f'<button class="card first" name="card" value="{USUAL}"><span>{words}</span>'
            f" <small>Visa ending {escape(card['card']['last4'])}</small></button></form>"
        )
    what = f'<h1>Invoice {escape(str(invoice["number"]))}</h1><p class="price">{due} <small>due</small></p>'
    return page(200, f"{'Error: ' if problem else ''}Pay {due}", alert(problem) + what + usual + choice(here))


def _authenticate(invoice: Json) -> Page:
    asked = f"A payment of {dollars(invoice['amount_remaining'])} needs your approval."
    return approval(f"{ROOM}{invoice['id']}/authenticate", asked)
