"""Patients who read and sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.accounts.models import Patient
from service.catalog.rules.consents import render
from service.consent import queries as consents
from service.consent.rules import Task, blanks
from service.enrollment import writes
from service.enrollment.actions import sign
from service.enrollment.rules.signing import Filled
from service.kit import db
from tests.factories.enrollment import STEPS
from tests.factories.visits import Applicant, an_applicant, reachable

if TYPE_CHECKING:
    from tests.conftest import House

NAME = "Ana Rivera"
SITTER = Filled(name="Jo Rivera", relation="My sister", phone="(305) 555-0123")
RELEASE = Filled(name="Dr. Kim Poe", phone="", scope=("part", "medicine"), months="6")
FILLED = {"sitter": SITTER, "release": RELEASE}


def somebody(house: House, status: str = "approved", place: str = "FL", *, known: bool = True) -> Applicant:
    """Somebody whose enrollment stands at `status` with nothing signed; `known`: we know whom to call for them."""
    applicant = an_applicant(house.catalog, place)
    if known:
        reachable(applicant.patient_id)
    with db.transaction() as session:
        for event in STEPS.get(status, ()):
            writes.move(session, applicant.enrollment_id, event, applicant.actor, house.now)
    return applicant


def agreed_to_visits(house: House, applicant: Applicant, state: str = "FL") -> None:
    """What comes before a visit is signed; where we know of no home, we know of none afterwards."""
    with db.reading() as session:
        home = session.get_one(Patient, applicant.patient_id).address_sealed
    reachable(applicant.patient_id)
    for key in ("esign", "telehealth"):
        sign_one(house, applicant, key, state=state)
    with db.transaction() as session:
        session.get_one(Patient, applicant.patient_id).address_sealed = home


def own_blanks(house: House) -> dict[str, str]:
    """What fills the blanks of the texts."""
    return blanks(house.catalog.practice, house.catalog.from_price_cents)


def tasks(house: House, applicant: Applicant, state: str = "FL") -> tuple[Task, ...]:
    """Where each text stands."""
    with db.reading() as session:
        return consents.tasks(session, applicant.patient_id, state, house.catalog, house.now.date())


def sha(house: House, applicant: Applicant, key: str, state: str = "FL") -> str:
    """The hash of the text that a page shows today."""
    (document,) = [task.document for task in tasks(house, applicant, state) if task.document.key == key]
    return render(document, own_blanks(house)).sha256


def sign_one(house: House, applicant: Applicant, key: str, *, state: str = "FL", **changes: Any) -> bool:
    """Sign one text as its page would."""
    (task,) = [task for task in tasks(house, applicant, state) if task.document.key == key]
    values = {
        "sha256": render(task.document, own_blanks(house)).sha256,
        "typed_name": NAME,
        "agreed": True,
        "filled": FILLED.get(task.document.asks),
        "catalog": house.catalog,
        "actor": applicant.actor,
        "now": house.now,
        **changes,
    }
    return sign.sign_consent(key=key, blanks=own_blanks(house), **values)


def sign_all(house: House, applicant: Applicant, state: str = "FL", **changes: Any) -> None:
    """Sign every text that has to be signed."""
    for task in tasks(house, applicant, state):
        if task.document.blocking:
            sign_one(house, applicant, task.document.key, state=state, **changes)
