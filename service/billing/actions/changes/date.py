"""Moving the date of the next charge, and of those after it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from service.billing.actions import intents
from service.billing.actions.changes.common import check, mine, note, refuse
from service.billing.gateway import Gateway
from service.billing.rules import changes
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor


def move_date(*, patient_id: UUID, day: date, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime) -> None:
    """The next charge on the patient's `day`, later than it would be, and on in that rhythm. Pressed twice it is one.

    Raises Conflict with a code of `rules.changes.WHY`, or "busy"; and the gateway's TryAgain and Bug.
    """
    with db.transaction() as session:
        found = mine(session, patient_id, now)
        rules = catalog.billing.changes
        check(changes.may_move(found.it, rules, now, found.past.moves))
        if day not in changes.later_days(found.it, rules):
            refuse("no_such_choice")
        note(session, actor, "move_date", found.row)
        details = {
            "from": found.it.period_ends_at.isoformat(),
            "to": changes.moved_to(found.it, day).isoformat(),
        }
        intent_id = intents.mean(session, found.row, "move_date", details=details, actor=actor, now=now).id
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
