"""Who may be booked at all: practitioners, their licences and their hours. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.kit.errors import Conflict, NotFound, words
from service.kit.ids import new_id
from service.visits.models import LicenseRecord, OpenHours, ScheduleException
from service.visits.models import Practitioner as PractitionerRow
from service.visits.rules.licenses import KINDS
from service.visits.rules.times import OtherDay, Stretch

NO_SUCH_CLINICIAN = NotFound("no_such_practitioner", words("We could not find that clinician."))
NO_SUCH_LICENSE = NotFound("no_such_license", words("We could not find that license."))
NO_SUCH_DAY = NotFound("no_such_day", words("We could not find that day. Somebody may have removed it already."))
HAS_ONE = Conflict(
    "has_license", words("There is one of this kind for this state already. Open it to renew it or to end it.")
)


def add_practitioner(
    session: Session,
    *,
    user_id: UUID,
    display_name: str,
    credentials: str,
    time_zone: str,
    board: str = "",
    npi: str = "",
    phone: str = "",
) -> UUID:
    """Make a clinician's account somebody patients can book. Returns the practitioner's id."""
    practitioner_id = new_id()
    session.add(
        PractitionerRow(
            id=practitioner_id,
            user_id=user_id,
            display_name=display_name,
            credentials=credentials,
            time_zone=time_zone,
            board=board,
            npi=npi,
            phone=phone,
        )
    )
    session.flush()
    return practitioner_id


def practitioner_locked(session: Session, practitioner_id: UUID) -> PractitionerRow:
    """The practitioner's row, locked as `take_turns` locks it, and read anew. Raises NotFound."""
    query = select(PractitionerRow).where(PractitionerRow.id == practitioner_id).with_for_update(key_share=True)
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NO_SUCH_CLINICIAN
    return row


def license_locked(session: Session, practitioner_id: UUID, license_id: UUID) -> LicenseRecord:
    """A licence of that practitioner, locked. Raises NotFound."""
    query = select(LicenseRecord).where(
        LicenseRecord.id == license_id, LicenseRecord.practitioner_id == practitioner_id
    )
    row = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NO_SUCH_LICENSE
    return row


def add_license(
    session: Session,
    *,
    practitioner_id: UUID,
    state: str,
    number: str,
    expires_on: date,
    verified_at: datetime,
    kind: str = "physician",
    source: str = "",
) -> UUID:
    """Record one of `rules.licenses.KINDS`; one that was ended before stands again, with what is new. Returns its id.

    Raises ValueError for another kind, Conflict where one of that kind stands in that state.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is neither a licence to see patients nor a registration")
    query = select(LicenseRecord).where(
        LicenseRecord.practitioner_id == practitioner_id, LicenseRecord.state == state, LicenseRecord.kind == kind
    )
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is not None and row.ended_at is None:
        raise HAS_ONE
    if row is None:
        row = LicenseRecord(id=new_id(), practitioner_id=practitioner_id, state=state, kind=kind)
        session.add(row)
    row.number, row.expires_on, row.verified_at, row.source = number, expires_on, verified_at, source
    row.ended_at = None
    session.flush()
    return row.id


def add_open_hours(session: Session, *, practitioner_id: UUID, weekday: int, starts: time, ends: time) -> None:
    """Open a weekly stretch on the practitioner's own wall clock. Monday is 0."""
    session.add(OpenHours(id=new_id(), practitioner_id=practitioner_id, weekday=weekday, starts=starts, ends=ends))
    session.flush()


def set_week(session: Session, practitioner_id: UUID, week: Iterable[Stretch]) -> None:
    """Keep these hours instead of those before. What is booked stays booked."""
    session.execute(delete(OpenHours).where(OpenHours.practitioner_id == practitioner_id))
    for one in week:
        add_open_hours(session, practitioner_id=practitioner_id, weekday=one.weekday, starts=one.starts, ends=one.ends)


def add_other_day(session: Session, practitioner_id: UUID, other: OtherDay) -> UUID:
    """Note a day unlike the others; the same one a second time is the first. Returns its id."""
    query = select(ScheduleException.id).where(
        ScheduleException.practitioner_id == practitioner_id,
        ScheduleException.on_day == other.day,
        ScheduleException.opens == other.opens,
        ScheduleException.starts.is_not_distinct_from(other.starts),
        ScheduleException.ends.is_not_distinct_from(other.ends),
    )
    if (before := session.scalars(query.limit(1)).one_or_none()) is not None:
        return before
    row_id = new_id()
    session.add(
        ScheduleException(
            id=row_id,
            practitioner_id=practitioner_id,
            on_day=other.day,
            opens=other.opens,
            starts=other.starts,
            ends=other.ends,
        )
    )
    session.flush()
    return row_id


def remove_other_day(session: Session, practitioner_id: UUID, exception_id: UUID) -> None:
    """That day is like its weekday again. Raises NotFound."""
    gone = session.execute(
        delete(ScheduleException)
        .where(ScheduleException.id == exception_id, ScheduleException.practitioner_id == practitioner_id)
        .returning(ScheduleException.id)
    ).scalar()
    if gone is None:
        raise NO_SUCH_DAY
