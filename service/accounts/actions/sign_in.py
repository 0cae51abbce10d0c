"""In and out of the door. Every moment here is wall time, but `now`, which dates a mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from service.accounts.actions import tries
from service.accounts.models import SignIn, User
from service.accounts.queries import user_by_email
from service.accounts.queries.factors import has_factor
from service.accounts.rules import normal_email
from service.accounts.rules.passkeys import Site, Unfit
from service.accounts.writes import factors as proofs
from service.accounts.writes import sign_ins
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, Rejected, words
from service.kit.passwords import verify_password

WRONG = Rejected(
    "sign_in_wrong",
    words(
        "The email address or password is not right. Check both and try again. "
        "If you have just joined, open the link we mailed you first."
    ),
)
PASSKEY_WRONG = Rejected(
    "passkey_wrong",
    words("That passkey did not work here. Try it once more, or sign in with your email address and password."),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: its token for the cookie, and what is still to come."""

    token: str
    kind: str
    second_step_due: bool = False
    must_set_up: bool = False  # staff without a second step: the pages that add one are open, and no other
    device_cookie: str | None = None  # what the browser shall keep, where it is known now
    offer: bool = False  # a patient who has no second step and never said "not now"


def sign_in(
    *,
    email: str,
    password: str,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
    device_cookie: str | None = None,
    replaces: UUID | None = None,
) -> SignedIn:
    """Check the password and open a sign-in under a new token; end the one it `replaces` in this browser.

    A patient in a known browser is in. Anybody else has a second step to take; whoever has none of their own is
    mailed a code. Raises Rejected for a wrong pair, an unknown or unproved address and a closed account alike;
    NotAllowed while one must wait after too many tries. Unknown addresses take as long and count their failures too.
    """
    try:
        address = normal_email(email)
    except Rejected:
        verify_password(None, password)
        with db.transaction() as session:
            audit.record(session, actor, "account.sign_in", "user", outcome="refused", reason="email_syntax")
        raise WRONG from None
    with db.transaction() as session:  # counted before it is judged: many tries at once are many tries
        allowed = tries.allow_password(session, address, actor.address, wall_now)
        user = user_by_email(session, address)
        stored = user.password_hash if user and user.deactivated_at is None else None
        who = user.id if user else None
        if not allowed:
            audit.record(session, actor, "account.sign_in", "user", who, reason="wait", outcome="refused")
    if not allowed:
        raise NotAllowed(
            "sign_in_wait",
            words("There were too many tries for this address. Wait a few minutes, then try again."),
        )
    right = verify_password(stored, password)  # slow: outside any transaction
    with db.transaction() as session:
        # Under its lock once more: a password replaced, or an account closed, while it was judged opens nothing.
        user = _unchanged(session, user, stored)
        if not right or user is None:
            audit.record(session, actor, "account.sign_in", "user", who, outcome="refused")
            signed_in = None
        else:
            tries.forget_password(session, address, actor.address, wall_now)
            signed_in = _begin(session, user, device_cookie, actor, now, wall_now)
            _end(session, replaces, wall_now)
            reason = "second_step_due" if signed_in.second_step_due else None
            audit.record(session, _as(actor, user), "account.sign_in", "user", user.id, reason=reason)
    if signed_in is None:
        raise WRONG
    return signed_in


def _unchanged(session: Session, user: User | None, stored: str | None) -> User | None:
    """The account as it stands now, locked, where `stored` is still its password and it is open."""
    if user is None:
        return None
    query = select(User).where(User.id == user.id).with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one()
    return found if found.password_hash == stored and found.deactivated_at is None else None


def _as(actor: Actor, user: User) -> Actor:
    return Actor(
        "staff" if user.kind == "staff" else "patient",
        user.id,
        user.role,
        address=actor.address,
        user_agent=actor.user_agent,
    )


def _begin(
    session: Session, user: User, cookie: str | None, actor: Actor, now: datetime, wall_now: datetime
) -> SignedIn:
    """Open the sign-in after a right password: all the way, or up to the second step."""
    row, token = sign_ins.open_sign_in(session, user, actor, wall_now)
    known = sign_ins.known_device(session, user.id, cookie, wall_now)
    own = has_factor(session, user)
    if user.kind == "patient" and known is not None and known[0].spares_step:
        device, device_cookie, _ = sign_ins.remember_device(session, user.id, cookie, wall_now, spares_step=True)
        row.device_id = device.id
        if not _came_in_before(session, row):
            # The address was proved in this browser, with the password: that proof is as old as the device.
            row.proved_at = device.first_seen_at
        return SignedIn(token, user.kind, device_cookie=device_cookie, offer=wants_offer(user, own=own))
    if user.kind == "patient" and not own:
        proofs.mail_code(session, user_id=user.id, sign_in_id=row.id, purpose="sign_in", now=now, wall_now=wall_now)
    return SignedIn(token, user.kind, second_step_due=True, must_set_up=user.kind == "staff" and not own)


def _came_in_before(session: Session, row: SignIn) -> bool:
    """Is this not the first sign-in of the account?"""
    other = exists().where(SignIn.user_id == row.user_id, SignIn.id != row.id)
    return bool(session.scalar(select(other)))


def wants_offer(user: User, *, own: bool) -> bool:
    """Shall this person be shown what a second step is good for? Once: "not now" is an answer."""
    return user.kind == "patient" and not own and user.second_step_declined_at is None


def sign_in_with_passkey(
    *,
    site: Site,
    credential: str,
    challenge: bytes,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
    device_cookie: str | None = None,
    replaces: UUID | None = None,
) -> SignedIn:
    """Both steps at once: whoever holds the passkey and unlocked it is in, without a password.

    Raises Rejected for an answer that does not hold, whatever is wrong with it.
    """
    refused: str | None = None
    with db.transaction() as session:
        try:
            user_id = proofs.use_passkey(session, site, credential, challenge, wall_now, of=None)
            user = session.get_one(User, user_id)
            if user.deactivated_at is not None or user.email_confirmed_at is None:
                raise Unfit("closed")
        except Unfit as unfit:
            refused = f"passkey_{unfit}"
            audit.record(session, actor, "account.sign_in", "user", outcome="refused", reason=refused)
        else:
            row, token = sign_ins.open_sign_in(session, user, actor, wall_now)
            cookie = sign_ins.come_in(session, row, device_cookie, spares_step=False, now=now, wall_now=wall_now)
            _end(session, replaces, wall_now)
            audit.record(session, _as(actor, user), "account.sign_in", "user", user.id, reason="passkey")
            signed_in = SignedIn(token, user.kind, device_cookie=cookie)
    if refused is not None:
        raise PASSKEY_WRONG
    return signed_in


def _end(session: Session, sign_in_id: UUID | None, wall_now: datetime) -> None:
    if sign_in_id is not None:
        standing = update(SignIn).where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None))
        session.execute(standing.values(revoked_at=wall_now))


def sign_out(*, sign_in_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """End one sign-in, at once and for good. Ending it twice is no error."""
    with db.transaction() as session:
        _end(session, sign_in_id, wall_now)
        audit.record(session, actor, "account.sign_out", "user", actor.user_id)


def touch(*, sign_in_id: UUID, wall_now: datetime) -> None:
    """Note that the person was here, so that the idle limit counts from now."""
    with db.transaction() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=wall_now))
