"""What opens an account, and what reaches its owner, taken away inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from service.accounts.models import (
    CareTeamMember,
    KeptForm,
    KnownDevice,
    OneTimeCode,
    OneTimeLink,
    Passkey,
    Patient,
    RecoveryCode,
    SignIn,
    User,
)
from service.accounts.queries import closed_index
from service.accounts.rules.links import while_open
from service.checkins.models import CheckIn
from service.enrollment.models import Enrollment, WaitlistEntry
from service.kit import crypto
from service.mail.models import OutboxMessage
from service.privacy.models import DataExport
from service.safety.models import Alert


def shut(session: Session, user: User, *, now: datetime, wall_now: datetime) -> None:
    """Nobody signs in to this account again, by whatever way, and its address is free for a new one."""
    user.deactivated_at = now
    # Whoever looks the address up must not find this account: its owner may join again as somebody new.
    user.email_index = closed_index(user.id)
    for table, column in (
        (SignIn, "revoked_at"),
        (OneTimeLink, "used_at"),
        (OneTimeCode, "used_at"),
        (KnownDevice, "forgotten_at"),
        (Passkey, "removed_at"),
        (RecoveryCode, "replaced_at"),
        (KeptForm, "used_at"),
    ):
        ended = getattr(table, column)
        session.execute(update(table).where(table.user_id == user.id, ended.is_(None)).values({column: wall_now}))
    session.flush()


def remove_openers(session: Session, user_id: UUID) -> None:
    """Password, app secret, passkeys, recovery codes, links, codes, known devices and kept forms of a shut account."""
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            password_hash="", totp_sealed=None, totp_pending_sealed=None, totp_pending_for=None, totp_last_step=None
        )
    )
    session.execute(update(SignIn).where(SignIn.user_id == user_id).values(device_id=None))
    for table in (OneTimeCode, OneTimeLink, KeptForm, Passkey, RecoveryCode, KnownDevice):
        session.execute(delete(table).where(table.user_id == user_id))


def remove_contacts(session: Session, patient: Patient, now: datetime) -> None:
    """What only served to reach somebody, to address or to count them: the law does not ask us to keep it."""
    patient.contacts_removed_at = now
    patient.phone_sealed = patient.address_sealed = patient.emergency_contact_sealed = None
    patient.preferred_name_sealed = patient.pronouns_sealed = patient.demographics_sealed = None
    session.execute(
        update(User)
        .where(User.id == patient.user_id)
        .values(email_sealed=crypto.seal("", "users", "email", patient.user_id))
    )
    session.flush()


def end_care_after_care(
    session: Session, *, closed_before: datetime, joined_before: datetime, wall_now: datetime
) -> None:
    """Whoever took an alert about somebody whose care or account has ended looks after them for a while, not for ever.

    Not while an alert is open. `closed_before` is business time, the others wall time.
    """
    waiting = select(Alert.patient_id).where(Alert.patient_id.is_not(None), Alert.acknowledged_at.is_(None))
    closed = select(Patient.id).where(Patient.closed_at < closed_before)
    mine = Enrollment.patient_id == CareTeamMember.patient_id
    ended = and_(
        exists().where(mine, Enrollment.status == "ended"), ~exists().where(mine, Enrollment.status != "ended")
    )
    session.execute(
        update(CareTeamMember)
        .where(CareTeamMember.until.is_(None), CareTeamMember.since < joined_before)
        .where(CareTeamMember.patient_id.not_in(waiting))
        .where(or_(CareTeamMember.patient_id.in_(closed), and_(CareTeamMember.why == "alert", ended)))
        .values(until=wall_now)
        .execution_options(synchronize_session=False)
    )


def leave_waitlist(session: Session, email_index: bytes, *, keep: bool, now: datetime) -> None:
    """This address waits for nothing any more. `keep`: under a legal hold the rows stay, as left."""
    mine = WaitlistEntry.email_index == email_index
    if keep:
        left = func.coalesce(WaitlistEntry.left_at, now)
        session.execute(update(WaitlistEntry).where(mine).values(left_at=left, wanted_at=None))
    else:
        session.execute(delete(WaitlistEntry).where(mine))


def drop_mails(session: Session, user_id: UUID, now: datetime) -> None:
    """What waits to leave does not. What is queued later finds no address: the account is closed."""
    mine = or_(OutboxMessage.user_id == user_id, OutboxMessage.wanted_while == while_open(user_id))
    session.execute(
        update(OutboxMessage)
        .where(mine, OutboxMessage.status == "queued")
        .values(status="skipped", ended_at=now, lease_until=None)
    )


def close_checkins(session: Session, patient_id: UUID) -> None:
    """Nobody is asked or reminded any more."""
    session.execute(
        update(CheckIn)
        .where(CheckIn.patient_id == patient_id, CheckIn.status == "open")
        .values(status="missed", remind_at=None)
    )


def drop_copies(session: Session, patient_id: UUID, *, keep: bool) -> None:
    """Copies that nobody can fetch any more. `keep`: under a legal hold those that are there stay."""
    states = ("asked",) if keep else ("asked", "ready")
    session.execute(
        update(DataExport)
        .where(DataExport.patient_id == patient_id, DataExport.status.in_(states))
        .values(status="expired", json_sealed=None, pdf_sealed=None, claimed_until=None)
    )
