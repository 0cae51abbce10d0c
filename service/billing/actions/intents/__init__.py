"""What somebody means to happen at Stripe: kept with its key, called, and settled by what Stripe shows afterwards."""

from __future__ import annotations

from service.billing.actions.intents.keep import mean, standing, unanswered
from service.billing.actions.intents.kinds import Kind, Told
from service.billing.actions.intents.perform import perform, poll

__all__ = ["Kind", "Told", "mean", "perform", "poll", "standing", "unanswered"]
