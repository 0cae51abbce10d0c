"""What staff do about alerts, holds and emergency looks, and the clocks that call the next person when nobody does."""

from __future__ import annotations

from service.safety.actions.alerts import Acknowledged, AlertList, acknowledge, acknowledge_visitors, open_list
from service.safety.actions.climb import escalate_due
from service.safety.actions.glass import Glass, ask_to_look, break_glass, glass_until
from service.safety.actions.holds import lift_hold, open_hold
from service.safety.actions.reviews import call_for_reviews, open_look, open_looks, review
from service.safety.actions.trail import watch_trail

__all__ = [
    "Acknowledged",
    "AlertList",
    "Glass",
    "acknowledge",
    "acknowledge_visitors",
    "ask_to_look",
    "break_glass",
    "call_for_reviews",
    "escalate_due",
    "glass_until",
    "lift_hold",
    "open_hold",
    "open_list",
    "open_look",
    "open_looks",
    "review",
    "watch_trail",
]
