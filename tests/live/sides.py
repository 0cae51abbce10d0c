"""One of the two that are compared: Stripe's test mode, or the stand-in."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import stripe

Facts = dict[str, Any]
DAY, HOUR = 86400, 3600
#: What a whole minute of waiting is for at Stripe; the stand-in is done at once.
PATIENCE = 120.0
#: No scenario causes as many; whatever is older is somebody else's day.
MOST_EVENTS = 400


@dataclass
class Side:
    """Somebody who speaks Stripe's API. `pause` is how long to wait between two looks, in seconds."""

    name: str
    client: stripe.StripeClient
    frozen: int
    pause: float = 0.0
    facts: Facts = field(default_factory=dict)
    customers: list[str] = field(default_factory=list)
    clock: str = ""
    now: int = 0

    @property
    def api(self) -> Any:
        """The calls. Untyped: scenarios also ask for what the types would not let them."""
        return self.client.v1

    def begin(self) -> None:
        """A clock of the scenario's own, at the same moment on both sides."""
        self.facts, self.customers, self.now = {}, [], self.frozen
        self.clock = self.api.test_helpers.test_clocks.create({"frozen_time": self.frozen}).id

    def end(self) -> None:
        """Count the events, and leave nothing behind."""
        if self.customers:
            self.note_events()
        self.api.test_helpers.test_clocks.delete(self.clock)

    # What scenarios do

    def note(self, what: str, **facts: Any) -> None:
        """Keep facts under a name."""
        self.facts |= {f"{what}: {name}": value for name, value in facts.items()}

    def refused(self, what: str, call: Callable[[], Any]) -> None:
        """Note how a call that should not work is refused."""
        try:
            call()
        except stripe.StripeError as error:
            decline = getattr(error.error, "decline_code", None) if error.error else None
            self.note(what, error=type(error).__name__, status=error.http_status, code=error.code, decline=decline)
        else:
            self.note(what, error="none: it was done")

    def until(self, moment: int) -> None:
        """Let time pass, with all that is due on the way."""
        self.api.test_helpers.test_clocks.advance(self.clock, {"frozen_time": moment})
        self.wait(lambda: self.api.test_helpers.test_clocks.retrieve(self.clock).status == "ready")
        self.now = moment

    def wait(self, done: Callable[[], Any]) -> Any:
        """Look until there is something. Raises TimeoutError when it never comes."""
        over = time.monotonic() + PATIENCE
        while not (found := done()):
            if time.monotonic() > over:
                raise TimeoutError("nothing came of it")
            time.sleep(self.pause)
        return found

    def price(self, cents: int) -> str:
        """A monthly price, made once."""
        key = f"homeward_live_{cents}"
        found = self.api.prices.list({"lookup_keys": [key]}).data
        if found:
            return str(found[0].id)
        asked = {"currency": "usd", "unit_amount": cents, "recurring": {"interval": "month"}, "lookup_key": key}
        return str(
            self.api.prices.create({**asked, "product": self.api.products.create({"name": "Monthly plan"}).id}).id
        )

    def member(self, token: str = "pm_card_visa", cents: int = 25000, **more: Any) -> Any:
        """A customer with a card and a subscription, `latest_invoice` expanded."""
        customer = self.api.customers.create({"test_clock": self.clock})
        self.customers.append(customer.id)
        card = self.card(customer.id, token)
        asked = {"customer": customer.id, "items": [{"price": self.price(cents)}], "default_payment_method": card}
        return self.api.subscriptions.create({**asked, "expand": ["latest_invoice"], **more})

    def card(self, customer: str, token: str) -> str:
        """One more card for a customer."""
        return str(self.api.payment_methods.attach(token, {"customer": customer}).id)

    def subscription(self, identifier: str) -> Any:
        """As it is now."""
        return self.api.subscriptions.retrieve(identifier, {"expand": ["latest_invoice"]})

    def intent_of(self, invoice: str) -> str:
        """The payment that paid an invoice."""
        return str(self.api.invoice_payments.list({"invoice": invoice}).data[0].payment.payment_intent)

    # What is compared

    def after(self, moment: int | None) -> int | None:
        """A moment as seconds since the scenario began."""
        return None if moment is None else moment - self.frozen

    def standing(self, what: str, identifier: str) -> Any:
        """Note where a subscription and its newest invoice stand."""
        found = self.subscription(identifier)
        item = found["items"].data[0]
        facts = {"status": found.status, "price": item.price.unit_amount, "paused": bool(found.pause_collection)}
        facts |= {"from": self.after(item.current_period_start), "to": self.after(item.current_period_end)}
        facts |= {"anchor": self.after(found.billing_cycle_anchor), "ends": self.after(found.cancel_at)}
        self.note(what, **facts)
        self.invoice(f"{what}, invoice", found.latest_invoice)
        return found

    def invoice(self, what: str, invoice: Any) -> None:
        """Note an invoice with its lines."""
        facts = {name: getattr(invoice, name) for name in INVOICE}
        facts["lines"] = sorted(line.amount for line in invoice.lines.data)
        facts["created"] = self.after(invoice.created)
        facts["finalises"] = self.after(invoice.automatically_finalizes_at)
        facts["is retried"] = invoice.next_payment_attempt is not None
        self.note(what, **facts)

    def note_events(self) -> None:
        """How often what was told about the scenario's customers, once no more is coming."""
        before: Counter[str] | None = None
        while (told := self._told()) != before:
            before = told
            time.sleep(self.pause * 3)
        self.facts |= {f"events: {kind}": times for kind, times in sorted(told.items())}

    def _told(self) -> Counter[str]:
        """Of the newest events those about the customers, or about an invoice, a payment or a charge of theirs."""
        newest = list(itertools.islice(self.api.events.list({"limit": 100}).auto_paging_iter(), MOST_EVENTS))
        ours = set(self.customers)
        ours |= {event.data.object.id for event in newest if getattr(event.data.object, "customer", None) in ours}
        told: Counter[str] = Counter()
        for event in newest:
            about = event.data.object
            named = [getattr(about, name, None) for name in ("id", "customer", "invoice", "charge")]
            told[event.type] += bool(ours.intersection(one for one in named if isinstance(one, str)))
        return +told


INVOICE = (
    *("status", "billing_reason", "subtotal", "total", "amount_due", "amount_paid", "amount_remaining"),
    *("attempt_count", "auto_advance", "starting_balance", "ending_balance"),
)
