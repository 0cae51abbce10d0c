"""Charges, money given back, credit, and payments that a bank disputes."""

from __future__ import annotations

from uuid import UUID

import stripe

from service.billing.gateway import reading
from service.billing.gateway.door import our_errors, with_key
from service.billing.gateway.facts import Bug, DisputeFacts, InvoiceFacts, RefundFacts
from service.billing.gateway.subscriptions import Subscriptions


class Money(Subscriptions):
    """Invoices, refunds, balance, disputes. Amounts in cents."""

    def get_invoice(self, invoice_id: str) -> InvoiceFacts:
        """An invoice as it is now, with its lines and the payment that paid it."""
        with our_errors():
            return reading.invoice(self._quick.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]}))

    def list_invoices(self, subscription_id: str) -> list[InvoiceFacts]:
        """The latest invoices of a subscription, newest first. At most 24."""
        params: stripe.params.InvoiceListParams = {
            "subscription": subscription_id,
            "limit": 24,
            "expand": ["data.payments"],
        }
        with our_errors():
            found = self._quick.v1.invoices.list(params)
        return [reading.invoice(one) for one in found.data]

    def stop_invoice(self, invoice_id: str, *, key: str) -> InvoiceFacts:
        """A draft or open invoice is never collected: void. One that was paid meanwhile, or void already, says so."""
        found = self.get_invoice(invoice_id)
        with our_errors():
            if found.status == "draft":
                self._usual.v1.invoices.update(invoice_id, {"auto_advance": False}, with_key(key, 1))
                self._usual.v1.invoices.finalize_invoice(invoice_id, {"auto_advance": False}, with_key(key, 2))
                found = self.get_invoice(invoice_id)
        if found.status not in ("open", "uncollectible"):
            return found
        try:
            with our_errors():
                self._usual.v1.invoices.void_invoice(invoice_id, None, with_key(key, 3))
        except Bug:
            if (found := self.get_invoice(invoice_id)).status == "open":
                raise
            return found  # a retry of Stripe's was quicker
        return self.get_invoice(invoice_id)

    def pay_invoice(self, invoice_id: str, *, key: str) -> InvoiceFacts:
        """Try to collect an open invoice now. Raises Declined, NeedsAction (see `pay_page`), Bug if it is not open."""
        with our_errors():
            return reading.invoice(self._usual.v1.invoices.pay(invoice_id, {"expand": ["payments"]}, with_key(key)))

    def pay_page(self, invoice_id: str) -> str:
        """Stripe's own page for an open invoice, where a bank can ask to confirm. Raises Bug without one."""
        with our_errors():
            url = self._own_page(self._usual.v1.invoices.retrieve(invoice_id).hosted_invoice_url)
        if url is None:
            raise Bug("an invoice without a page to pay on")
        return url

    def refund(self, payment_id: str, *, amount_cents: int, refund_id: UUID, key: str) -> RefundFacts:
        """Give back a part or all of a payment. Raises Bug where that is more than is left of it."""
        with our_errors():
            made = self._usual.v1.refunds.create(
                {"payment_intent": payment_id, "amount": amount_cents, "metadata": {"refund": str(refund_id)}},
                with_key(key),
            )
        return reading.refund(made)

    def get_refund(self, stripe_refund_id: str) -> RefundFacts:
        """A refund as it is now."""
        with our_errors():
            return reading.refund(self._quick.v1.refunds.retrieve(stripe_refund_id))

    def list_refunds(self, payment_id: str) -> list[RefundFacts]:
        """What was given back of a payment, newest first. At most 100."""
        with our_errors():
            found = self._quick.v1.refunds.list({"payment_intent": payment_id, "limit": 100})
        return [reading.refund(one) for one in found.data]

    def give_credit(self, customer_id: str, *, amount_cents: int, credit_id: UUID, key: str) -> str:
        """Money off the next charges. Returns the id of the entry at Stripe."""
        with our_errors():
            made = self._usual.v1.customers.balance_transactions.create(
                customer_id,
                {"amount": -amount_cents, "currency": "usd", "metadata": {"credit": str(credit_id)}},
                with_key(key),
            )
        return made.id

    def credit_given(self, customer_id: str, credit_id: UUID) -> str | None:
        """The entry of a credit of ours on a customer's balance, or None."""
        with our_errors():
            found = self._usual.v1.customers.balance_transactions.list(customer_id, {"limit": 100})
        ours = (one.id for one in found.data if reading.ours(one.metadata, "credit") == credit_id)
        return next(ours, None)

    def get_dispute(self, dispute_id: str) -> DisputeFacts:
        """A dispute as it is now."""
        with our_errors():
            return reading.dispute(self._quick.v1.disputes.retrieve(dispute_id))

    def invoice_of_payment(self, payment_id: str) -> str | None:
        """The invoice that a payment paid, or None."""
        with our_errors():
            found = self._quick.v1.invoice_payments.list(
                {"payment": {"type": "payment_intent", "payment_intent": payment_id}, "limit": 1}
            ).data
        return str(reading.id_of(found[0].invoice)) if found else None
