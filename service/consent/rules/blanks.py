"""What fills the blanks of the texts. Pure."""

from __future__ import annotations

from config.brand import Brand
from service.kit.format import money


def blanks(brand: Brand, from_price_cents: int) -> dict[str, str]:
    """What fills the blanks of the texts before a plan is chosen: general terms, never a promise of a price.

    The exact price, the day of the first charge and the renewal are agreed to once more beside the payment.
    """
    dollars = money(from_price_cents, whole=True)
    return {
        "practice": brand.legal_name,
        "postal_address": ", ".join(brand.postal_address),
        "support_email": brand.support_address,
        "support_phone": brand.support_phone,
        "statement_name": brand.name,
        "plan_name": "The plan you choose next",
        "price": f"the plan's price (from {dollars})",
        "interval": "month",
        "first_charge_on": "the day of the first payment",
        "next_charge_on": "one month later",
    }
