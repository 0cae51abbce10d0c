"""Against silence: messages that never came, comparisons that should find nothing, and calling a person about both."""

from __future__ import annotations

from service.billing.actions.watching.alarm import billing_pace, watch_billing
from service.billing.actions.watching.hourly import Reconciled, reconcile
from service.billing.actions.watching.nightly import compare_all

__all__ = ["Reconciled", "billing_pace", "compare_all", "reconcile", "watch_billing"]
