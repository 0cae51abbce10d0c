"""What a patient changes about a running membership: plan, months left out, date, price, codes."""

from __future__ import annotations

from service.billing.actions.changes.common import GateSaysNo
from service.billing.actions.changes.date import move_date
from service.billing.actions.changes.plan import change_plan, change_plan_later, keep_plan
from service.billing.actions.changes.plan_review import PlanReview, review_plan
from service.billing.actions.changes.price import agree_to_price
from service.billing.actions.changes.price_notices import change_prices, settle_prices, tell_price_changes
from service.billing.actions.changes.promotion import CodeOffer, apply_promotion, find_code
from service.billing.actions.changes.restart import restart
from service.billing.actions.changes.skip import skip, unskip

__all__ = [
    "CodeOffer",
    "GateSaysNo",
    "PlanReview",
    "agree_to_price",
    "apply_promotion",
    "change_plan",
    "change_plan_later",
    "change_prices",
    "find_code",
    "keep_plan",
    "move_date",
    "restart",
    "review_plan",
    "settle_prices",
    "skip",
    "tell_price_changes",
    "unskip",
]
