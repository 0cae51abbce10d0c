"""Colleagues on a patient's care team."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from service.accounts import writes
from service.kit import db
from service.kit.actor import Actor
from tests.factories.accounts import Person

Somebody = TypeVar("Somebody", Actor, Person)


def looking_after(somebody: Somebody, patient_id: UUID | None, why: str = "assigned") -> Somebody:
    """`somebody` of the staff, who looks after this patient from now on."""
    assert somebody.user_id is not None
    assert patient_id is not None
    with db.transaction() as session:
        writes.join_care_team(session, patient_id=patient_id, user_id=somebody.user_id, why=why)
    return somebody
