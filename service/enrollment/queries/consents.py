"""The texts a patient signs on the way in, and how far along they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.catalog.queries import consents_for
from service.catalog.rules.consents import WHEN, RenderedConsent, render
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent.rules import Task, all_blocking_signed, blanks
from service.enrollment.queries import records
from service.enrollment.rules import signing


@dataclass(frozen=True, slots=True)
class Overview:
    """Every text with where it stands. `coming` are new versions that hold soon and may be signed already.

    `reachable`: we know whom to call and where help can be sent, without which nothing is signed.
    """

    status: str
    tasks: tuple[Task, ...]
    coming: tuple[Task, ...]
    time_zone: str
    everything_signed: bool
    reachable: bool
    full_name: str

    @property
    def approved(self) -> bool:
        return self.status in signing.APPROVED

    def may_sign(self, task: Task) -> bool:
        """Has the time of this text come, and is it not signed?"""
        return (
            task.signed_at is None
            and task.may_sign
            and self.reachable
            and signing.may_sign_at(self.status, task.document.when)
        )

    def may_decline(self, task: Task) -> bool:
        """May the patient say that they would rather not sign it, and have they not said so?"""
        open_ = task.document.may_decline and task.signed_at is None and task.declined_at is None
        return open_ and signing.may_sign_at(self.status, task.document.when)

    @property
    def asked_for(self) -> tuple[Task, ...]:
        """What is asked for by now: not what comes later, and not what is only offered."""
        return tuple(
            task
            for task in self.tasks
            if task.document.when != "optional" and signing.may_sign_at(self.status, task.document.when)
        )

    @property
    def answered(self) -> int:
        """How many of those are signed, or were offered and turned down."""
        return sum(task.signed_at is not None or task.declined_at is not None for task in self.asked_for)

    def task(self, key: str) -> Task | None:
        """Today's text, or the one that follows it soon where today's is signed."""
        return next((task for task in (*self.coming, *self.tasks) if task.document.key == key), None)

    @property
    def groups(self) -> tuple[tuple[str, tuple[Task, ...]], ...]:
        """The texts by when they are asked for, in the order of the way."""
        ordered = sorted(self.tasks, key=lambda task: (WHEN.index(task.document.when), task.document.order))
        return tuple((when, tuple(tasks)) for when, tasks in groupby(ordered, key=lambda task: task.document.when))

    @property
    def following(self) -> Task | None:
        """The next text to sign, of those that are asked for."""
        return next(
            (task for task in (*self.asked_for, *self.coming) if self.may_sign(task) and task.declined_at is None), None
        )


def overview(session: Session, patient_id: UUID, catalog: Catalog, now: datetime) -> Overview | None:
    """How far a patient is with the texts; None without an enrollment, or where it is over."""
    found = records.current_enrollment(session, patient_id)
    if found is None or found.status in signing.OVER:
        return None
    person = accounts.patient(session, patient_id)
    today = now.astimezone(ZoneInfo(person.time_zone)).date()
    state = signs_for(found.state, found.moving_to, catalog)
    tasks = consents.tasks(session, patient_id, state, catalog, today)
    return Overview(
        found.status,
        tasks,
        consents.coming(catalog, state, tasks, today),
        person.time_zone,
        all_blocking_signed(tasks),
        reachable(session, patient_id),
        f"{person.given_name} {person.family_name}",
    )


def signs_for(state: str, moving_to: str | None, catalog: Catalog) -> str:
    """Whose texts a patient signs: those of the state they live in by now, where we may go on there."""
    return moving_to if moving_to is not None and moving_to in catalog.states else state


def agreed_to_visits(session: Session, patient_id: UUID, state: str, catalog: Catalog, now: datetime) -> bool:
    """May the room of a visit in `state` open, as far as texts go (domain.md 6: telehealth before the encounter)?"""
    today = now.astimezone(ZoneInfo(accounts.patient(session, patient_id).time_zone)).date()
    return consents.ready_for_visit(session, patient_id, state, catalog, today)


def reachable(session: Session, patient_id: UUID) -> bool:
    """Do we know whom to call, and the street to which help can be sent (domain.md 2.1, G-EMERG)?"""
    return bool(
        session.scalar(
            select(Patient.emergency_contact_sealed.is_not(None) & Patient.address_sealed.is_not(None)).where(
                Patient.id == patient_id
            )
        )
    )


def texts_of_joining(catalog: Catalog, state: str, now: datetime) -> tuple[RenderedConsent, ...]:
    """What is agreed to with the form that makes an account, with blanks filled."""
    values = blanks(catalog.practice, catalog.from_price_cents)
    documents = consents_for(catalog, state, now.date())
    return tuple(render(document, values) for document in documents if document.when == "joining")


def shown(task: Task, blanks: Mapping[str, str]) -> RenderedConsent:
    """The text as the patient reads it, with its hash."""
    return render(task.document, blanks)
