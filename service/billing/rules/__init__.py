"""What Stripe's words mean to us, when to try again, when to ask and remind, and what a step deserves. Pure."""

from __future__ import annotations

from service.billing.rules.asking import (
    ALERT,
    LAST_BEFORE,
    LAST_STAGE,
    MAY_RESUME,
    PERIOD_IN_SQL,
    REMIND_BEFORE,
    STAGES,
    STOPPING_STAGES,
    WISH_ALERT,
    WISH_WAITS,
    period_label,
    stage,
)
from service.billing.rules.spoken import (
    card_words,
    month_after,
)
from service.billing.rules.standing import (
    IN_CARE,
    LIVE,
    STATUS,
    Step,
    fulfilled,
    membership_status,
    step,
)
from service.billing.rules.tries import (
    HEAD_START,
    PAGE_LIVES,
    REPLAY_FOR,
    cancel_key,
    checkout_key,
    customer_key,
    end_key,
    expire_key,
    pause_key,
    resume_key,
    retry_after,
)

__all__ = [
    "ALERT",
    "HEAD_START",
    "IN_CARE",
    "LAST_BEFORE",
    "LAST_STAGE",
    "LIVE",
    "MAY_RESUME",
    "PAGE_LIVES",
    "PERIOD_IN_SQL",
    "REMIND_BEFORE",
    "REPLAY_FOR",
    "STAGES",
    "STATUS",
    "STOPPING_STAGES",
    "WISH_ALERT",
    "WISH_WAITS",
    "Step",
    "cancel_key",
    "card_words",
    "checkout_key",
    "customer_key",
    "end_key",
    "expire_key",
    "fulfilled",
    "membership_status",
    "month_after",
    "pause_key",
    "period_label",
    "resume_key",
    "retry_after",
    "stage",
    "step",
]
