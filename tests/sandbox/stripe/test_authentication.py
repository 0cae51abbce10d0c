"""A bank that wants its customer's word, before a payment or at every payment."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from tests.sandbox.stripe.harness import DECLINED, WORKS, StandIn, invoice_of

ALWAYS = "4000002760003184"


def waiting(standin: StandIn) -> stripe.Invoice:
    """An open invoice of somebody whose bank asks every time: the renewal nobody was there to confirm."""
    session = standin.session()
    assert standin.press(session, card=ALWAYS) == (303, f"/c/pay/{session.id}/authenticate")
    status, location = standin.press(session, "/authenticate", outcome="approve")
    assert (status, location.startswith("http://localhost:1/done")) == (303, True)
    subscription = str(standin.api.checkout.sessions.retrieve(session.id).subscription)
    while "invoice finalised" not in standin.step():
        pass
    invoice = invoice_of(standin.subscription(subscription))
    assert (invoice.status, standin.subscription(subscription).status) == ("open", "past_due")
    return invoice


def press(standin: StandIn, invoice: stripe.Invoice, step: str = "", **pressed: str) -> tuple[int, str]:
    path = urlsplit(str(invoice.hosted_invoice_url)).path + step
    status, _, location = standin.http("POST", path, urlencode(pressed), form=True)
    return status, location


def test_a_renewal_nobody_confirmed_has_a_page_where_it_is_confirmed(standin: StandIn) -> None:
    invoice = waiting(standin)
    standin.settle()
    told = [event for event in standin.shop.events() if event.type == "invoice.payment_action_required"]
    assert [event.data.object["id"] for event in told] == [invoice.id]
    assert told[0].data.object["hosted_invoice_url"] == invoice.hosted_invoice_url
    with pytest.raises(stripe.CardError) as refused:
        standin.api.invoices.pay(str(invoice.id))
    assert refused.value.error
    assert refused.value.code == "authentication_required"

    status, html = standin.page(str(invoice.hosted_invoice_url))
    assert status == 200
    assert "Confirm the payment with your bank" in html
    assert "$250.00" in html
    assert "<script" not in html
    assert " style=" not in html
    here = urlsplit(str(invoice.hosted_invoice_url)).path
    assert press(standin, invoice, card="usual") == (303, f"{here}/authenticate")
    assert "needs your approval" in standin.page(f"{invoice.hosted_invoice_url}/authenticate")[1]
    assert press(standin, invoice, "/authenticate", outcome="approve") == (303, here)

    paid = standin.api.invoices.retrieve(str(invoice.id))
    assert (paid.status, paid.amount_paid) == ("paid", 25000)
    assert "$250.00 paid" in standin.page(here)[1]
    assert standin.subscription(str(invoice.parent.subscription_details.subscription)).status == "active"  # type: ignore[union-attr]
    assert press(standin, invoice, card="usual")[0] == 200  # pressed once more: nothing is left to pay
    assert len(standin.api.invoice_payments.list({"invoice": str(invoice.id), "status": "paid"}).data) == 1


def test_a_refusal_leaves_it_open_and_another_card_pays_it(standin: StandIn) -> None:
    invoice = waiting(standin)
    here = urlsplit(str(invoice.hosted_invoice_url)).path
    press(standin, invoice, card="usual")
    assert press(standin, invoice, "/authenticate", outcome="fail") == (303, f"{here}?problem=authentication")
    _, html, _ = standin.http("GET", f"{here}?problem=authentication")
    assert "Nothing was charged" in html
    assert "<title>Error: " in html
    expanded = standin.api.invoices.retrieve(str(invoice.id), {"expand": ["payments.data.payment.payment_intent"]})
    intent = expanded.payments.data[0].payment.payment_intent  # type: ignore[union-attr]
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.last_payment_error
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"

    assert press(standin, invoice, card=DECLINED) == (303, f"{here}?problem=declined")
    assert standin.api.invoices.retrieve(str(invoice.id)).status == "open"
    before = standin.subscription(str(invoice.parent.subscription_details.subscription))  # type: ignore[union-attr]
    assert press(standin, invoice, card=WORKS) == (303, here)
    after = standin.subscription(before.id)
    assert (invoice_of(after).status, after.status) == ("paid", "active")
    # The page pays an invoice; which card is charged from now on is not its business.
    assert after.default_payment_method == before.default_payment_method


def test_the_secret_a_browser_confirms_with_is_there_when_asked_for(standin: StandIn) -> None:
    invoice = waiting(standin)
    asked = standin.api.invoices.retrieve(str(invoice.id), {"expand": ["confirmation_secret", "payments"]})
    assert asked.confirmation_secret
    assert asked.payments
    intent = asked.payments.data[0].payment.payment_intent
    assert asked.confirmation_secret.client_secret.startswith(f"{intent}_secret_")
    assert "confirmation_secret" not in standin.api.invoices.retrieve(str(invoice.id)).to_dict()


def test_the_page_of_a_draft_or_of_nothing_is_not_there(standin: StandIn) -> None:
    subscription = standin.subscribed()
    while "subscription renewed" not in standin.step():
        pass
    draft = invoice_of(standin.subscription(subscription.id))
    assert (draft.status, draft.hosted_invoice_url) == ("draft", None)
    for path in (f"/i/{draft.id}", "/i/in_nobody", "/i/", "/i/in_nobody/authenticate"):
        assert standin.page(path)[0] == 404
    finished = standin.api.invoices.finalize_invoice(str(draft.id), {"auto_advance": False})
    standin.api.invoices.void_invoice(str(draft.id))
    assert "canceled" in standin.page(str(finished.hosted_invoice_url))[1]
    assert press(standin, finished, card=WORKS)[0] == 200
    assert standin.api.invoices.retrieve(str(draft.id)).status == "void"
