"""What an owner may do to somebody's place on the team. Each is audited, and the person concerned is told by mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts.models import ROLES, User
from service.accounts.queries import staff as queries
from service.accounts.queries.people import user_by_email
from service.accounts.queries.staff import Member, OpenInvitation, Team
from service.accounts.rules import normal_email
from service.accounts.rules.care import CARERS
from service.accounts.rules.staff import NO_SUCH_ROLE, check_an_owner_stays, check_may_change, checked_reason
from service.accounts.writes import set_up
from service.accounts.writes import staff as places
from service.accounts.writes.care import leave_every_care_team
from service.audit import writes as audit
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words

NOBODY = NotFound("no_such_member", words("There is no such person on the team."))
NOT_OPEN = NotFound("no_such_invitation", words("This invitation was accepted or withdrawn already."))
CLOSED = Conflict("deactivated", words("This account is deactivated. Reactivate it first."))
ALREADY = Conflict("already_so", words("That is how it is already. Nothing was changed."))


def open_team(*, wall_now: datetime) -> Team:
    """Everybody on the team and everybody invited."""
    with db.reading() as session:
        return queries.team(session, wall_now)


def open_member(*, user_id: UUID) -> Member:
    """One of the team. Raises NotFound, for a patient's id too."""
    with db.reading() as session:
        found = queries.member(session, user_id)
    if found is None:
        raise NOBODY
    return found


def visits_ahead(*, user_id: UUID, now: datetime) -> int:
    """How many visits with somebody are booked: whoever leaves leaves their patients without one."""
    with db.reading() as session:
        return queries.visits_ahead(session, user_id, now)


def open_invitation(*, invitation_id: UUID, wall_now: datetime) -> OpenInvitation:
    """One that nobody accepted yet. Raises NotFound."""
    with db.reading() as session:
        found = queries.open_invitation(session, invitation_id, wall_now)
    if found is None:
        raise NOT_OPEN
    return found


def change_role(*, user_id: UUID, role: str, reason: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Give somebody another role, and sign them out everywhere so that the next request lives by it.

    Raises NotAllowed (nobody's own, owners only, the last owner), NotFound, Rejected, Conflict.
    """
    why = checked_reason(reason)
    if role not in ROLES:
        raise NO_SUCH_ROLE
    with db.transaction() as session:
        owners, user = _changing(session, actor, user_id)
        if user.deactivated_at is not None:
            raise CLOSED
        if user.role == role:
            raise ALREADY
        if user.role == "owner":
            check_an_owner_stays(owners, without=user_id)
            places.withdraw_invitations_by(session, user_id, wall_now)
        user.role = role
        if role not in CARERS:
            leave_every_care_team(session, user_id=user_id)
        places.end_sign_ins(session, user_id, wall_now)
        _note(session, actor, "role", user, now, f"{role}:{why}")


def deactivate(*, user_id: UUID, reason: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Close somebody's account: signed out everywhere at once, and no way in. Their work stays signed by them.

    Raises NotAllowed (nobody's own, owners only, the last owner), NotFound, Rejected, Conflict.
    """
    why = checked_reason(reason)
    with db.transaction() as session:
        owners, user = _changing(session, actor, user_id)
        if user.deactivated_at is not None:
            raise ALREADY
        check_an_owner_stays(owners, without=user_id)
        user.deactivated_at = wall_now
        set_up.close(session, user, wall_now)
        leave_every_care_team(session, user_id=user_id)
        places.withdraw_invitations_by(session, user_id, wall_now)
        places.end_sign_ins(session, user_id, wall_now)
        _note(session, actor, "deactivated", user, now, why)


def reactivate(*, user_id: UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Open a closed account again, with the role it had. Raises NotAllowed, NotFound, Rejected, Conflict."""
    why = checked_reason(reason)
    with db.transaction() as session:
        _, user = _changing(session, actor, user_id)
        if user.deactivated_at is None:
            raise ALREADY
        user.deactivated_at = None
        _note(session, actor, "reactivated", user, now, why)


def reset_factor(*, user_id: UUID, reason: str, actor: Actor, now: datetime, wall_now: datetime) -> str:
    """For a lost phone or key: nothing they had proves anything any more, and the next sign-in sets up a new one.

    Returns the code for that, to be handed over in person: it works for 72 hours, and is shown this once.
    Raises NotAllowed (nobody's own, owners only), NotFound, Rejected, Conflict.
    """
    why = checked_reason(reason)
    with db.transaction() as session:
        _, user = _changing(session, actor, user_id)
        return _reset_factor(session, user, why, actor, now, wall_now)


def reset_factor_of(*, email: str, reason: str, actor: Actor, now: datetime, wall_now: datetime) -> str:
    """The same from the command line, for when there is no second owner. Raises NotFound, Rejected, Conflict."""
    why, address = checked_reason(reason), normal_email(email)
    with db.transaction() as session:
        found = user_by_email(session, address)
        if found is None or found.kind != "staff":
            raise NOBODY
        _, user = _changing(session, actor, found.id)
        return _reset_factor(session, user, why, actor, now, wall_now)


def end_sign_ins(*, user_id: UUID, reason: str, actor: Actor, now: datetime, wall_now: datetime) -> None:
    """Sign somebody out everywhere, for a lost laptop. Raises NotAllowed, NotFound, Rejected."""
    why = checked_reason(reason)
    with db.transaction() as session:
        _, user = _changing(session, actor, user_id)
        places.end_sign_ins(session, user_id, wall_now)
        _note(session, actor, "sign_ins_ended", user, now, why)


def _changing(session: Session, actor: Actor, user_id: UUID) -> tuple[list[UUID], User]:
    """The owners, then the person, locked in this order: whoever comes second sees what the first one did."""
    owners = queries.owners_locked(session)
    check_may_change(owners, by=None if actor.kind == "system" else actor.user_id or user_id, whom=user_id)
    query = select(User).where(User.id == user_id, User.kind == "staff").with_for_update()
    user = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if user is None:
        raise NOBODY
    return owners, user


def _reset_factor(session: Session, user: User, why: str, actor: Actor, now: datetime, wall_now: datetime) -> str:
    if user.deactivated_at is not None:
        raise CLOSED
    places.drop_second_factor(session, user, wall_now)
    places.end_sign_ins(session, user.id, wall_now)
    _note(session, actor, "factor_reset", user, now, why)
    return set_up.hand_over(session, user, wall_now)


def _note(session: Session, actor: Actor, what: str, user: User, now: datetime, why: str) -> None:
    audit.record(session, actor, f"staff.{what}", "user", user.id, reason=why)
    places.tell_staff(session, user, what, now)
