"""Second steps: each says yes or no, and what was right once is not right again. Wall time, but `now` of a mail."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import emails
from service.accounts.models import OneTimeCode, Passkey, RecoveryCode, SpentChallenge, User
from service.accounts.queries.factors import next_code_at
from service.accounts.rules import factors as rules
from service.accounts.rules import passkeys
from service.accounts.rules.passkeys import Site, Unfit
from service.accounts.writes.letters import tell_security_changed
from service.kit import crypto
from service.kit.ids import new_id
from service.mail import writes as mail


def locked_user(session: Session, user_id: UUID) -> User:
    """The account, locked: two codes at the same moment are judged one after the other."""
    return session.scalars(select(User).where(User.id == user_id).with_for_update()).one()


def app_code_is_right(user: User, code: str, wall_now: datetime) -> bool:
    """A code of the app, one period early or late at most; the same step never counts again."""
    if user.totp_sealed is None:
        return False
    secret = crypto.unseal(user.totp_sealed, "users", "totp", user.id)
    step = rules.totp_step(secret, code, user.totp_last_step, wall_now.timestamp())
    if step is not None:
        user.totp_last_step = step
    return step is not None


def _recovery_digest(user_id: UUID, code: str) -> bytes:
    return crypto.index(f"{user_id}:{rules.plain_recovery_code(code)}", "recovery_code")


def use_recovery_code(session: Session, user_id: UUID, code: str, now: datetime, wall_now: datetime) -> bool:
    """One code of the standing set, once. Its owner is told."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _recovery_digest(user_id, code),
            RecoveryCode.used_at.is_(None),
            RecoveryCode.replaced_at.is_(None),
        )
        .values(used_at=wall_now)
        .returning(RecoveryCode.id)
    ).first()
    if used is not None:
        tell_security_changed(session, user_id=user_id, what="recovery_code_used", now=now)
    return used is not None


def drop_recovery_codes(session: Session, user_id: UUID, wall_now: datetime) -> None:
    """No recovery code of `user_id` works any more."""
    standing = update(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.replaced_at.is_(None))
    session.execute(standing.values(replaced_at=wall_now))


def keep_recovery_codes(session: Session, user_id: UUID, codes: Iterable[str], wall_now: datetime) -> None:
    """This set, as digests, in place of any other."""
    drop_recovery_codes(session, user_id, wall_now)
    session.add_all(
        RecoveryCode(id=new_id(), user_id=user_id, code_hash=_recovery_digest(user_id, code), created_at=wall_now)
        for code in codes
    )


def _mailed_digest(code_id: UUID, code: str) -> bytes:
    return crypto.index(f"{code_id}:{rules.digits_of(code)}", "one_time_code")


def mail_code(
    session: Session, *, user_id: UUID, sign_in_id: UUID, purpose: str, now: datetime, wall_now: datetime
) -> bool:
    """Mail a code that works for this sign-in. False, and nothing leaves, while one must wait for the next one."""
    locked_user(session, user_id)
    if next_code_at(session, user_id, purpose, wall_now) > wall_now:
        return False
    code_id, code = new_id(), rules.new_mailed_code()
    session.add(
        OneTimeCode(
            id=code_id,
            user_id=user_id,
            sign_in_id=sign_in_id,
            purpose=purpose,
            code_hash=_mailed_digest(code_id, code),
            created_at=wall_now,
            expires_at=wall_now + rules.MAILED_LIFE,
        )
    )
    session.flush()
    minutes = rules.MAILED_LIFE // timedelta(minutes=1)
    mail.put(
        session,
        emails.sign_in_code(code, minutes),
        key=f"code:{code_id}",
        user_id=user_id,
        now=now,
        send_before=now + rules.MAILED_LIFE,
    )
    return True


def use_mailed_code(session: Session, *, sign_in_id: UUID, purpose: str, code: str, wall_now: datetime) -> bool:
    """The newest code mailed for this sign-in, once, while it lives."""
    newest = session.scalars(
        select(OneTimeCode)
        .where(OneTimeCode.sign_in_id == sign_in_id, OneTimeCode.purpose == purpose, OneTimeCode.used_at.is_(None))
        .order_by(OneTimeCode.created_at.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if newest is None or newest.expires_at <= wall_now:
        return False
    if not hmac.compare_digest(bytes(newest.code_hash), _mailed_digest(newest.id, code)):
        return False
    newest.used_at = wall_now
    return True


def use_passkey(
    session: Session, site: Site, credential: str, challenge: bytes, wall_now: datetime, *, of: UUID | None
) -> UUID:
    """Check a passkey's answer. Returns whose it is; raises Unfit.

    `of` is who must own it. Nobody named: then the passkey must say itself whose it is, and be right.
    """
    answer = passkeys.read(credential)
    query = select(Passkey).where(Passkey.credential_id == answer.credential_id, Passkey.removed_at.is_(None))
    key = session.scalars(query.with_for_update()).one_or_none()
    if key is None or (of is not None and key.user_id != of):
        raise Unfit("unknown")
    if answer.user_handle != key.user_id.bytes and not (of is not None and answer.user_handle is None):
        raise Unfit("handle")
    count = passkeys.answered(site, credential, challenge, public_key=bytes(key.public_key), sign_count=key.sign_count)
    spend(session, challenge, wall_now)
    key.sign_count, key.used_at = count, wall_now
    return key.user_id


def spend(session: Session, challenge: bytes, wall_now: datetime) -> None:
    """A challenge is answered once, even when an old cookie brings it back. Raises Unfit."""
    session.execute(delete(SpentChallenge).where(SpentChallenge.spent_at < wall_now - 2 * passkeys.CHALLENGE_LIFE))
    spent = insert(SpentChallenge).values(challenge_hash=hashlib.sha256(challenge).digest(), spent_at=wall_now)
    spent = spent.on_conflict_do_nothing(index_elements=["challenge_hash"])
    if session.execute(spent.returning(SpentChallenge.challenge_hash)).first() is None:
        raise Unfit("replayed")
