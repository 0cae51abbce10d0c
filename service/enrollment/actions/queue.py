"""Staff look at the queue, and find one person in it. Whose names they saw is noted with what they saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.rules import normal_email
from service.audit import queries as trail
from service.audit import writes as audit
from service.enrollment.actions.look import check_may_look
from service.enrollment.queries import queue, records
from service.enrollment.queries.queue import Place, QueuePage, Waiting
from service.enrollment.rules.queue import Wanted
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now

# A page that looks again by itself shows the same names all day: one trace an hour says as much as a hundred.
SEEN_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the queue and the colleagues it can be narrowed to: (user id, name, role)."""

    page: QueuePage
    colleagues: tuple[tuple[UUID, str, str], ...]


def open_queue(
    *,
    wanted: Wanted,
    zone: str,
    actor: Actor,
    now: datetime,
    after: Place | None = None,
    before: Place | None = None,
    by_itself: bool = False,
    with_colleagues: bool = True,
) -> Shown:
    """A page of the queue; `zone` says when today is. Whose names it showed is noted.

    `by_itself`: the page's own script looks again, nobody asked. Then a name that this person was shown within the
    last hour, by what the trail itself says, is not noted a second time. Raises NotAllowed for roles that have no
    business there.
    """
    check_may_look(actor)
    with db.transaction() as session:
        page = queue.queue(session, wanted=wanted, viewer=actor.user_id, zone=zone, now=now, after=after, before=before)
        _note(session, actor, page.rows, by_itself=by_itself)
        return Shown(page, tuple(accounts.colleagues(session)) if with_colleagues else ())


def find(*, email: str, actor: Actor, now: datetime) -> Waiting | None:
    """The latest enrollment of whoever proved exactly this address, or None. Names are sealed, so nothing shorter or
    similar can be looked for. Each try is noted, whether or not it found somebody; the address is not."""
    check_may_look(actor)
    with db.transaction() as session:
        user = accounts.user_by_email(session, normal_email(email))
        row = records.latest_of_user(session, user.id) if user is not None else None
        audit.record(
            session,
            actor,
            "queue.find",
            "enrollment",
            row.id if row else None,
            patient_id=row.patient_id if row else None,
            reason=None if row else "not_found",
        )
        return queue.lines_of(session, [row], actor.user_id, now)[0] if row else None


def _note(session: Session, actor: Actor, rows: tuple[Waiting, ...], *, by_itself: bool) -> None:
    known: set[UUID] = set()
    if by_itself and actor.user_id is not None:
        since, ids = wall_now() - SEEN_FOR, [row.patient_id for row in rows]
        known = trail.subjects_of(session, actor.user_id, "queue.view", patient_ids=ids, since=since)
    shown = [(row.enrollment_id, row.patient_id) for row in rows if row.enrollment_id not in known]
    audit.record_many(session, actor, "queue.view", "enrollment", shown)
