"""The texts a patient signs on the way in, and how far along they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.catalog.rules.consents import RenderedConsent, render
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent.rules import Task, all_blocking_signed
from service.enrollment.queries import records


@dataclass(frozen=True, slots=True)
class Overview:
    """Every text with where it stands. `may_begin` is False before the approval."""

    status: str
    may_begin: bool
    tasks: tuple[Task, ...]
    time_zone: str
    everything_signed: bool

    @property
    def signed(self) -> int:
        return sum(task.signed_at is not None for task in self.tasks)

    def task(self, key: str) -> Task | None:
        return next((task for task in self.tasks if task.document.key == key), None)

    def number(self, key: str) -> int:
        """The place of a text in the row, counted from 1."""
        return [task.document.key for task in self.tasks].index(key) + 1

    @property
    def following(self) -> Task | None:
        """The next text to sign."""
        return next((task for task in self.tasks if task.signed_at is None and task.may_sign), None)


BEFORE = ("assessed", "booked", "more_info", "decided", "declined")


def overview(session: Session, patient_id: UUID, catalog: Catalog, now: datetime) -> Overview | None:
    """How far a patient is with the texts; None without an enrollment."""
    found = records.current_enrollment(session, patient_id)
    if found is None:
        return None
    person = accounts.patient(session, patient_id)
    today = now.astimezone(ZoneInfo(person.time_zone)).date()
    tasks = consents.tasks(session, patient_id, found.state, catalog, today)
    return Overview(
        found.status, found.status not in (*BEFORE, "ended"), tasks, person.time_zone, all_blocking_signed(tasks)
    )


def shown(task: Task, blanks: Mapping[str, str]) -> RenderedConsent:
    """The text as the patient reads it, with its hash."""
    return render(task.document, blanks)
