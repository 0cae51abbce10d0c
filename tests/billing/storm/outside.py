"""What neither patients nor staff do: banks take payments back, and the clinic's prices rise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from service.billing import actions
from service.catalog.rules.changes import PriceChange
from tests.billing.storm.at_stripe import charged, disputes_on, subscriptions_of
from tests.billing.storm.doing import Neighbour
from tests.billing.storm.people import People


class Outside(People):
    """Everything that befalls a membership from outside."""

    def disputes(self, one: Neighbour) -> None:
        """They tell their bank that the latest payment was not theirs: the money is gone at once."""
        paid = [invoice for found in subscriptions_of(self, one) for invoice in charged(self, found)]
        if paid and not disputes_on(self, paid[-1]):
            self.wire.dispute(invoice=paid[-1]["id"])

    def bank_decides(self, one: Neighbour, outcome: Literal["won", "lost"]) -> None:
        """The bank's last word about what they dispute."""
        for found in subscriptions_of(self, one):
            for invoice in charged(self, found):
                for dispute in disputes_on(self, invoice):
                    if dispute["status"] in ("needs_response", "under_review"):
                        self.wire.dispute(dispute=dispute["id"], outcome=outcome)

    def raises_price(
        self, plan: str, cents: int, *, in_days: int, without: Literal["keep", "end"] = "keep"
    ) -> PriceChange:
        """The clinic writes a new price into its files and deploys, prices at Stripe first."""
        before = [change for change in self.catalog.price_changes if change.plan == plan]
        costs = before[-1].price_cents if before else self.catalog.plans[plan].price_cents
        day = (self.now + timedelta(days=in_days)).date()
        letter = "_".join("b" * (len(self.catalog.price_changes) + 1))
        change = PriceChange(
            key=f"rise_{letter}",
            plan=plan,
            price_cents=costs + cents,
            stripe_lookup_key=f"{self.catalog.plans[plan].stripe_lookup_key}_{letter}",
            effective_on=max([day, *(one.effective_on for one in before)]),
            without_consent=without,
        )
        rising = sorted((*self.catalog.price_changes, change), key=lambda each: each.effective_on)
        catalog = replace(self.catalog, price_changes=tuple(rising))
        actions.offer_prices(gateway=self.gateway, catalog=catalog)
        self.catalog = catalog
        return change
