"""A place on the team: offered by an owner or the command line, accepted once by whoever holds the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.accounts import writes
from service.accounts.models import ROLES, Invitation, OneTimeLink, SignIn, User
from service.accounts.queries.people import email_index, user_by_email
from service.accounts.queries.staff import invitation_address, invitation_name, owners_locked
from service.accounts.rules import normal_email
from service.accounts.rules.passwords import password_problem
from service.accounts.rules.staff import NO_SUCH_ROLE, OWNERS_ONLY, checked_reason
from service.accounts.writes import set_up, sign_ins
from service.accounts.writes import staff as places
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.kit.ids import token_hash
from service.kit.passwords import hash_password

TURNS = 7_246_001  # a number of ours for Postgres' advisory locks: invitations are made one after the other
NAME_MOST = 120
OVER = Rejected(
    "invitation_over", words("This invitation was used or withdrawn, or it is older than 72 hours. Ask for a new one.")
)
ON_THE_TEAM = Conflict("on_the_team", words("This address belongs to somebody on the team already: see the list."))
TAKEN = Conflict("address_taken", words("This address has an account already. Staff use an address of their own."))
INVITED = Conflict("invited_already", words("This address is invited already. Send that invitation again instead."))
NOT_THERE = NotFound("no_such_invitation", words("This invitation was accepted or withdrawn already."))
OWNER_EXISTS = NotAllowed(
    "owner_exists",
    words(
        "The practice has an owner, who can invite another. If no owner can be reached, say why with --reason: "
        "every owner is told by mail."
    ),
)


@dataclass(frozen=True, slots=True)
class Invited:
    """What the link's holder sees of the invitation."""

    name: str
    email: str
    role: str


def invite(*, email: str, name: str, role: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Offer a place to whoever reads the mail at `email`, for 72 hours.

    Raises NotAllowed for anybody but an active owner, Rejected for an unfit address, name or role, Conflict where the
    address is on the team or invited already. An address that a patient uses looks like any other from here.
    """
    address, name = normal_email(email), _checked_name(name)
    if role not in ROLES:
        raise NO_SUCH_ROLE
    with db.transaction() as session:
        _take_turns(session)
        _owner_acts(session, actor)
        known = user_by_email(session, address)
        if known is not None and known.kind == "staff":
            raise ON_THE_TEAM
        standing = _standing(session, address)
        if standing is not None and standing.expires_at > wall_now:
            raise INVITED
        if standing is not None:
            standing.withdrawn_at = wall_now
            session.flush()
        row, token = places.add_invitation(
            session, email=address, name=name, role=role, invited_by=actor.user_id, wall_now=wall_now
        )
        places.send_invitation(session, row, token, address_is_a_patients=known is not None, now=now)
        audit.record(session, actor, "staff.invite", "invitation", row.id, reason=role)


def resend(*, invitation_id: UUID, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Mail a new link, good for another 72 hours; the one before no longer works. Raises NotFound, NotAllowed."""
    with db.transaction() as session:
        _take_turns(session)
        _owner_acts(session, actor)
        row = _open(session, invitation_id)
        known = user_by_email(session, invitation_address(row))
        if known is not None and known.kind == "staff":
            raise ON_THE_TEAM
        token = places.renew_invitation(row, wall_now)
        places.send_invitation(session, row, token, address_is_a_patients=known is not None, now=now)
        audit.record(session, actor, "staff.invite_again", "invitation", row.id)


def withdraw(*, invitation_id: UUID, actor: Actor, wall_now: datetime) -> None:
    """The place is no longer on offer, and the link no longer works. Raises NotFound, NotAllowed."""
    with db.transaction() as session:
        _take_turns(session)
        _owner_acts(session, actor)
        row = _open(session, invitation_id)
        row.withdrawn_at = wall_now
        audit.record(session, actor, "staff.withdraw_invitation", "invitation", row.id)


def create_owner(*, email: str, name: str, reason: str | None, actor: Actor, now: datetime, wall_now: datetime) -> str:
    """From the command line: a place for an owner. Returns the path of its link, which is mailed to nobody.

    Raises NotAllowed while there is an active owner and no `reason` why none of them can do it; with one, each of them
    is told. Asking again makes a new link and ends the one before. Raises Conflict for an address with an account.
    """
    address, name = normal_email(email), _checked_name(name)
    with db.transaction() as session:
        _take_turns(session)
        owners = owners_locked(session)
        if owners and reason is None:
            raise OWNER_EXISTS
        why = None if reason is None else checked_reason(reason)
        if user_by_email(session, address) is not None:
            raise TAKEN
        _withdraw_earlier(session, address, wall_now)
        row, token = places.add_invitation(
            session, email=address, name=name, role="owner", invited_by=None, wall_now=wall_now
        )
        for owner in session.scalars(select(User).where(User.id.in_(owners))):
            places.tell_staff(session, owner, "owner_made", now)
        audit.record(session, actor, "staff.create_owner", "invitation", row.id, reason=why)
    return f"/invitation/{token}"


def invited(*, token: str, wall_now: datetime) -> Invited | None:
    """Whom this link invites, while it works. Looking changes nothing: programs that scan mail open links too."""
    with db.reading() as session:
        row = session.scalars(select(Invitation).where(Invitation.token_hash == token_hash(token))).one_or_none()
        return None if row is None or not _works(row, wall_now) else _seen(row)


def accept(
    *,
    token: str,
    name: str,
    password: str,
    actor: Actor,
    now: datetime,
    wall_now: datetime,
    replaces: UUID | None = None,
) -> str:
    """Make the account, with the invitation's address and role, and open a sign-in that waits for a second step.

    Returns the token for the cookie; the sign-in it `replaces` in this browser ends. The link came to the address, so
    the address is proved. Raises Rejected for a link that does not work (any longer), an unfit name or password;
    Conflict for an address in use.
    """
    found = invited(token=token, wall_now=wall_now)
    if found is None:
        raise OVER
    name = _checked_name(name)
    problem = password_problem(password, [name, found.email])
    if problem is not None:
        raise Rejected("password_unfit", problem)
    hashed = hash_password(password)  # slow: outside any transaction
    given, _, family = name.partition(" ")
    with db.transaction() as session:
        row = session.scalars(
            select(Invitation).where(Invitation.token_hash == token_hash(token)).with_for_update()
        ).one_or_none()
        if row is None or not _works(row, wall_now):
            raise OVER
        user_id = writes.create_user(
            session,
            kind="staff",
            role=row.role,
            email=found.email,
            password_hash=hashed,
            names=(given, family),
            locale="en",
            now=now,
            confirmed_at=now,
        )
        if user_id is None:
            raise TAKEN
        row.accepted_at = wall_now
        _close_claims(session, row.email_index, wall_now)
        user = session.get_one(User, user_id)
        set_up.open_to_the_invited(user, wall_now)
        _, opened = sign_ins.open_sign_in(session, user, actor, wall_now)
        if replaces is not None:
            standing = update(SignIn).where(SignIn.id == replaces, SignIn.revoked_at.is_(None))
            session.execute(standing.values(revoked_at=wall_now))
        joined = Actor("staff", user_id, row.role, address=actor.address, user_agent=actor.user_agent)
        audit.record(session, joined, "staff.accept_invitation", "invitation", row.id, reason=row.role)
    return opened


def _take_turns(session: Session) -> None:
    session.execute(select(func.pg_advisory_xact_lock(TURNS)))


def _owner_acts(session: Session, actor: Actor) -> None:
    if actor.user_id not in owners_locked(session):
        raise OWNERS_ONLY


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > NAME_MOST or not name.isprintable():
        raise Rejected("name_unfit", words("Enter a first and last name"))
    return name


def _standing(session: Session, address: str) -> Invitation | None:
    return session.scalars(
        select(Invitation).where(
            Invitation.email_index == email_index(address),
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    ).one_or_none()


def _open(session: Session, invitation_id: UUID) -> Invitation:
    row = session.get(Invitation, invitation_id, with_for_update=True)
    if row is None or row.accepted_at is not None or row.withdrawn_at is not None:
        raise NOT_THERE
    return row


def _works(row: Invitation, wall_now: datetime) -> bool:
    return row.accepted_at is None and row.withdrawn_at is None and row.expires_at > wall_now


def _seen(row: Invitation) -> Invited:
    return Invited(invitation_name(row), invitation_address(row), row.role)


def _withdraw_earlier(session: Session, address: str, wall_now: datetime) -> None:
    """Only the newest link of the command line works, and one address has one invitation."""
    earlier = (Invitation.invited_by.is_(None)) | (Invitation.email_index == email_index(address))
    still_open = (Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    session.execute(update(Invitation).where(earlier, *still_open).values(withdrawn_at=wall_now))


def _close_claims(session: Session, index: bytes, wall_now: datetime) -> None:
    """Whoever else typed this address when joining never proved it, and now never will."""
    claims = select(User.id).where(User.email_index == index, User.email_confirmed_at.is_(None))
    unused = update(OneTimeLink).where(OneTimeLink.user_id.in_(claims), OneTimeLink.used_at.is_(None))
    session.execute(unused.values(used_at=wall_now))
    closed = update(User).where(User.id.in_(claims), User.deactivated_at.is_(None)).values(deactivated_at=wall_now)
    session.execute(closed.execution_options(synchronize_session=False))
