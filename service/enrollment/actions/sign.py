"""A patient signs a text, exactly as it was shown, or says that they would rather not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.queries import PatientDetails
from service.audit import writes as audit
from service.catalog.rules.consents import RenderedConsent, render
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent import writes as evidence
from service.consent.rules import Task
from service.consent.rules.names import is_a_name, looks_like
from service.enrollment import writes
from service.enrollment.actions.book import own_patient
from service.enrollment.models import Enrollment
from service.enrollment.queries import records
from service.enrollment.queries.consents import reachable, signs_for
from service.enrollment.rules import signing
from service.enrollment.rules.signing import Filled
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, Rejected, words


class Superseded(Conflict):
    """The text changed while the page was open. The page shows the new one."""


class NameDiffers(Conflict):
    """What was typed is not the name of the account. The page asks once whether it is how they sign."""


def sign_consent(
    *,
    key: str,
    sha256: str,
    typed_name: str,
    agreed: bool,
    catalog: Catalog,
    blanks: Mapping[str, str],
    actor: Actor,
    now: datetime,
    filled: Filled | None = None,
    sure: bool = False,
    opened_at: datetime | None = None,
) -> bool:
    """Keep the signature under the text with that hash. Returns whether every needed text is now signed.

    The last needed one moves the enrollment on. Signing the same text twice is once. `sure`: the person said that a
    name unlike the account's is how they sign. Raises Superseded when `sha256` is not the current text's, NameDiffers,
    Conflict too early, out of order or before we know whom to call, Rejected without a tick, a name or what is asked.
    """
    patient_id, name = own_patient(actor), " ".join(typed_name.split())
    if not agreed or not name:
        raise Rejected("not_signed", words("Tick the box and type your full name to sign."))
    if not is_a_name(name):
        raise Rejected("no_name", words("Type your full name, not only a letter"))
    with db.transaction() as session:
        enrollment, person, today = _here(session, patient_id, now)
        state = signs_for(enrollment.state, enrollment.moving_to, catalog)
        due = consents.tasks(session, patient_id, state, catalog, today)
        task = _asked_for(due, consents.coming(catalog, state, due, today), key)
        if task.signed_at is None:
            text = _current(task, enrollment, blanks, sha256)
            if not reachable(session, patient_id):
                raise Conflict("reachable_first", words("First tell us whom to call, and where help can be sent."))
            if not task.may_sign:
                raise Conflict("out_of_order", words("Agree to electronic signatures first. The others follow."))
            kept, ends_on = signing.details(task.document.asks, filled, today)
            if not (sure or _own_name(session, person, name)):
                raise NameDiffers("name_differs", words("This is not the name on your account."))
            evidence.accept(
                session,
                patient_id=patient_id,
                shown=text,
                typed_name=name,
                time_zone=person.time_zone,
                actor=actor,
                now=now,
                details=kept,
                ends_on=ends_on,
                opened_at=opened_at,
                on=today,
            )
            audit.record(session, actor, "consent.sign", "consent", patient_id=patient_id, reason=key)
        everything = consents.all_blocking_signed(session, patient_id, enrollment.state, catalog, today)
        if everything and enrollment.status == "approved":
            writes.move(session, enrollment, "sign_last_consent", actor, now)
        return everything


def decline_consent(
    *, key: str, sha256: str, catalog: Catalog, blanks: Mapping[str, str], actor: Actor, now: datetime
) -> None:
    """Keep that a text was offered and the patient would rather not sign it. Twice is once.

    Raises Superseded as `sign_consent`, Conflict too early or for a text that care waits for.
    """
    patient_id = own_patient(actor)
    with db.transaction() as session:
        enrollment, person, today = _here(session, patient_id, now)
        state = signs_for(enrollment.state, enrollment.moving_to, catalog)
        due = consents.tasks(session, patient_id, state, catalog, today)
        task = _asked_for(due, consents.coming(catalog, state, due, today), key)
        if not task.document.may_decline:
            raise Conflict("needed", words("We cannot go on without this text. You may leave it unsigned for now."))
        if task.signed_at is not None:
            return
        text = _current(task, enrollment, blanks, sha256)
        if evidence.decline(
            session, patient_id=patient_id, shown=text, time_zone=person.time_zone, actor=actor, now=now
        ):
            audit.record(session, actor, "consent.decline", "consent", patient_id=patient_id, reason=key)


def _here(session: Session, patient_id: UUID, now: datetime) -> tuple[Enrollment, PatientDetails, date]:
    """The enrollment, locked so that two tabs take turns; the patient; and the day it is for them."""
    found = records.current_enrollment(session, patient_id)
    enrollment = writes.locked(session, found.id) if found else None
    if enrollment is None or enrollment.status in signing.OVER:
        raise Conflict("nothing_to_sign", words("There is nothing to sign. Take the free assessment to begin."))
    person = accounts.patient(session, patient_id)
    return enrollment, person, now.astimezone(ZoneInfo(person.time_zone)).date()


def _current(task: Task, enrollment: Enrollment, blanks: Mapping[str, str], sha256: str) -> RenderedConsent:
    """The text as it is now, if its time has come and it is what was on the page."""
    if not signing.may_sign_at(enrollment.status, task.document.when):
        raise Conflict("not_yet", words("This text comes after your clinician's approval. We write to you then."))
    text = render(task.document, blanks)
    if text.sha256 != sha256:
        raise Superseded("text_changed", words("This text has changed since you opened it. Read it again to sign."))
    return text


def _own_name(session: Session, person: PatientDetails, typed: str) -> bool:
    contact = accounts.contact(session, person.id)
    return looks_like(typed, person.given_name, person.family_name, contact.given_name)


def _asked_for(due: tuple[Task, ...], coming: tuple[Task, ...], key: str) -> Task:
    """Today's text, or the one that follows it soon where today's is signed."""
    found = next((task for task in (*coming, *due) if task.document.key == key), None)
    if found is None:
        raise NotFound("no_such_consent", words("We could not find that text."))
    return found
