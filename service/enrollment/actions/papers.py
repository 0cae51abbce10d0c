"""Files to keep: a signed text with its evidence, or an estimate. Each time one is taken along is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.queries import PatientDetails
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.consent import gateway
from service.consent import queries as consents
from service.consent.queries import Evidence
from service.consent.rules import paper
from service.enrollment.actions.book import own_patient
from service.enrollment.actions.look import MAY_LOOK
from service.enrollment.queries import records
from service.enrollment.queries.papers import filled_in
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import NotAllowed, NotFound, words

NOT_FOUND = NotFound("no_such_document", words("We could not find that document."))


@dataclass(frozen=True, slots=True)
class Paper:
    """A tagged PDF and what to call it. The name says nothing about health."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Papers:
    """What staff see of a patient's documents: every answer with its evidence, and every estimate."""

    patient: PatientDetails
    signed: tuple[Evidence, ...]
    estimates: tuple[consents.Estimate, ...]
    glass_until: datetime | None


def own_signed(*, acceptance_id: UUID, catalog: Catalog, actor: Actor, templates_dir: Path, now: datetime) -> Paper:
    """A text that this patient signed, as a file. Raises NotFound for anybody else's."""
    patient_id = own_patient(actor)
    with db.transaction() as session:
        found, person = _signed(session, patient_id, acceptance_id)
        audit.record(session, actor, "consent.download", "consent", acceptance_id, patient_id=patient_id)
    return _as_paper(found, person, catalog, templates_dir, now)


def own_estimate(*, estimate_id: UUID, catalog: Catalog, actor: Actor, templates_dir: Path) -> Paper:
    """An estimate that this patient was given, as a file. Raises NotFound for anybody else's."""
    patient_id = own_patient(actor)
    with db.transaction() as session:
        found = consents.estimate(session, patient_id, estimate_id)
        if found is None:
            raise NOT_FOUND
        person = accounts.patient(session, patient_id)
        audit.record(session, actor, "estimate.download", "estimate", estimate_id, patient_id=patient_id)
    content = paper.estimate(
        text=found.text,
        sha256=found.sha256,
        issued_at=found.issued_at,
        zone=person.time_zone,
        practice=catalog.practice.legal_name,
    )
    made = gateway.pdf(content, templates_dir=templates_dir, made_at=found.issued_at)
    return Paper(f"estimate-{found.issued_at:%Y-%m-%d}.pdf", made)


def look(*, enrollment_id: UUID, actor: Actor) -> Papers:
    """Every document of one patient, for the care team; that it was looked at is noted.

    Raises NotAllowed, NotFound, and OutsideCareTeam for whoever does not look after this person.
    """
    with db.transaction() as session:
        patient_id, until = _may_open(session, enrollment_id, actor)
        audit.record(session, actor, "record.view", "consents", enrollment_id, patient_id=patient_id)
        return Papers(
            accounts.patient(session, patient_id),
            tuple(consents.evidences(session, patient_id)),
            tuple(consents.estimates(session, patient_id)),
            until,
        )


def look_at_signed(
    *, enrollment_id: UUID, document_id: UUID, catalog: Catalog, actor: Actor, templates_dir: Path, now: datetime
) -> Paper:
    """A signed text as a file, for the care team. Raises as `look`, and NotFound for a document of somebody else."""
    with db.transaction() as session:
        patient_id, _ = _may_open(session, enrollment_id, actor)
        found, person = _signed(session, patient_id, document_id)
        audit.record(session, actor, "consent.download", "consent", document_id, patient_id=patient_id)
    return _as_paper(found, person, catalog, templates_dir, now)


def _may_open(session: Session, enrollment_id: UUID, actor: Actor) -> tuple[UUID, datetime | None]:
    if actor.kind != "staff" or actor.role not in MAY_LOOK:
        raise NotAllowed("care_team_only", words("Only the care team may open this."))
    found = records.enrollment(session, enrollment_id)
    if found is None:
        raise NotFound("no_such_enrollment", words("We could not find that enrollment."))
    return found.patient_id, accounts.check_may_open(session, actor, found.patient_id)


def _signed(session: Session, patient_id: UUID, acceptance_id: UUID) -> tuple[Evidence, PatientDetails]:
    found = consents.evidence(session, patient_id, acceptance_id)
    if found is None:
        raise NOT_FOUND
    return found, accounts.patient(session, patient_id)


def _as_paper(found: Evidence, person: PatientDetails, catalog: Catalog, templates_dir: Path, now: datetime) -> Paper:
    content = paper.signed_text(
        found,
        signer=f"{person.given_name} {person.family_name}",
        practice=catalog.practice.legal_name,
        filled=filled_in(found),
        made_at=now,
    )
    made = gateway.pdf(content, templates_dir=templates_dir, made_at=now)
    return Paper(f"document-{found.accepted_at:%Y-%m-%d}-{str(found.id)[-4:]}.pdf", made)
