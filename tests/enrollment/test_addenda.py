"""What was signed is added to, never changed, by clinicians who look after the patient."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

from service.accounts import writes as people
from service.audit.models import AuditEntry
from service.enrollment.actions.addendum import add_addendum
from service.enrollment.actions.decide import NotSignable
from service.kit import db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import NotAllowed, NotFound, OutsideCareTeam, Rejected
from service.kit.ids import new_id
from service.visits import queries as visits
from service.visits.models import EncounterAddendum
from service.visits.queries import SignedEncounter
from tests.client import Browser
from tests.conftest import House
from tests.factories.care import looking_after
from tests.factories.visits import Applicant, Clinician, a_clinician, an_applicant, approved, staff_actor


def _signed(house: House) -> tuple[Clinician, Applicant, UUID]:
    clinician, applicant = a_clinician(), an_applicant(house.catalog)
    return clinician, applicant, approved(applicant, clinician, house.catalog, house.now)


def _add(house: House, applicant: Applicant, encounter_id: UUID, actor: Actor, *, text: str = "A word more.") -> UUID:
    return add_addendum(
        enrollment_id=applicant.enrollment_id,
        encounter_id=encounter_id,
        text=text,
        settles=(),
        actor=actor,
        now=house.now,
    )


def _first(applicant: Applicant) -> SignedEncounter:
    with db.reading() as session:
        return visits.encounters_of(session, applicant.patient_id)[0]


def _count() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(EncounterAddendum)) or 0


def test_an_addendum_is_signed_by_name_and_stands_under_what_it_adds_to(house: House) -> None:
    clinician, applicant, encounter_id = _signed(house)
    before = _first(applicant)
    addendum_id = _add(house, applicant, encounter_id, clinician.actor, text="  The dose was meant otherwise.\n")
    after = _first(applicant)
    (added,) = after.addenda
    assert (added.id, added.text, added.by_name) == (addendum_id, "The dose was meant otherwise.", "Maya Lin")
    assert added.verified
    assert (after.sha256, after.notes, after.verified) == (before.sha256, before.notes, True)
    with db.reading() as session:
        said = session.scalars(select(AuditEntry.patient_id).where(AuditEntry.action == "encounter.add")).all()
    assert said == [applicant.patient_id]


def test_a_colleague_of_the_team_adds_too_and_each_word_once(house: House) -> None:
    clinician, applicant, encounter_id = _signed(house)
    colleague = looking_after(a_clinician(name="Dr. Noor Aziz").actor, applicant.patient_id)
    first = _add(house, applicant, encounter_id, clinician.actor)
    assert _add(house, applicant, encounter_id, clinician.actor) == first
    assert _add(house, applicant, encounter_id, colleague) != first
    assert _add(house, applicant, encounter_id, clinician.actor, text="And another.") != first
    assert _count() == 3


def test_what_was_open_is_settled_by_an_addendum(house: House) -> None:
    clinician, applicant, encounter_id = _signed(house)
    add_addendum(
        enrollment_id=applicant.enrollment_id,
        encounter_id=encounter_id,
        text="",
        settles=("monitor",),
        actor=clinician.actor,
        now=house.now,
    )
    assert _first(applicant).addenda[0].settles == ("monitor",)
    with pytest.raises(Rejected):
        add_addendum(
            enrollment_id=applicant.enrollment_id,
            encounter_id=encounter_id,
            text="x",
            settles=("everything",),
            actor=clinician.actor,
            now=house.now,
        )


@pytest.mark.parametrize("role", ["coordinator", "owner", "billing", "auditor"])
def test_nobody_but_a_clinician_adds(house: House, role: str) -> None:
    _, applicant, encounter_id = _signed(house)
    with pytest.raises(NotAllowed):
        _add(house, applicant, encounter_id, looking_after(staff_actor(role), applicant.patient_id))
    assert _count() == 0


def test_a_broken_glass_lets_somebody_look_and_not_write(house: House) -> None:
    _, applicant, encounter_id = _signed(house)
    stranger = a_clinician(name="Dr. Noor Aziz")
    with pytest.raises(OutsideCareTeam):
        _add(house, applicant, encounter_id, stranger.actor)
    with db.transaction() as session:
        people.break_glass(
            session,
            patient_id=applicant.patient_id,
            user_id=stranger.user_id,
            why="covering",
            reason="A colleague fell ill.",
            at=wall_now(),
        )
    with pytest.raises(NotAllowed) as refused:
        _add(house, applicant, encounter_id, stranger.actor)
    assert refused.value.code == "only_reading"
    assert _count() == 0


def test_only_to_an_encounter_of_this_patient_and_only_something(house: House) -> None:
    clinician, applicant, encounter_id = _signed(house)
    other = an_applicant(house.catalog)
    looking_after(clinician.actor, other.patient_id)
    for one, wanted in ((other, encounter_id), (applicant, new_id())):
        with pytest.raises(NotFound):
            _add(house, one, wanted, clinician.actor)
    with pytest.raises(NotSignable):
        _add(house, applicant, encounter_id, clinician.actor, text=" \n")
    with pytest.raises(Rejected):
        _add(house, applicant, encounter_id, clinician.actor, text="x" * 20_001)
    assert _count() == 0


def test_the_page_keeps_what_was_typed_and_signs_it(house: House, client: Browser) -> None:
    clinician, applicant, encounter_id = _signed(house)
    client.sign_in(clinician.user_id)
    record = f"/staff/enrollments/{applicant.enrollment_id}"
    page = f"{record}/encounters/{encounter_id}/addendum"
    assert page in client.get(record).text
    assert "Seen and heard well." in client.get(page).text
    empty = client.submit(page, {"text": "  "})
    assert empty.status_code == 422
    assert "Write what you add." in empty.text
    odd = client.submit(page, {"text": "Half a thought", "settles": "everything"})
    assert odd.status_code == 422
    assert "Half a thought" in odd.text
    assert client.submit(page, {"text": "Zqadded <b>later</b>", "settles": "sitter"}).status_code == 303
    shown = client.get(record).text
    assert "Zqadded &lt;b&gt;later&lt;/b&gt;" in shown
    assert "Settled: who stays with the patient" in shown
    assert client.get(f"{record}/encounters/{new_id()}/addendum").status_code == 404
