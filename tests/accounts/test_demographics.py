"""Sex, race and ethnicity: told or not, sealed, and taken back at will."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service.accounts.models import Patient
from service.accounts.queries.demographics import demographics
from service.accounts.rules.demographics import ETHNICITY, RACE, SEX, Demographics, checked
from service.audit.models import AuditEntry
from service.kit import db
from service.kit.errors import Rejected
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_patient

PAGE = "/settings/about-you/optional"


@pytest.fixture
def ana(client: Browser, house: House) -> Person:
    person = a_patient()
    client.sign_in(person.user_id)
    return person


def told(person: Person) -> Demographics:
    assert person.patient_id is not None
    with db.reading() as session:
        return demographics(session, person.patient_id)


def test_nothing_is_told_until_somebody_tells_it(client: Browser, ana: Person) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "checked" not in page.text.partition("<main")[2]
    assert "Remove all of it" not in page.text
    assert told(ana) == Demographics()
    assert PAGE in client.get("/settings").text


def test_what_is_told_is_kept_sealed_shown_again_and_removed(client: Browser, ana: Person) -> None:
    assert client.submit(PAGE, {"sex": "x", "race": ["white", "asian"], "ethnicity": "declined"}).status_code == 303
    assert told(ana) == Demographics("x", ("asian", "white"), "declined")
    with db.reading() as session:
        sealed = session.scalars(select(Patient.demographics_sealed).where(Patient.id == ana.patient_id)).one()
        said = session.scalars(select(AuditEntry.action).where(AuditEntry.actor_id == ana.user_id)).all()
    assert sealed is not None
    assert b"asian" not in sealed
    assert list(said) == ["account.change_demographics"]
    assert client.get(PAGE).text.count("checked") == 4
    assert client.submit(f"{PAGE}/remove").status_code == 303
    assert told(ana) == Demographics()
    with db.reading() as session:
        assert session.scalars(select(Patient.demographics_sealed).where(Patient.id == ana.patient_id)).one() is None


def test_sending_nothing_or_the_same_again_changes_nothing(client: Browser, ana: Person) -> None:
    client.submit(PAGE, {})
    client.submit(PAGE, {"sex": "female"})
    client.submit(PAGE, {"sex": "female"})
    with db.reading() as session:
        assert len(session.scalars(select(AuditEntry.id).where(AuditEntry.actor_id == ana.user_id)).all()) == 1


@pytest.mark.parametrize(
    "sent", [{"sex": "robot"}, {"race": ["purple"]}, {"ethnicity": "x"}, {"race": ["white", "declined"]}]
)
def test_what_is_no_choice_is_not_kept(client: Browser, ana: Person, sent: dict[str, object]) -> None:
    assert client.submit(PAGE, sent).status_code == 422
    assert told(ana) == Demographics()


def test_every_choice_can_be_told_and_contradictions_cannot() -> None:
    for sex in ("", *SEX):
        for ethnicity in ("", *ETHNICITY):
            assert checked(sex, (), ethnicity).told == bool(sex or ethnicity)
    for race in RACE:
        assert checked("", (race,), "").race == (race,)
    with pytest.raises(Rejected):
        checked("", ("white", "declined"), "")
