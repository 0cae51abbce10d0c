"""Who works here, and who is invited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Row, Select, Text, Uuid, column, exists, func, or_, select, table
from sqlalchemy.dialects.postgresql import TSTZRANGE
from sqlalchemy.orm import Session

from service.accounts.models import Invitation, Passkey, SignIn, User
from service.accounts.queries.people import display_names, names_of
from service.kit import crypto

# By name: visits live in a room above this one.
PRACTITIONERS = table("practitioners", column("id", Uuid), column("user_id", Uuid))
APPOINTMENTS = table(
    "appointments", column("practitioner_id", Uuid), column("status", Text), column("during", TSTZRANGE)
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the team, as an owner or auditor sees them."""

    id: UUID
    name: str
    email: str
    role: str
    has_second_factor: bool
    seen_at: datetime | None  # wall time
    since: datetime
    deactivated_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that nobody accepted yet, run out or not."""

    id: UUID
    name: str
    email: str
    role: str
    invited_by: str  # a name; empty for the command line
    sent_at: datetime
    expires_at: datetime
    is_over: bool


@dataclass(frozen=True, slots=True)
class Team:
    """The people first, those who left last; then who is invited."""

    members: list[Member]
    invitations: list[OpenInvitation]

    @property
    def has_no_reviewer(self) -> bool:
        """Is there nobody to judge what the only owner opens in an emergency?"""
        roles = [member.role for member in self.members if member.deactivated_at is None]
        return roles.count("owner") == 1 and "auditor" not in roles


def owners_locked(session: Session) -> list[UUID]:
    """The active owners, locked until the transaction ends: two who demote each other take turns."""
    query = select(User.id).where(User.kind == "staff", User.role == "owner", User.deactivated_at.is_(None))
    return list(session.scalars(query.order_by(User.id).with_for_update(key_share=True)))


def team(session: Session, wall_now: datetime) -> Team:
    """Everybody, in three statements whatever the number."""
    rows = session.execute(_members().order_by(User.deactivated_at.is_not(None), User.created_at, User.id))
    invitations = list(session.scalars(_open_invitations().order_by(Invitation.created_at, Invitation.id)))
    hosts = display_names(session, [row.invited_by for row in invitations if row.invited_by is not None])
    return Team([_member(row) for row in rows], [_invitation(row, hosts, wall_now) for row in invitations])


def member(session: Session, user_id: UUID) -> Member | None:
    """One of the team, or None: patients are nobody here."""
    row = session.execute(_members().where(User.id == user_id)).one_or_none()
    return None if row is None else _member(row)


def open_invitation(session: Session, invitation_id: UUID, wall_now: datetime) -> OpenInvitation | None:
    """One that was neither accepted nor withdrawn, or None."""
    row = session.scalars(_open_invitations().where(Invitation.id == invitation_id)).one_or_none()
    if row is None:
        return None
    hosts = display_names(session, [row.invited_by] if row.invited_by else [])
    return _invitation(row, hosts, wall_now)


def visits_ahead(session: Session, user_id: UUID, now: datetime) -> int:
    """How many visits with this person are booked and not over. Business time."""
    query = (
        select(func.count())
        .select_from(APPOINTMENTS.join(PRACTITIONERS, PRACTITIONERS.c.id == APPOINTMENTS.c.practitioner_id))
        .where(
            PRACTITIONERS.c.user_id == user_id,
            APPOINTMENTS.c.status == "booked",
            func.upper(APPOINTMENTS.c.during, type_=DateTime(timezone=True)) > now,
        )
    )
    return session.scalar(query) or 0


def invitation_address(row: Invitation) -> str:
    """Where an invitation went."""
    return crypto.unseal(row.email_sealed, "invitations", "email", row.id)


def invitation_name(row: Invitation) -> str:
    """Who was invited, as the owner wrote it."""
    return crypto.unseal(row.name_sealed, "invitations", "name", row.id)


def _members() -> Select[tuple[object, ...]]:
    seen = select(func.max(SignIn.seen_at)).where(SignIn.user_id == User.id).scalar_subquery()
    passkey = exists().where(Passkey.user_id == User.id, Passkey.removed_at.is_(None))
    return select(  # type: ignore[return-value]
        User.id,
        User.display_name_sealed,
        User.email_sealed,
        User.role,
        or_(User.totp_sealed.is_not(None), passkey).label("has_second_factor"),
        seen.label("seen_at"),
        User.created_at,
        User.deactivated_at,
    ).where(User.kind == "staff")


def _member(row: Row[tuple[object, ...]]) -> Member:
    return Member(
        id=row.id,
        name=" ".join(part for part in names_of(row.display_name_sealed, row.id) if part),
        email=crypto.unseal(row.email_sealed, "users", "email", row.id),
        role=row.role,
        has_second_factor=row.has_second_factor,
        seen_at=row.seen_at,
        since=row.created_at,
        deactivated_at=row.deactivated_at,
    )


def _open_invitations() -> Select[Invitation]:
    return select(Invitation).where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))


def _invitation(row: Invitation, hosts: dict[UUID, str], wall_now: datetime) -> OpenInvitation:
    return OpenInvitation(
        id=row.id,
        name=invitation_name(row),
        email=invitation_address(row),
        role=row.role,
        invited_by=hosts.get(row.invited_by, "") if row.invited_by else "",
        sent_at=row.created_at,
        expires_at=row.expires_at,
        is_over=row.expires_at <= wall_now,
    )
