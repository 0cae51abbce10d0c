"""Who is behind a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from service.accounts.models import Passkey, Patient, SignIn, User
from service.accounts.queries.people import names_of
from service.accounts.rules import IDLE, TOUCH_EVERY, still_signed_in
from service.accounts.rules.idle import age_left, idle_left
from service.kit.asked import Asked
from service.kit.db import Line
from service.kit.ids import token_hash


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request. Speaks Flask-Login's four words without knowing Flask."""

    user_id: UUID
    kind: str
    role: str | None
    sign_in_id: UUID
    second_factor_passed: bool
    second_step_due: bool  # the password was right, and no page opens before the second step
    must_set_up: bool  # the same, for staff who have no second step yet: the pages that add one open
    proved_at: datetime | None  # wall time: when they last showed a second factor or proved again who they are
    locale: str
    given_name: str
    patient_id: UUID | None
    time_zone: str
    token: str
    wants_touch: bool
    idle_left: int  # seconds until they are signed out unless they do something
    age_left: int  # seconds until they are signed out whatever they do

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def left(self) -> int:
        """Seconds until this sign-in ends by itself."""
        return min(self.idle_left, self.age_left)

    @property
    def left_after_touch(self) -> int:
        """The same for somebody who has just done something."""
        return min(int(IDLE[self.kind].total_seconds()), self.age_left)

    @property
    def lasts(self) -> int:
        """How long a page may stand that is opened by this request: reading it was an act, and noted once a minute."""
        return self.left_after_touch if self.wants_touch else self.left

    @property
    def mark(self) -> str:
        """Tells two people apart, for a page that waits in another window. Says nothing about either."""
        return token_hash(f"mark:{self.user_id}").hex()[:16]

    def get_id(self) -> str:
        """What the session cookie holds: the sign-in's token, not the user's id."""
        return self.token


def _without_a_factor() -> ColumnElement[bool]:
    """Staff halfway in who have nothing to show. CASE, so that passkeys are looked for only when all else says so."""
    halfway = (User.kind == "staff") & SignIn.second_factor_at.is_(None) & User.totp_sealed.is_(None)
    passkey = exists().where(Passkey.user_id == User.id, Passkey.removed_at.is_(None))
    return case((halfway, ~passkey), else_=False)


_PRINCIPAL = Asked(
    select(
        SignIn.id.label("sign_in_id"),
        SignIn.created_at,
        SignIn.seen_at,
        SignIn.second_factor_at,
        SignIn.device_id,
        _without_a_factor().label("must_set_up"),
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
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.revoked_at.is_(None),
        SignIn.expires_at > bindparam("wall_now"),
        User.deactivated_at.is_(None),
    )
)


def principal(session: Session | Line, token: str, wall_now: datetime) -> Principal | None:
    """The person whose sign-in `token` is, in one statement; None when it ended, was revoked or never was."""
    row = next(iter(_PRINCIPAL.rows(session, token_hash=token_hash(token), wall_now=wall_now)), None)
    if row is None or not still_signed_in(row.kind, row.created_at, row.seen_at, wall_now):
        return None
    passed = row.second_factor_at is not None
    return Principal(
        user_id=row.user_id,
        kind=row.kind,
        role=row.role,
        sign_in_id=row.sign_in_id,
        second_factor_passed=passed,
        # Staff always show a second factor; a patient's known device speaks for them.
        second_step_due=not passed and (row.kind == "staff" or row.device_id is None),
        must_set_up=row.must_set_up,
        proved_at=row.proved_at,
        locale=row.locale,
        given_name=names_of(row.display_name_sealed, row.user_id)[0],
        patient_id=row.patient_id,
        time_zone=row.time_zone or "America/New_York",
        token=token,
        wants_touch=wall_now - row.seen_at >= TOUCH_EVERY,
        idle_left=idle_left(row.kind, row.seen_at, wall_now),
        age_left=age_left(row.created_at, wall_now),
    )
