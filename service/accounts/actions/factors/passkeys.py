"""Passkeys: adding, naming, removing. Wall time, but `now`, which dates a mail."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts.actions.factors.settle import added, changing, removed
from service.accounts.actions.sign_in import SignedIn
from service.accounts.models import Passkey
from service.accounts.queries import address_of
from service.accounts.queries.factors import credential_ids
from service.accounts.rules import passkeys as rules
from service.accounts.rules.factors import PASSKEYS_AT_MOST
from service.accounts.rules.passkeys import NewKey, Site, Unfit
from service.accounts.writes import factors as proofs
from service.audit import writes as audit
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, Rejected, words
from service.kit.ids import new_id

UNFIT = Rejected("passkey_unfit", words("That passkey could not be added. Try again, or use another device."))
TOO_MANY = Conflict("too_many_passkeys", words("You have as many passkeys as we keep. Remove one first."))
NO_SUCH = NotFound("no_such_passkey", words("There is no such passkey."))


def new_passkey_options(*, user_id: UUID, site: Site, challenge: bytes) -> dict[str, Any]:
    """What the browser is given to make a passkey with. Changes nothing."""
    with db.reading() as session:
        address, name, _ = address_of(session, user_id) or ("", "", "")
        known = credential_ids(session, user_id)
    return rules.to_make(site, challenge, user_handle=user_id.bytes, address=address, name=name or address, known=known)


def add_passkey(
    *,
    user_id: UUID,
    sign_in_id: UUID,
    site: Site,
    credential: str,
    challenge: bytes,
    name: str,
    end_others: bool,
    device_cookie: str | None,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> SignedIn:
    """Keep the public half of what the browser made. Raises Rejected for an answer that does not hold."""
    refused: str | None = None
    with db.transaction() as session:
        user, row = changing(session, user_id, sign_in_id, wall_now)
        try:
            key = rules.made(site, credential, challenge)
            proofs.spend(session, challenge, wall_now)
            _keep(session, user_id, key, name, wall_now)
        except Unfit as unfit:
            refused = str(unfit)
        else:
            done = added(
                session, user, row, "passkey_added", device_cookie, end_others=end_others, now=now, wall_now=wall_now
            )
        outcome = "refused" if refused else "done"
        audit.record(session, actor, "account.add_passkey", "user", user_id, reason=refused, outcome=outcome)
    if refused is not None:
        raise UNFIT
    return done


def _keep(session: Session, user_id: UUID, key: NewKey, name: str, wall_now: datetime) -> None:
    query = select(func.count()).where(Passkey.user_id == user_id, Passkey.removed_at.is_(None))
    if session.scalars(query).one() >= PASSKEYS_AT_MOST:
        raise TOO_MANY
    passkey_id = new_id()
    kept = insert(Passkey).values(
        id=passkey_id,
        user_id=user_id,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        name_sealed=crypto.seal(_plain(name), "passkeys", "name", passkey_id),
        created_at=wall_now,
    )
    kept = kept.on_conflict_do_nothing(index_elements=["credential_id"])
    if session.execute(kept.returning(Passkey.id)).first() is None:
        raise Unfit("known_already")


def _plain(name: str) -> str:
    """A name without what no keyboard types."""
    return "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip() or "Passkey"


def _own(session: Session, user_id: UUID, passkey_id: UUID) -> Passkey:
    query = select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id, Passkey.removed_at.is_(None))
    key = session.scalars(query.with_for_update()).one_or_none()
    if key is None:
        raise NO_SUCH
    return key


def rename_passkey(*, user_id: UUID, passkey_id: UUID, name: str, actor: Actor) -> None:
    """Call a passkey something else. Raises NotFound for one that is not the person's."""
    with db.transaction() as session:
        key = _own(session, user_id, passkey_id)
        key.name_sealed = crypto.seal(_plain(name), "passkeys", "name", key.id)
        audit.record(session, actor, "account.rename_passkey", "passkey", key.id)


def remove_passkey(
    *,
    user_id: UUID,
    sign_in_id: UUID,
    passkey_id: UUID,
    end_others: bool,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
) -> str:
    """The passkey counts no more. Returns the sign-in's new token.

    Raises NotFound for one that is not the person's, Conflict when it is the last second step of staff.
    """
    with db.transaction() as session:
        user, row = changing(session, user_id, sign_in_id, wall_now)
        key = _own(session, user_id, passkey_id)
        key.removed_at = wall_now
        token = removed(session, user, row, "passkey_removed", end_others=end_others, now=now, wall_now=wall_now)
        audit.record(session, actor, "account.remove_passkey", "passkey", key.id)
    return token
