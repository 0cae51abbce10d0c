"""Sign-ins and the browsers they happen in. Every moment is wall time, but `now` of a mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts.models import KnownDevice, Patient, SignIn, User
from service.accounts.rules import ABSOLUTE
from service.accounts.rules.factors import DEVICE_LIFE, device_tokens, with_device_token
from service.kit import crypto
from service.kit.actor import Actor
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail
from service.mail.rules import Email

ELSEWHERE = "America/New_York"  # for staff who chose no zone


def open_sign_in(session: Session, user: User, actor: Actor, wall_now: datetime) -> tuple[SignIn, str]:
    """A new sign-in, with only the password proved so far, and its token."""
    sign_in_id, token = new_id(), new_token()
    row = SignIn(
        id=sign_in_id,
        token_hash=token_hash(token),
        user_id=user.id,
        agent_sealed=_sealed(actor.user_agent, "agent", sign_in_id),
        address_sealed=_sealed(actor.address, "address", sign_in_id),
        created_at=wall_now,
        seen_at=wall_now,
        expires_at=wall_now + ABSOLUTE,
    )
    session.add(row)
    session.flush()
    return row, token


def _sealed(text: str | None, column: str, sign_in_id: UUID) -> bytes | None:
    return crypto.seal(text, "sign_ins", column, sign_in_id) if text else None


def standing_sign_in(session: Session, sign_in_id: UUID, user_id: UUID) -> SignIn | None:
    """The sign-in, locked, unless it has ended."""
    query = select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
    return session.scalars(query.with_for_update()).one_or_none()


def renew_token(row: SignIn, wall_now: datetime) -> str:
    """Another token for the same sign-in: whoever knew the old one knows nothing any more. Returns the new one."""
    token = new_token()
    row.token_hash, row.seen_at = token_hash(token), wall_now
    return token


def renewed_token(session: Session, sign_in_id: UUID, user_id: UUID, wall_now: datetime) -> str | None:
    """Another token for somebody's sign-in, because what they sign in with has changed. None where it has ended."""
    row = standing_sign_in(session, sign_in_id, user_id)
    return None if row is None else renew_token(row, wall_now)


def known_device(
    session: Session, user_id: UUID, cookie: str | None, wall_now: datetime
) -> tuple[KnownDevice, str] | None:
    """The browser behind `cookie`, if `user_id` came in with it before, and the token that says so."""
    tokens = {token_hash(token): token for token in device_tokens(cookie)}
    if not tokens:
        return None
    row = session.scalars(
        select(KnownDevice)
        .where(
            KnownDevice.user_id == user_id,
            KnownDevice.token_hash.in_(tokens),
            KnownDevice.forgotten_at.is_(None),
            KnownDevice.seen_at > wall_now - DEVICE_LIFE,
        )
        .order_by(KnownDevice.seen_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row, tokens[bytes(row.token_hash)])


def remember_device(
    session: Session, user_id: UUID, cookie: str | None, wall_now: datetime, *, spares_step: bool
) -> tuple[KnownDevice, str, bool]:
    """Know this browser from now on. Returns it, the cookie that says so, and whether it is new."""
    found = known_device(session, user_id, cookie, wall_now)
    if found is not None:
        device, token = found
        device.seen_at, device.spares_step = wall_now, device.spares_step or spares_step
        return device, with_device_token(cookie, token), False
    token = new_token()
    device = KnownDevice(
        id=new_id(),
        user_id=user_id,
        token_hash=token_hash(token),
        first_seen_at=wall_now,
        seen_at=wall_now,
        spares_step=spares_step,
    )
    session.add(device)
    session.flush()
    return device, with_device_token(cookie, token), True


def come_in(
    session: Session,
    row: SignIn,
    cookie: str | None,
    *,
    spares_step: bool,
    now: datetime,
    wall_now: datetime,
) -> str:
    """The second step was taken: this sign-in opens doors, its browser is known, its owner hears of a new one.

    Returns the cookie that knows the browser. The caller renews the token.
    """
    device, new_cookie, is_new = remember_device(session, row.user_id, cookie, wall_now, spares_step=spares_step)
    row.second_factor_at, row.device_id = wall_now, device.id
    if is_new:
        letter = _word_of_it(session, row, wall_now)
        mail.put(session, letter, key=f"new_sign_in:{row.id}", user_id=row.user_id, now=now)
    return new_cookie


def _word_of_it(session: Session, row: SignIn, wall_now: datetime) -> Email:
    """When the sign-in was, in its owner's own time, and in which browser."""
    locale, of_user, of_patient = session.execute(
        select(User.locale, User.time_zone, Patient.time_zone)
        .outerjoin(Patient, Patient.user_id == User.id)
        .where(User.id == row.user_id)
    ).one()
    agent = crypto.unseal(row.agent_sealed, "sign_ins", "agent", row.id) if row.agent_sealed else None
    zone = of_patient or of_user or ELSEWHERE
    return emails.new_sign_in(at=wall_now, zone=zone, agent=agent, locale=locale)
