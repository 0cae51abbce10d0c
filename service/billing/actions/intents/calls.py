"""Every kind of intent: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from service.billing.actions.intents.changes import CHANGES, YES_COUNTS, says, stay
from service.billing.actions.intents.giving import GIVING
from service.billing.actions.intents.kinds import Kind
from service.billing.actions.intents.paying import PAYING
from service.billing.actions.intents.stopping import STOPPING
from service.billing.gateway import Gateway

CALLS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "cancel": Kind(
            lambda gateway, told: gateway.cancel(told.subscription_id, key=told.key),
            shown=lambda gateway, told: gateway.get_subscription(told.subscription_id).cancels_at_period_end or None,
            lasting=True,
        ),
        "undo_cancel": Kind(stay, done=says("goes_on")),
        "end": Kind(
            lambda gateway, told: gateway.cancel(told.subscription_id, at_period_end=False, key=told.key),
            shown=lambda gateway, told: _status(gateway, told.subscription_id) == "ended" or None,
            lasting=True,
        ),
        "pause": Kind(
            lambda gateway, told: gateway.pause(told.subscription_id, key=told.key),
            shown=lambda gateway, told: _status(gateway, told.subscription_id) in ("stopped", "ended") or None,
            lasting=True,
        ),
        "resume": Kind(
            lambda gateway, told: gateway.resume(told.subscription_id, key=told.key),
            shown=lambda gateway, told: _status(gateway, told.subscription_id) in ("active", "grace") or None,
            charges=True,
            yes_counts=YES_COUNTS,
        ),
        **CHANGES,
        **GIVING,
        **PAYING,
        **STOPPING,
    }
)


def _status(gateway: Gateway, subscription_id: str) -> str:
    return gateway.get_subscription(subscription_id).status
