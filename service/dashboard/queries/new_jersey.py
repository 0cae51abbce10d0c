"""Visits of a year with patients in New Jersey, batch by batch, with whatever names somebody left behind at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from service.accounts.models import Patient
from service.accounts.queries.demographics import opened as demographics_in
from service.catalog.rules.whole import Catalog
from service.dashboard.rules.new_jersey import STATE, UNKNOWN, ZONE, Seen, age_band, region
from service.enrollment.models import Enrollment
from service.kit import crypto
from service.visits.models import Encounter
from service.visits.queries import codes_in

BATCH = 500
_AT = func.coalesce(Encounter.started_at, Encounter.signed_at)


def visits_seen(session: Session, catalog: Catalog, *, since: datetime, until: datetime) -> Iterator[tuple[UUID, Seen]]:
    """Each visit and whose it was, two statements for 500.

    They come in the order of their fingerprints, which says nothing of time.
    """
    after: tuple[str, UUID] | None = None
    while True:
        query = (
            select(
                Encounter.id,
                Encounter.sha256,
                Encounter.patient_id,
                _AT.label("at"),
                Encounter.modality,
                Encounter.patient_county,
                Encounter.practitioner_state,
                Encounter.payment_source,
                Encounter.record_sealed,
                Patient.date_of_birth_sealed,
                Patient.demographics_sealed,
            )
            .join(Patient, Patient.id == Encounter.patient_id)
            .where(Encounter.patient_state == STATE, since <= _AT, until > _AT)
            .order_by(Encounter.sha256, Encounter.id)
            .limit(BATCH)
        )
        if after is not None:
            query = query.where(tuple_(Encounter.sha256, Encounter.id) > after)
        rows = session.execute(query).all()
        programs = _programs(session, {row.patient_id for row in rows})
        for row in rows:
            yield row.patient_id, _seen(catalog, row, programs.get(row.patient_id, []))
        if len(rows) < BATCH:
            return
        after = (rows[-1].sha256, rows[-1].id)


def _programs(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, list[tuple[datetime, str]]]:
    """Which program each patient began when, the first first."""
    found: dict[UUID, list[tuple[datetime, str]]] = {}
    query = select(Enrollment.patient_id, Enrollment.created_at, Enrollment.program).where(
        Enrollment.patient_id.in_(patient_ids)
    )
    for row in session.execute(query.order_by(Enrollment.created_at)):
        found.setdefault(row.patient_id, []).append((row.created_at, row.program))
    return found


def _seen(catalog: Catalog, row: Row[*tuple[Any, ...]], programs: list[tuple[datetime, str]]) -> Seen:
    told = demographics_in(row.demographics_sealed, row.patient_id)
    born_on = date.fromisoformat(crypto.unseal(row.date_of_birth_sealed, "patients", "date_of_birth", row.patient_id))
    begun = [program for created_at, program in programs if created_at <= row.at]
    program = catalog.programs.get(begun[-1]) if begun else None
    coded = codes_in(row.record_sealed, row.id)
    return Seen(
        technology=row.modality,
        condition=program.name if program else UNKNOWN,
        region=region(row.patient_county),
        practitioner_region=row.practitioner_state or UNKNOWN,
        age=age_band(born_on, row.at.astimezone(ZONE).date()),
        sex=told.sex or UNKNOWN,
        race="; ".join(told.race) or UNKNOWN,
        ethnicity=told.ethnicity or UNKNOWN,
        prescriptions="none",  # no prescription is recorded by this service yet
        diagnoses="; ".join(coded.diagnoses) or UNKNOWN,
        em_code=coded.em_code or UNKNOWN,
        payment_source=row.payment_source,
    )
