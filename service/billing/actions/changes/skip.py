"""Leaving out charges, and not leaving them out after all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.billing.actions import intents
from service.billing.actions.changes.common import check, mine, note, refuse
from service.billing.gateway import Gateway
from service.billing.rules import changes
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor


def skip(*, patient_id: UUID, months: int, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """Leave out the next `months` charges: 1 is "skip a month", more is a pause with its end. Pressed twice it is one.

    Raises Conflict with a code of `rules.changes.WHY`, or "busy"; and the gateway's TryAgain and Bug.
    """
    with db.transaction() as session:
        found = mine(session, patient_id, now)
        rules, row, used = catalog.billing.changes, found.row, found.past.months_left_out
        check(changes.may_skip(found.it, rules, now, used))
        choice = next((one for one in changes.skips(found.it, rules, used) if one.months == months), None)
        if choice is None:
            refuse("no_such_choice")
        note(session, actor, "skip", row)
        details = {
            "months": months,
            "from": found.it.period_ends_at.isoformat(),
            "until": choice.until.isoformat(),
        }
        intent_id = intents.mean(session, row, "skip", details=details, actor=actor, now=now).id
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def unskip(*, patient_id: UUID, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """The next charge is made after all. Raises as `skip` does."""
    with db.transaction() as session:
        found = mine(session, patient_id, now)
        check(changes.may_unskip(found.it, catalog.billing.changes, now))
        note(session, actor, "unskip", found.row)
        intent_id = intents.mean(session, found.row, "unskip", actor=actor, now=now).id
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
