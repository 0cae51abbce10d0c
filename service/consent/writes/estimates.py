"""Handing out a written estimate, inside the transaction of what calls for it."""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.consent.models import GoodFaithEstimate
from service.consent.rules import estimates as rules
from service.kit import crypto
from service.kit.actor import SYSTEM, Actor
from service.kit.ids import new_id

NOTHING_YET = "none has been made yet"
AS_RECORDED = "as your clinician recorded it in your visit; you may ask for the codes"


def issue(
    session: Session,
    *,
    patient_id: UUID,
    occasion: rules.Occasion,
    about_id: UUID,
    catalog: Catalog,
    now: datetime,
    visit_at: datetime | None = None,
    plan_key: str | None = None,
    provider: rules.Provider | None = None,
    diagnosis_codes: Iterable[str] = (),
    actor: Actor = SYSTEM,
) -> UUID:
    """Give the patient a good faith estimate (45 CFR 149.610). Returns its id; a second time for the same is the first.

    `occasion` "booking": `about_id` is the appointment, `visit_at` when it begins; the visit alone, $0. "approval" and
    "asked": the months ahead with the plan `plan_key` (default: the one that costs least), from the patient's today.
    `about_id` is the enrollment, or an id of the request. Raises ValueError for a booking without `visit_at`.
    """
    person = accounts.patient(session, patient_id)
    zone = ZoneInfo(person.time_zone)
    today = now.astimezone(zone).date()
    first, last, lines, others = _expected(catalog, occasion, today, visit_at and visit_at.astimezone(zone), plan_key)
    codes = ", ".join(diagnosis_codes)
    state = catalog.states.get(person.state)
    whom = f"{person.given_name} {person.family_name}"
    text, total = rules.write(
        person=rules.Person(whom, person.date_of_birth, state.name if state else person.state),
        practice=catalog.practice,
        provider=provider,
        lines=lines,
        first_on=first,
        last_on=last,
        made_on=today,
        not_included=catalog.estimate.not_included,
        diagnosis=f"{codes}." if codes else f"{NOTHING_YET if occasion == 'booking' else AS_RECORDED}.",
        others=others,
    )
    row_id = new_id()
    added = session.execute(
        insert(GoodFaithEstimate)
        .values(
            id=row_id,
            patient_id=patient_id,
            occasion=occasion,
            about_id=about_id,
            first_on=first,
            last_on=last,
            total_cents=total,
            body_sealed=crypto.seal(text, "good_faith_estimates", "body", row_id),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            issued_at=now,
        )
        .on_conflict_do_nothing()
        .returning(GoodFaithEstimate.id)
    ).scalar()
    if added is None:
        return session.scalars(
            select(GoodFaithEstimate.id).where(
                GoodFaithEstimate.patient_id == patient_id,
                GoodFaithEstimate.occasion == occasion,
                GoodFaithEstimate.about_id == about_id,
            )
        ).one()
    audit.record(session, actor, "estimate.issue", "estimate", added, patient_id=patient_id, reason=occasion)
    return added


def _expected(
    catalog: Catalog, occasion: rules.Occasion, today: date, visit_at: datetime | None, plan_key: str | None
) -> tuple[date, date, tuple[rules.Line, ...], tuple[Plan, ...]]:
    """From when, until when, what, and the plans that it could be instead."""
    if occasion == "booking":
        if visit_at is None:
            raise ValueError("an estimate at a booking needs to know when the visit is")
        return visit_at.date(), visit_at.date(), rules.at_booking(visit_at.date()), ()
    plan = next((one for one in catalog.open_plans if one.key == plan_key), catalog.open_plans[0])
    others = tuple(one for one in catalog.open_plans if one != plan)
    return today, _months_after(today, catalog.estimate.months), rules.months_ahead(plan, catalog.estimate), others


def _months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last day where that month is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))
