"""Letting clinicians in, with what patients must be able to rely on: who they are, licences and hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.actions import create_staff
from service.accounts.models import User
from service.accounts.rules import normal_email
from service.accounts.rules.contact import NAME_MAX, one_line, phone_number
from service.audit import writes as audit
from service.catalog.rules.states import State
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.visits import writes
from service.visits.queries import practitioner_of
from service.visits.rules.licenses import DEGREES, PHYSICIANS, checked_expiry, checked_npi, checked_number
from service.visits.rules.rota import TypedHours, TypedLicense
from service.visits.rules.times import local_day

INCOMPLETE = Rejected("clinician_incomplete", words("A clinician needs at least one license and some hours."))
NO_SUCH_ZONE = Rejected("no_such_zone", words("There is no such time zone. Write it like America/New_York."))
NO_SUCH_CLINICIAN = NotFound(
    "no_such_clinician", words("No clinician on the team has this address. Invite them first.")
)
OWNERS_ONLY = NotAllowed("owners_only", words("Only an owner of the practice can change this."))
NO_SUCH_STATE = Rejected("no_such_state", words("Choose the state."))
NOT_THERE = Rejected("kind_not_there", words("This state has no such license, or does not ask for it. Choose another."))
NO_NAME = Rejected("no_name", words("Enter the name as patients should read it."))


@dataclass(frozen=True, slots=True)
class About:
    """Who a clinician is, as patients are told (N.J.S.A. 45:1-62 asks for name, credentials and contact)."""

    display_name: str
    credentials: str
    time_zone: str
    board: str = ""
    npi: str = ""
    phone: str = ""

    def checked(self) -> About:
        """The same, tidied. Raises Rejected with what to do."""
        name, board = one_line(self.display_name), one_line(self.board)
        if not name or len(name) > NAME_MAX:
            raise NO_NAME
        if self.credentials not in DEGREES:
            raise Rejected("no_such_degree", words("Choose the degree."))
        if self.time_zone not in available_timezones():
            raise NO_SUCH_ZONE
        if len(board) > 200:
            raise Rejected("board_too_long", words("Keep the name of the board under 200 letters."))
        phone = phone_number(self.phone) if self.phone.strip() else ""
        return About(name, self.credentials, self.time_zone, board, checked_npi(self.npi), phone)


def check_owner(actor: Actor) -> None:
    """Owners look after licences. Raises NotAllowed for everybody else but the system."""
    if actor.kind != "system" and actor.role != "owner":
        raise OWNERS_ONLY


def check_known(states: Mapping[str, State], state: str, kind: str, now: datetime) -> None:
    """Does `state` (a USPS code) know this kind of licence today? Raises Rejected with what to do."""
    if state not in states:
        raise NO_SUCH_STATE
    if not states[state].knows_kind(kind, states[state].day(now)):
        raise NOT_THERE


def begin_practice(*, user_id: UUID, about: About, actor: Actor) -> UUID:
    """Make a clinician's account a practitioner: bookable as soon as a licence and hours stand. Returns its id.

    Raises NotAllowed for all but owners, NotFound for anybody but an active clinician, Conflict, Rejected.
    """
    check_owner(actor)
    about = about.checked()
    with db.transaction() as session:
        user = session.get(User, user_id, with_for_update=True)
        if user is None or user.kind != "staff" or user.role != "clinician" or user.deactivated_at is not None:
            raise NO_SUCH_CLINICIAN
        practitioner_id = _begin(session, user_id, about)
        audit.record(session, actor, "clinician.practise", "practitioner", practitioner_id)
    return practitioner_id


def change_about(*, practitioner_id: UUID, about: About, actor: Actor) -> None:
    """Put right who somebody is. Hours stay what the clock on their wall says; what is booked stays at its moment.

    Raises NotAllowed for all but owners, NotFound, Rejected.
    """
    check_owner(actor)
    about = about.checked()
    with db.transaction() as session:
        row = writes.practitioner_locked(session, practitioner_id)
        changed = [
            name
            for name in ("display_name", "credentials", "time_zone", "board", "npi", "phone")
            if getattr(row, name) != getattr(about, name)
        ]
        for name in changed:
            setattr(row, name, getattr(about, name))
        if changed:
            audit.record(session, actor, "clinician.change", "practitioner", row.id, reason=",".join(changed))


def start_practising(
    *,
    email: str,
    credentials: str,
    time_zone: str,
    licenses: Sequence[TypedLicense],
    hours: Sequence[TypedHours],
    states: Mapping[str, State],
    actor: Actor,
    now: datetime,
    board: str = "",
    npi: str = "",
    phone: str = "",
    source: str = "",
) -> UUID:
    """Make a clinician on the team somebody whom patients can book. `states`: those of the catalog. Returns the
    practitioner's id.

    Raises Rejected without a licence, hours or a time zone that exists, and for a licence that cannot stand; NotFound
    for an address that no active clinician has, Conflict for one who practises already.
    """
    if not licenses or not hours:
        raise INCOMPLETE
    if time_zone not in available_timezones():
        raise NO_SUCH_ZONE
    for one in licenses:
        check_known(states, one.state, one.kind, now)
    today, address = local_day(now, time_zone), normal_email(email)
    with db.transaction() as session:
        user = accounts.user_by_email(session, address)
        if user is None or user.role != "clinician" or user.deactivated_at is not None:
            raise NO_SUCH_CLINICIAN
        name = accounts.display_name(session, user.id)
        name = f"Dr. {name}" if credentials in PHYSICIANS else name
        practitioner_id = _begin(session, user.id, About(name, credentials, time_zone, board, npi, phone).checked())
        for license in licenses:
            writes.add_license(
                session,
                practitioner_id=practitioner_id,
                state=license.state,
                kind=license.kind,
                number=checked_number(license.kind, license.number),
                expires_on=checked_expiry(license.expires_on, today),
                verified_at=now,
                source=source,
            )
        for stretch in hours:
            writes.add_open_hours(
                session,
                practitioner_id=practitioner_id,
                weekday=stretch.weekday,
                starts=stretch.starts,
                ends=stretch.ends,
            )
        audit.record(session, actor, "clinician.practise", "practitioner", practitioner_id)
    return practitioner_id


def _begin(session: Session, user_id: UUID, about: About) -> UUID:
    if practitioner_of(session, user_id) is not None:
        raise Conflict("practises_already", words("This clinician can be booked already."))
    return writes.add_practitioner(
        session,
        user_id=user_id,
        display_name=about.display_name,
        credentials=about.credentials,
        time_zone=about.time_zone,
        board=about.board,
        npi=about.npi,
        phone=about.phone,
    )


def add_clinician(
    *,
    email: str,
    password: str,
    display_name: str,
    credentials: str,
    time_zone: str,
    licenses: Sequence[TypedLicense],
    hours: Sequence[TypedHours],
    totp_secret: str,
    states: Mapping[str, State],
    actor: Actor,
    now: datetime,
    board: str = "",
    npi: str = "",
    phone: str = "",
    source: str = "",
) -> UUID:
    """For the sandbox's demo people: an account as `create_staff` makes it, and its practice. Returns the latter's id.

    Raises what the two raise. They are two transactions: a clinician who cannot be booked yet is harmless.
    """
    if not licenses or not hours:
        raise INCOMPLETE
    create_staff(
        email=email,
        password=password,
        display_name=display_name,
        role="clinician",
        totp_secret=totp_secret,
        actor=actor,
        now=now,
    )
    return start_practising(
        email=email,
        credentials=credentials,
        time_zone=time_zone,
        licenses=licenses,
        hours=hours,
        states=states,
        actor=actor,
        now=now,
        board=board,
        npi=npi,
        phone=phone,
        source=source,
    )
