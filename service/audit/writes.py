"""Adding to the trail, inside the caller's transaction: the fact and its trace are saved together or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, column, insert, select, table
from sqlalchemy.orm import Session

from service.audit.models import AuditEntry
from service.kit.actor import Actor
from service.kit.clock import wall_now

# By name: people live in a room above this one.
PATIENTS = table("patients", column("id", Uuid), column("user_id", Uuid))


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: UUID | None = None,
    *,
    patient_id: UUID | None = None,
    reason: str | None = None,
    outcome: str = "done",
) -> None:
    """Note that `actor` did `action` ("checkin.submit") to a subject. Words and ids only, never content.

    What concerns an account ("user") concerns the patient it belongs to, whoever acted: somebody who tries their
    password is not signed in. `outcome` is "done" or "refused". `reason` is a code: a sentence that somebody
    typed is sealed beside what it is about.
    """
    whose: Any = patient_id if patient_id is not None else actor.patient_id
    if whose is None and subject_kind == "user" and subject_id is not None:
        whose = select(PATIENTS.c.id).where(PATIENTS.c.user_id == subject_id).scalar_subquery()
    session.add(
        AuditEntry(
            at=wall_now(),
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            patient_id=whose,
            reason=reason,
            address=actor.address,
            outcome=outcome,
        )
    )


def record_many(
    session: Session,
    actor: Actor,
    action: str,
    subject_kind: str,
    subjects: Iterable[tuple[UUID | None, UUID | None]],
) -> None:
    """Note one `action` on each of `subjects`, given as (subject's id, patient's id), in one insert.

    For lists: whoever saw twenty names saw twenty patients.
    """
    at = wall_now()
    entries = [
        {
            "at": at,
            "actor_kind": actor.kind,
            "actor_id": actor.user_id,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "patient_id": patient_id,
            "address": actor.address,
            "outcome": "done",
        }
        for subject_id, patient_id in subjects
    ]
    if entries:
        session.execute(insert(AuditEntry), entries)
