"""What one kind of intent consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from service.billing import rules
from service.billing.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Told:
    """An intent as the call sees it. `details` holds what `mean` was given: ids, amounts, moments as text.

    `late`: its key serves no longer.
    """

    intent_id: UUID
    membership_id: UUID
    patient_id: UUID
    kind: str
    details: Mapping[str, Any]
    key: str
    subscription_id: str
    customer_id: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """`call` asks Stripe; `done` writes what its answer means, `refused` what a clear no does, each in a transaction.

    `shown` looks whether it came about already: asked before a call is repeated under another key. `charges`: an
    unknown outcome may have cost somebody money, so nothing else may overtake it. `lasting`: it is tried until it is
    done, under new keys, and somebody is called; else it is given up in the end. `yes_counts`: how long the gate's yes
    to this charge holds; an outcome unknown for longer is looked at, and not called for again.
    """

    call: Callable[[Gateway, Told], Any]
    done: Callable[[Session, Told, Any, datetime], None] | None = None
    refused: Callable[[Session, Told, str, datetime], None] | None = None
    shown: Callable[[Gateway, Told], Any] | None = None
    charges: bool = False
    lasting: bool = False
    yes_counts: timedelta | None = None

    @property
    def key_serves(self) -> timedelta:
        """How long the call is repeated under its key. Stripe replays its own failures under a key too, so not for
        ever; but as long as a key surely lives, where a second charge could be the price and nothing can be looked up.
        """
        blind = self.charges and self.shown is None
        return self.yes_counts or (rules.KEY_LIVES if blind else rules.REPLAY_FOR)
