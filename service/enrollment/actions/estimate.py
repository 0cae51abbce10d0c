"""A patient asks what care would cost."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.catalog.rules.whole import Catalog
from service.consent import writes as evidence
from service.enrollment.actions.book import own_patient
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, words


def ask_estimate(*, request_id: UUID, plan_key: str, catalog: Catalog, actor: Actor, now: datetime) -> UUID:
    """Give a good faith estimate of the coming months with that plan, at once. Returns its id.

    45 CFR 149.610(b)(1)(vi)(C) gives three business days; there is no reason to wait. `request_id` is made with the
    form: sending it twice is one estimate. Raises Rejected for a plan that nobody can choose.
    """
    patient_id = own_patient(actor)
    if plan_key not in {plan.key for plan in catalog.open_plans}:
        raise Rejected("no_such_plan", words("Choose one of the plans."))
    with db.transaction() as session:
        return evidence.issue(
            session,
            patient_id=patient_id,
            occasion="asked",
            about_id=request_id,
            catalog=catalog,
            now=now,
            plan_key=plan_key,
            actor=actor,
        )
