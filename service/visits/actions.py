"""Letting clinicians in, with what patients must be able to rely on: licences and hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.accounts.actions import create_staff
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.visits import writes
from service.visits.rules.rota import TypedHours, TypedLicense


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
    """Add a clinician whom patients can book. Returns the practitioner's id.

    Raises Rejected without a licence or hours, and what `create_staff` raises. The account is made first, in its own
    transaction: a clinician who can sign in but is not bookable yet is harmless.
    """
    if not licenses or not hours:
        raise Rejected("clinician_incomplete", words("A clinician needs at least one license and some hours."))
    user_id = create_staff(
        email=email,
        password=password,
        display_name=display_name,
        role="clinician",
        totp_secret=totp_secret,
        actor=actor,
        now=now,
    )
    with db.transaction() as session:
        practitioner_id = writes.add_practitioner(
            session,
            user_id=user_id,
            display_name=f"Dr. {display_name}" if credentials in ("MD", "DO") else display_name,
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
        audit.record(session, actor, "clinician.add", "practitioner", practitioner_id)
    return practitioner_id
