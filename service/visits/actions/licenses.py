"""Licences and registrations: entered, renewed, looked up again, ended. Only owners do, and each leaves a trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from service.audit import writes as audit
from service.catalog.rules.states import State
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, words
from service.visits import writes
from service.visits.actions.practise import check_known, check_owner
from service.visits.models import LicenseRecord
from service.visits.rules.licenses import checked_expiry, checked_number, checked_source
from service.visits.rules.times import local_day

ENDED = Conflict("license_ended", words("This license was ended. Add it anew if it stands again."))


def add_license(
    *,
    practitioner_id: UUID,
    state: str,
    kind: str,
    number: str,
    expires_on: date,
    source: str,
    states: Mapping[str, State],
    actor: Actor,
    now: datetime,
) -> UUID:
    """Enter a licence that somebody looked up today. `states`: those of the catalog. Returns its id.

    Raises NotAllowed for all but owners, NotFound, Rejected with what to put right, Conflict where one stands.
    """
    check_owner(actor)
    check_known(states, state, kind, now)
    plain, where = checked_number(kind, number), checked_source(source)
    with db.transaction() as session:
        person = writes.practitioner_locked(session, practitioner_id)
        license_id = writes.add_license(
            session,
            practitioner_id=practitioner_id,
            state=state,
            kind=kind,
            number=plain,
            expires_on=checked_expiry(expires_on, local_day(now, person.time_zone)),
            verified_at=now,
            source=where,
        )
        trace = f"{state}:{kind}:{expires_on}"
        audit.record(session, actor, "license.add", "license", license_id, reason=trace)
        return license_id


def renew_license(
    *,
    practitioner_id: UUID,
    license_id: UUID,
    number: str,
    expires_on: date,
    source: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Enter a new day of expiry, or put a number right, as looked up today.

    Raises NotAllowed for all but owners, NotFound, Rejected, Conflict for one that was ended.
    """
    check_owner(actor)
    where = checked_source(source)
    with db.transaction() as session:
        person = writes.practitioner_locked(session, practitioner_id)
        row = _standing(writes.license_locked(session, practitioner_id, license_id))
        row.number = checked_number(row.kind, number)
        row.expires_on = checked_expiry(expires_on, local_day(now, person.time_zone))
        row.verified_at, row.source = now, where
        trace = f"{row.state}:{row.kind}:{expires_on}"
        audit.record(session, actor, "license.renew", "license", row.id, reason=trace)


def verify_license(*, practitioner_id: UUID, license_id: UUID, source: str, actor: Actor, now: datetime) -> None:
    """Note that it was looked up again and stands as it is on file. Raises as `renew_license`."""
    check_owner(actor)
    where = checked_source(source)
    with db.transaction() as session:
        row = _standing(writes.license_locked(session, practitioner_id, license_id))
        row.verified_at, row.source = now, where
        trace = f"{row.state}:{row.kind}:{row.expires_on}"
        audit.record(session, actor, "license.verify", "license", row.id, reason=trace)


def end_license(*, practitioner_id: UUID, license_id: UUID, actor: Actor, now: datetime) -> None:
    """It counts no longer, from this moment: suspended, surrendered, or entered by mistake. Ending it again is once.

    Visits booked under it are found by `watch_bookings`. Raises NotAllowed for all but owners, NotFound.
    """
    check_owner(actor)
    with db.transaction() as session:
        writes.practitioner_locked(session, practitioner_id)  # whoever books at this moment comes before or after
        row = writes.license_locked(session, practitioner_id, license_id)
        if row.ended_at is None:
            row.ended_at = now
            trace = f"{row.state}:{row.kind}:{row.expires_on}"
            audit.record(session, actor, "license.end", "license", row.id, reason=trace)


def _standing(row: LicenseRecord) -> LicenseRecord:
    if row.ended_at is not None:
        raise ENDED
    return row
