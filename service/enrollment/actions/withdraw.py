"""A patient takes a consent back. What rests on it stops in the same moment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.consent import writes as evidence
from service.enrollment import emails, writes
from service.enrollment.actions.book import own_patient
from service.enrollment.queries import records
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.mail import writes as mail
from service.safety import rules as safety_rules
from service.safety import writes as safety

# config/alerts.toml. What a text says of itself in its head ("stops") leads to one of these.
ALERTS = {"care": "CONSENT-TREATMENT", "call": "CONSENT-CALL"}
WHY_MAX = 2000


def withdraw_consent(*, key: str, why: str, catalog: Catalog, actor: Actor, now: datetime) -> bool:
    """Take back what stands under `key`. Returns whether there was something: twice is once.

    From this transaction on it counts as unsigned, so that the one gate says no. Where the treatment rests on it a
    hold and a call for a clinician are written with it; where the practice has to speak with the patient, a call. The
    patient gets word by mail that says nothing of what it was. Raises Rejected for more words than are kept.
    """
    patient_id, why = own_patient(actor), why.strip()
    if len(why) > WHY_MAX:
        raise Rejected("too_long", words("That is longer than we can keep. Use a shorter form."))
    with db.transaction() as session:
        found = records.current_enrollment(session, patient_id)
        if found is not None:
            writes.locked(session, found.id)  # a signature that is being given at this moment comes before or after
        taken = evidence.withdraw(session, patient_id=patient_id, key=key, why=why, actor=actor, now=now)
        if not taken:
            return False
        audit.record(session, actor, "consent.withdraw", "consent", patient_id=patient_id, reason=key)
        last = taken[-1].id
        assert last is not None
        _stop(session, patient_id, key, last, catalog, now)
        person = accounts.patient(session, patient_id)
        mail.put(
            session,
            emails.consent_withdrawn(),
            key=f"consent_withdrawn:{last}",
            user_id=person.user_id,
            locale=person.locale,
            now=now,
        )
        return True


def _stop(session: Session, patient_id: UUID, key: str, acceptance_id: UUID, catalog: Catalog, now: datetime) -> None:
    """As the strictest version of the text says, so that an old signature stops no less than a new one."""
    stops = {document.stops for document in catalog.consents if document.key == key}
    code = next((ALERTS[one] for one in ("care", "call") if one in stops), None)
    if code is None:
        return
    rule = safety_rules.definition(catalog, code)
    if rule.holds:
        safety.place_hold(
            session, code=code, source_kind="consent", source_id=acceptance_id, patient_id=patient_id, now=now
        )
    safety.raise_alert(
        session,
        code=code,
        source_kind="consent",
        source_id=acceptance_id,
        patient_id=patient_id,
        now=now,
        definition=rule,
    )
