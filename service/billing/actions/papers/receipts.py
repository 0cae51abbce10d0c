"""A receipt as a page and as a file, and a calendar year of them in one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from config.brand import Brand
from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing.queries import receipts as charges
from service.billing.rules import papers
from service.billing.rules.papers import Practice, Sheet
from service.catalog.rules.whole import Catalog
from service.kit import db, typesetting
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, NotFound, Rejected, words
from service.visits.rules.licenses import checked_npi

TEMPLATE = "billing/paper.typ"
NO_RECEIPT = NotFound("no_such_receipt", words("We could not find that receipt."))
EARLIEST, LATEST = 2000, 2999


@dataclass(frozen=True, slots=True)
class Paper:
    """A tagged PDF (PDF/UA-1) and what to call it. The name says nothing about health."""

    name: str
    content: bytes


def receipt_page(*, receipt_id: UUID, catalog: Catalog, actor: Actor) -> Sheet:
    """One of this patient's receipts, to read. Raises NotFound for anybody else's, and for what is not paid."""
    patient_id = own_patient(actor)
    with db.reading() as session:
        return _receipt(session, patient_id, receipt_id, catalog)[0]


def receipt_pdf(*, receipt_id: UUID, catalog: Catalog, actor: Actor, templates_dir: Path, now: datetime) -> Paper:
    """The same as a file. Raises as `receipt_page`."""
    patient_id = own_patient(actor)
    with db.transaction() as session:
        sheet, zone = _receipt(session, patient_id, receipt_id, catalog)
        audit.record(session, actor, "receipt.download", "invoice", receipt_id, patient_id=patient_id)
    return as_paper(f"receipt-{str(receipt_id)[-8:]}.pdf", [sheet], catalog, templates_dir, zone, now)


def statement_pdf(*, year: int, catalog: Catalog, actor: Actor, templates_dir: Path, now: datetime) -> Paper:
    """Everything paid in a calendar year of the patient's own zone: a table, then each receipt. Raises NotFound for a
    year in which nothing was paid.
    """
    patient_id = own_patient(actor)
    practice = practice_of(catalog.practice)
    with db.transaction() as session:
        person = accounts.patient(session, patient_id)
        since, until = year_bounds(year, person.time_zone)
        found = charges.receipts_between(session, patient_id, since, until)
        if not found:
            raise NotFound("nothing_paid", words("Nothing was paid in that year."))
        audit.record(
            session, actor, "statement.download", "patient", patient_id, patient_id=patient_id, reason=str(year)
        )
    name = f"{person.given_name} {person.family_name}"
    sheets = [papers.statement(found, year=year, patient=name, practice=practice, zone=person.time_zone)]
    sheets += [papers.receipt(one, patient=name, practice=practice, zone=person.time_zone) for one in found]
    return as_paper(f"statement-{year}.pdf", sheets, catalog, templates_dir, person.time_zone, now)


def year_bounds(year: int, zone: str) -> tuple[datetime, datetime]:
    """The first moments of a calendar year there and of the next, in UTC. Raises NotFound for no year of ours."""
    if not EARLIEST <= year <= LATEST:
        raise NotFound("no_such_year", words("Nothing was paid in that year."))
    place = ZoneInfo(zone)
    return (
        datetime(year, 1, 1, tzinfo=place).astimezone(UTC),
        datetime(year + 1, 1, 1, tzinfo=place).astimezone(UTC),
    )


def practice_of(brand: Brand) -> Practice:
    """The practice as papers name it. A placeholder for a number counts as none."""
    try:
        npi = checked_npi(brand.npi)
    except Rejected:
        npi = ""
    return Practice(
        name=brand.legal_name,
        address=tuple(brand.postal_address),
        phone=brand.support_phone,
        tax_id=papers.known_tax_id(brand.tax_id),
        npi=npi,
        procedure_codes=brand.procedure_codes,
    )


def as_paper(
    name: str, sheets: Iterable[Sheet], catalog: Catalog, templates_dir: Path, zone: str, now: datetime
) -> Paper:
    """The sheets as one file. The same sheets at the same moment make the same bytes."""
    content = papers.as_content(sheets, practice=practice_of(catalog.practice), made_at=now, zone=zone)
    return Paper(name, typesetting.pdf(TEMPLATE, content, templates_dir=templates_dir, made_at=now))


def own_patient(actor: Actor) -> UUID:
    """The patient who is acting. Raises NotAllowed for anybody else."""
    if actor.kind != "patient" or actor.patient_id is None:
        raise NotAllowed("patients_only", words("This page is for patients."))
    return actor.patient_id


def _receipt(session: Session, patient_id: UUID, receipt_id: UUID, catalog: Catalog) -> tuple[Sheet, str]:
    found = charges.receipt(session, patient_id, receipt_id)
    if found is None:
        raise NO_RECEIPT
    person = accounts.patient(session, patient_id)
    sheet = papers.receipt(
        found,
        patient=f"{person.given_name} {person.family_name}",
        practice=practice_of(catalog.practice),
        zone=person.time_zone,
    )
    return sheet, person.time_zone
