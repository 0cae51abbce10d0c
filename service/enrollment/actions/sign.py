"""A patient signs a text, exactly as it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.consents import render
from service.catalog.rules.whole import Catalog
from service.consent import queries as consents
from service.consent import writes as evidence
from service.consent.rules import Task
from service.enrollment import writes
from service.enrollment.actions.book import own_patient
from service.enrollment.queries import records
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, Rejected, words

SIGNING = ("approved", "consented", "active")


class Superseded(Conflict):
    """The text changed while the page was open. The page shows the new one."""


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
) -> bool:
    """Keep the signature under the text with that hash. Returns whether every needed text is now signed.

    The last needed one moves the enrollment on. Signing the same text twice is once. Raises Superseded when `sha256`
    is not the current text's, Conflict before the approval or out of order, Rejected without a tick and a name.
    """
    patient_id, name = own_patient(actor), " ".join(typed_name.split())
    if not agreed or not name:
        raise Rejected("not_signed", words("Tick the box and type your full name to sign."))
    with db.transaction() as session:
        found = records.current_enrollment(session, patient_id)
        enrollment = writes.locked(session, found.id) if found else None
        if enrollment is None or enrollment.status not in SIGNING:
            raise Conflict(
                "nothing_to_sign", words("There is nothing to sign yet. We will write to you when there is.")
            )
        person = accounts.patient(session, patient_id)
        today = now.astimezone(ZoneInfo(person.time_zone)).date()
        tasks = consents.tasks(session, patient_id, enrollment.state, catalog, today)
        task = _asked_for(tasks, key)
        text = render(task.document, blanks)
        if text.sha256 != sha256:
            raise Superseded("text_changed", words("This text has changed since you opened it. Read it again to sign."))
        if not task.may_sign:
            raise Conflict("out_of_order", words("Agree to electronic signatures first. The others follow."))
        added = evidence.accept(
            session,
            patient_id=patient_id,
            shown=text,
            typed_name=name,
            time_zone=person.time_zone,
            actor=actor,
            now=now,
        )
        if added:
            audit.record(session, actor, "consent.sign", "consent", patient_id=patient_id, reason=key)
        everything = consents.all_blocking_signed(session, patient_id, enrollment.state, catalog, today)
        if everything and enrollment.status == "approved":
            writes.move(session, enrollment, "sign_last_consent", actor, now)
        return everything


def _asked_for(tasks: tuple[Task, ...], key: str) -> Task:
    found = next((task for task in tasks if task.document.key == key), None)
    if found is None:
        raise NotFound("no_such_consent", words("We could not find that text."))
    return found
