"""What somebody can prove with that it is them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from service.accounts.models import OneTimeCode, Passkey, RecoveryCode, SignIn, User
from service.accounts.rules.factors import MAILED_COUNTED, PENDING_LIFE, mailed_wait
from service.kit import crypto


@dataclass(frozen=True, slots=True)
class PasskeyShown:
    """A passkey on the page that lists them. Wall time."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """A person's second steps. `own` says whether there is any; recovery codes alone are none."""

    totp: bool
    passkeys: tuple[PasskeyShown, ...]
    recovery_codes_left: int

    @property
    def own(self) -> bool:
        """Has the person a second step of their own?"""
        return self.totp or bool(self.passkeys)


def factors(session: Session, user_id: UUID) -> Factors:
    """Everything `user_id` has added, the oldest passkey first."""
    totp, left = session.execute(
        select(
            User.totp_sealed.is_not(None),
            select(func.count())
            .where(RecoveryCode.user_id == User.id, RecoveryCode.used_at.is_(None), RecoveryCode.replaced_at.is_(None))
            .scalar_subquery(),
        ).where(User.id == user_id)
    ).one()
    standing = select(Passkey).where(Passkey.user_id == user_id, Passkey.removed_at.is_(None))
    passkeys = tuple(
        PasskeyShown(key.id, crypto.unseal(key.name_sealed, "passkeys", "name", key.id), key.created_at, key.used_at)
        for key in session.scalars(standing.order_by(Passkey.created_at, Passkey.id))
    )
    return Factors(totp, passkeys, left)


def has_factor(session: Session, user: User) -> bool:
    """Has `user` a second step of their own?"""
    if user.totp_sealed is not None:
        return True
    standing = exists().where(Passkey.user_id == user.id, Passkey.removed_at.is_(None))
    return bool(session.scalar(select(standing)))


def credential_ids(session: Session, user_id: UUID) -> list[bytes]:
    """The passkeys of `user_id`, as browsers name them."""
    return list(
        session.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id, Passkey.removed_at.is_(None)))
    )


def pending_secret(session: Session, user_id: UUID, sign_in_id: UUID, wall_now: datetime) -> str | None:
    """The secret that waits for a first code in this very sign-in (base32), if there is one."""
    sealed = session.scalar(
        select(User.totp_pending_sealed).where(
            User.id == user_id, User.totp_pending_for == sign_in_id, User.totp_pending_at > wall_now - PENDING_LIFE
        )
    )
    return None if sealed is None else crypto.unseal(sealed, "users", "totp_pending", user_id)


def set_up_code_due(session: Session, user_id: UUID, sign_in_id: UUID, wall_now: datetime) -> bool:
    """Must staff without a second step show here the code that was handed over, before they add their first?"""
    shown = exists().where(SignIn.id == sign_in_id, SignIn.may_set_up_at.is_not(None))
    invited = exists().where(User.id == user_id, User.set_up_until > wall_now)
    return not session.scalar(select(shown | invited))


def next_code_at(session: Session, user_id: UUID, purpose: str, wall_now: datetime) -> datetime:
    """When another code may be mailed to `user_id` for `purpose`. What was asked for before a new password is over."""
    new_password = select(User.password_changed_at).where(User.id == user_id).scalar_subquery()
    sent, newest = session.execute(
        select(func.count(), func.max(OneTimeCode.created_at)).where(
            OneTimeCode.user_id == user_id,
            OneTimeCode.purpose == purpose,
            OneTimeCode.created_at > func.greatest(new_password, wall_now - MAILED_COUNTED),
        )
    ).one()
    return wall_now if newest is None else newest + mailed_wait(sent)


def code_waits(session: Session, sign_in_id: UUID, purpose: str, wall_now: datetime) -> bool:
    """Was a code mailed for this sign-in and `purpose` that still works?"""
    open_code = exists().where(
        OneTimeCode.sign_in_id == sign_in_id,
        OneTimeCode.purpose == purpose,
        OneTimeCode.used_at.is_(None),
        OneTimeCode.expires_at > wall_now,
    )
    return bool(session.scalar(select(open_code)))
