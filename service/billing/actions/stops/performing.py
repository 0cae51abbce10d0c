"""Making the calls that were kept together, one after the other; what has no answer goes on by the tick."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import structlog

from service.billing.actions.intents.perform import perform
from service.billing.gateway import Bug, Declined, Gateway, NeedsAction
from service.catalog.rules.whole import Catalog
from service.kit.errors import TryAgain

log = structlog.get_logger(__name__)


def perform_all(meant: Iterable[UUID], *, gateway: Gateway, catalog: Catalog, now: datetime) -> bool:
    """Whether each was answered with a yes. One that is not never keeps the next from being made."""
    clear = True
    for intent_id in meant:
        try:
            perform(intent_id, gateway=gateway, catalog=catalog, now=now)
        except (TryAgain, Bug, Declined, NeedsAction) as error:
            clear = False
            log.error("what must stop has not stopped yet", intent=str(intent_id), error=type(error).__name__)
    return clear
