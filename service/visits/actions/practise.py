"""Letting clinicians in, with what patients must be able to rely on: licences and hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from service.accounts import queries as accounts
from service.accounts.actions import create_staff
from service.accounts.rules import normal_email
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, Rejected, words
from service.visits import writes
from service.visits.queries import practitioner_of
from service.visits.rules.rota import TypedHours, TypedLicense

INCOMPLETE = Rejected("clinician_incomplete", words("A clinician needs at least one license and some hours."))


def start_practising(
    *,
    email: str,
    credentials: str,
    time_zone: str,
    licenses: Sequence[TypedLicense],
    hours: Sequence[TypedHours],
    actor: Actor,
    now: datetime,
) -> UUID:
    """Make a clinician on the team somebody whom patients can book. Returns the practitioner's id.

    Raises Rejected without a licence, hours or a time zone that exists, NotFound for an address that no active
    clinician has, Conflict for one who practises already.
    """
    if not licenses or not hours:
        raise INCOMPLETE
    if time_zone not in available_timezones():
        raise Rejected("no_such_zone", words("There is no such time zone. Write it like America/New_York."))
    address = normal_email(email)
    with db.transaction() as session:
        user = accounts.user_by_email(session, address)
        if user is None or user.role != "clinician" or user.deactivated_at is not None:
            raise NotFound("no_such_clinician", words("No clinician on the team has this address. Invite them first."))
        if practitioner_of(session, user.id) is not None:
            raise Conflict("practises_already", words("This clinician can be booked already."))
        name = accounts.display_name(session, user.id)
        practitioner_id = writes.add_practitioner(
            session,
            user_id=user.id,
            display_name=f"Dr. {name}" if credentials in ("MD", "DO") else name,
            credentials=credentials,
            time_zone=time_zone,
        )
        for license in licenses:
            writes.add_license(
                session,
                practitioner_id=practitioner_id,
                state=license.state,
                number=license.number,
                expires_on=license.expires_on,
                verified_at=now,
            )
        for stretch in hours:
            writes.add_open_hours(
                session,
                practitioner_id=practitioner_id,
                weekday=stretch.weekday,
                starts=stretch.starts,
                ends=stretch.ends,
            )
        audit.record(session, actor, "clinician.practise", "practitioner", practitioner_id)
    return practitioner_id


def add_clinician(
    *,
    email: str,
    password: str,
    display_name: str,
    credentials: str,
    time_zone: str,
    licenses: Sequence[TypedLicense],
    hours: Sequence[TypedHours],
    totp_secret: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """For the sandbox's demo people: an account as `create_staff` makes it, and its practice. Returns the latter's id.

    Raises what the two raise. They are two transactions: a clinician who cannot be booked yet is harmless.
    """
    if not licenses or not hours:
        raise INCOMPLETE
    create_staff(
        email=email,
        password=password,
        display_name=display_name,
        role="clinician",
        totp_secret=totp_secret,
        actor=actor,
        now=now,
    )
    return start_practising(
        email=email,
        credentials=credentials,
        time_zone=time_zone,
        licenses=licenses,
        hours=hours,
        actor=actor,
        now=now,
    )
