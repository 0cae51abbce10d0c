"""Putting the catalog's plans up for sale at Stripe. Run at each deploy; doing it again changes nothing."""

from __future__ import annotations

from service.billing.gateway import Gateway
from service.catalog.rules.whole import Catalog


def offer_prices(*, gateway: Gateway, catalog: Catalog) -> int:
    """See to it that every open plan has its price at Stripe. Returns how many there are.

    Raises Bug where a key there has another price: that is a new plan with a new key, never a changed one.
    """
    for plan in catalog.open_plans:
        gateway.ensure_price(name=plan.name, price_key=plan.stripe_lookup_key, price_cents=plan.price_cents)
    return len(catalog.open_plans)
