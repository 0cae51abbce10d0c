"""Out of a month that was left out: charged today, with a month from today on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.billing import writes
from service.billing.actions import intents
from service.billing.actions.changes.common import GateSaysNo, check, gate_refuses, mine, note, refuse
from service.billing.gateway import Gateway
from service.billing.rules import changes
from service.billing.rules.charges import coming_cents
from service.billing.rules.terms import Terms
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor


def restart(
    *,
    patient_id: UUID,
    due_cents: int,
    terms: Terms,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
) -> None:
    """Begin a paid month today. `due_cents` is what the page said is charged; `terms` what was agreed to there.

    Raises Conflict with a code of `rules.changes.WHY` or "busy", GateSaysNo, Declined or NeedsAction (the month stays
    left out, nothing was charged), TryAgain (nothing is charged twice) and Bug.
    """
    codes: tuple[str, ...] = ()
    with db.transaction() as session:
        found = mine(session, patient_id, now, charging=True)
        row = found.row
        check(changes.may_restart(found.it))
        if due_cents != coming_cents(row, now) or terms.amount_cents != (row.next_price_cents or row.price_cents):
            refuse("changed")
        since = now.replace(microsecond=0)
        codes = gate_refuses(session, row, f"restart:{since:%Y-%m-%dT%H:%MZ}", catalog, now)
        if not codes:
            note(session, actor, "restart", row)
            writes.keep_agreement(
                session,
                patient_id=patient_id,
                membership_id=row.id,
                terms=terms,
                time_zone=found.zone,
                actor=actor,
                now=now,
            )
            details = {"due_cents": due_cents, "from": found.it.period_ends_at.isoformat()}
            intent_id = intents.mean(session, row, "restart", details=details, actor=actor, now=now).id
    if codes:
        raise GateSaysNo(codes)
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)
