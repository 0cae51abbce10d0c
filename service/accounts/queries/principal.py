"""Who is behind a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.accounts.models import Patient, SignIn, User
from service.accounts.queries.people import names_of
from service.accounts.rules import TOUCH_EVERY, still_signed_in
from service.kit.ids import token_hash


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request. Speaks Flask-Login's four words without knowing Flask."""

    user_id: UUID
    kind: str
    role: str | None
    sign_in_id: UUID
    second_factor_passed: bool
    proved_at: datetime | None  # wall time: when they last showed a second factor or proved again who they are
    locale: str
    given_name: str
    patient_id: UUID | None
    time_zone: str
    token: str
    wants_touch: bool

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the session cookie holds: the sign-in's token, not the user's id."""
        return self.token


def principal(session: Session, token: str, wall_now: datetime) -> Principal | None:
    """The person whose sign-in `token` is, in one statement; None when it ended, was revoked or never was."""
    row = session.execute(
        select(
            SignIn.id.label("sign_in_id"),
            SignIn.created_at,
            SignIn.seen_at,
            SignIn.second_factor_at,
            func.greatest(SignIn.second_factor_at, SignIn.proved_at).label("proved_at"),
            User.id.label("user_id"),
            User.kind,
            User.role,
            User.locale,
            User.display_name_sealed,
            Patient.id.label("patient_id"),
            func.coalesce(Patient.time_zone, User.time_zone).label("time_zone"),
        )
        .join(User, User.id == SignIn.user_id)
        .outerjoin(Patient, Patient.user_id == User.id)
        .where(
            SignIn.token_hash == token_hash(token),
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > wall_now,
            User.deactivated_at.is_(None),
        )
    ).one_or_none()
    if row is None or not still_signed_in(row.kind, row.created_at, row.seen_at, wall_now):
        return None
    return Principal(
        user_id=row.user_id,
        kind=row.kind,
        role=row.role,
        sign_in_id=row.sign_in_id,
        second_factor_passed=row.second_factor_at is not None,
        proved_at=row.proved_at,
        locale=row.locale,
        given_name=names_of(row.display_name_sealed, row.user_id)[0],
        patient_id=row.patient_id,
        time_zone=row.time_zone or "America/New_York",
        token=token,
        wants_touch=wall_now - row.seen_at >= TOUCH_EVERY,
    )
