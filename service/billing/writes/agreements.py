"""The patient's word for a recurring charge, kept with exactly what they read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.audit import writes as audit
from service.billing.models import Agreement
from service.billing.rules.terms import Terms
from service.kit.actor import Actor
from service.kit.ids import new_id


def keep_agreement(
    session: Session,
    *,
    patient_id: UUID,
    membership_id: UUID,
    terms: Terms,
    time_zone: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Keep that this patient ticked the box below `terms`: text, fingerprint, moment, and from where. Returns its id.

    Only ever added. Raises ValueError for anybody but a patient: nobody agrees to a charge in somebody else's name.
    """
    if actor.kind != "patient" or actor.patient_id != patient_id:
        raise ValueError("only the patient agrees to a charge")
    row = Agreement(
        id=new_id(),
        patient_id=patient_id,
        membership_id=membership_id,
        occasion=terms.occasion,
        plan=terms.plan,
        amount_cents=terms.amount_cents,
        terms=terms.text,
        sha256=terms.sha256,
        language=terms.language,
        agreed_at=now,
        time_zone=time_zone,
        address=actor.address,
        user_agent=actor.user_agent,
        sign_in_id=actor.sign_in_id,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        "membership.agree",
        "membership",
        membership_id,
        patient_id=patient_id,
        reason=f"{terms.occasion}:{terms.plan}:{terms.amount_cents}:month",
    )
    return row.id
