"""What Stripe has, page by page, so that memory stays the same however much there is. The newest come first."""

from __future__ import annotations

from datetime import datetime

import stripe

from service.billing.gateway import reading, webhooks
from service.billing.gateway.door import our_errors
from service.billing.gateway.facts import InvoiceFacts, Notice, RefundFacts
from service.billing.gateway.money import Money

PAGE = 100  # Stripe gives no more at once
LISTED_KINDS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


class Listing(Money):
    """Each gives a page and where the next begins: None where nothing is left. All but the events raise PartlyRead."""

    def list_events(self, since: datetime, after: str | None = None) -> tuple[list[tuple[Notice, str]], str | None]:
        """What Stripe says it told us since then, each with its body as JSON text. Stripe keeps them for 30 days."""
        params: stripe.params.EventListParams = {
            "created": {"gte": int(since.timestamp())},
            "types": list(LISTED_KINDS),
            "limit": PAGE,
        }
        if after is not None:
            params["starting_after"] = after
        with our_errors():
            found = self._usual.v1.events.list(params)
            events = [one.to_dict(for_json=True) for one in found.data]
        told = [webhooks.told(event, live=self.live) for event in events]
        return told, found.data[-1].id if found.has_more and found.data else None

    def list_charges(self, since: datetime, after: str | None = None) -> tuple[list[InvoiceFacts], str | None]:
        """The invoices made since then, of whomever."""
        params: stripe.params.InvoiceListParams = {
            "created": {"gte": int(since.timestamp())},
            "limit": PAGE,
            "expand": ["data.payments"],
        }
        if after is not None:
            params["starting_after"] = after
        with our_errors():
            found = self._usual.v1.invoices.list(params)
        return reading.page(found, reading.invoice)

    def list_given_back(self, since: datetime, after: str | None = None) -> tuple[list[RefundFacts], str | None]:
        """The refunds made since then, of whatever payment."""
        params: stripe.params.RefundListParams = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        if after is not None:
            params["starting_after"] = after
        with our_errors():
            found = self._usual.v1.refunds.list(params)
        return reading.page(found, reading.refund)
