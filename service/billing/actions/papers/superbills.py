"""A superbill of one signed visit, for its patient, behind a fresh proof. Each look and each file is written down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from service.accounts import queries as accounts
from service.accounts.queries.settings import OwnPatient, own_settings
from service.audit import writes as audit
from service.billing.actions.papers.receipts import Paper, as_paper, own_patient, practice_of
from service.billing.queries.superbills import visit_to_bill
from service.billing.rules.papers import Sheet
from service.billing.rules.superbill import Person, superbill
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotFound, words

NO_VISIT = NotFound("no_such_visit", words("We could not find a signed visit for that."))
CHANGED = Conflict(
    "not_as_signed", words("We cannot make this paper by ourselves: a record has to be looked at first. Call us.")
)


def superbill_page(*, superbill_id: UUID, catalog: Catalog, actor: Actor) -> Sheet:
    """One signed visit of this patient. Raises NotFound for anybody else's and for one nobody signed, Conflict where
    the record is not as it was signed.
    """
    return _made(superbill_id, catalog, actor, "view")[0]


def superbill_pdf(*, superbill_id: UUID, catalog: Catalog, actor: Actor, templates_dir: Path, now: datetime) -> Paper:
    """The same as a file. Raises as `superbill_page`."""
    sheet, zone = _made(superbill_id, catalog, actor, "download")
    return as_paper(f"visit-{str(superbill_id)[-8:]}.pdf", [sheet], catalog, templates_dir, zone, now)


def _made(superbill_id: UUID, catalog: Catalog, actor: Actor, what: Literal["view", "download"]) -> tuple[Sheet, str]:
    patient_id = own_patient(actor)
    with db.transaction() as session:
        found = visit_to_bill(session, patient_id, superbill_id)
        if found is None:
            raise NO_VISIT
        visit, as_signed = found
        if not as_signed:
            raise CHANGED
        audit.record(session, actor, f"superbill.{what}", "encounter", superbill_id, patient_id=patient_id)
        details = accounts.patient(session, patient_id)
        own = own_settings(session, details.user_id).patient
    assert own is not None
    person = Person(f"{own.given_name} {own.family_name}", details.date_of_birth, _address(own))
    return superbill(visit, person, practice_of(catalog.practice), zone=details.time_zone), details.time_zone


def _address(own: OwnPatient) -> tuple[str, ...]:
    if own.address is None:
        return ()
    lines = (own.address.line1, own.address.line2, f"{own.address.city}, {own.state} {own.zip_code}")
    return tuple(line for line in lines if line)
