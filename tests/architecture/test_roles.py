"""docs/roles.md says who sees what. Its first table is opened page by page; what it says of codes and answers too."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from config.settings import HOUSE
from service.kit import db
from service.safety import rules
from service.safety.models import Alert
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.care import looking_after
from tests.factories.safety import a_hold, an_alert
from tests.factories.visits import a_clinician, an_applicant, booked

TEXT = (HOUSE / "docs" / "roles.md").read_text("utf-8")
ROLES = ("owner", "clinician", "coordinator", "billing", "auditor")
CLINICAL = ("depression", "33101", "May not be able to stay safe", "RF-SI", "<b>H6", "May 17, 1990")


def table() -> dict[str, dict[str, bool]]:
    """Each page of the first table, and for whom it is."""
    found = {}
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        page = re.match(r"`(/staff[a-z/-]*)`", cells[0])
        if page and len(cells) == 6:
            found[page[1]] = {role: cell == "yes" for role, cell in zip(ROLES, cells[1:], strict=True)}
    return found


@pytest.mark.parametrize("role", ROLES)
def test_the_table_is_what_the_doors_do(client: Browser, house: House, role: str) -> None:
    assert len(table()) == 19
    client.sign_in(a_staff_member(role).user_id)
    for page, who in table().items():
        assert client.get(page).status_code == (200 if who[role] else 403), (page, role)


@pytest.mark.parametrize("role", ROLES)
def test_no_work_list_shows_an_answer_a_program_or_a_code(client: Browser, house: House, role: str) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    an_alert(house, patient_id=applicant.patient_id)
    a_hold(house, patient_id=applicant.patient_id)
    client.sign_in(a_staff_member(role).user_id)
    for page, who in table().items():
        if not who[role]:
            continue
        main = client.get(page).text.partition("<main")[2].partition("</main")[0]
        for word in CLINICAL:
            on_call = page == "/staff/alerts" and role == "clinician" and word.startswith("May not")
            assert (word.lower() in main.lower()) == on_call, (page, role, word)


@pytest.mark.parametrize("role", ["owner", "clinician", "coordinator"])
def test_on_the_care_team_only_a_clinician_reads_what_is_clinical(client: Browser, house: House, role: str) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    client.sign_in(looking_after(a_staff_member(role), applicant.patient_id).user_id)
    main = client.get(f"/staff/enrollments/{applicant.enrollment_id}").text.partition("<main")[2]
    assert ("33101" in main) == (role == "clinician")
    assert ("<b>H6</b>" in main) == (role == "clinician")
    assert ("May 17, 1990" in main) == (role == "clinician")


@pytest.mark.parametrize("role", ["owner", "coordinator", "billing", "auditor"])
def test_only_a_clinician_clears_a_clinical_question(client: Browser, house: House, role: str) -> None:
    a_clinician()
    applicant = an_applicant(house.catalog)
    booked(applicant, house.now)
    hold = a_hold(house, patient_id=applicant.patient_id)
    client.sign_in(looking_after(a_staff_member(role), applicant.patient_id).user_id)
    for path in (f"/staff/enrollments/{applicant.enrollment_id}/encounter", f"/staff/holds/{hold}/lift"):
        assert client.get(path).status_code == 403
        assert client.submit(path, {"decision": "approve", "reason": "Long enough a reason."}).status_code == 403


def test_whoever_is_on_call_sees_whom_to_call_before_taking_anything(client: Browser, house: House) -> None:
    from service.accounts.models import Patient
    from service.kit import crypto

    applicant = an_applicant(house.catalog)
    with db.transaction() as session:
        row = session.get_one(Patient, applicant.patient_id)
        row.phone_sealed = crypto.seal("+13055550123", "patients", "phone", row.id)
    an_alert(house, patient_id=applicant.patient_id)
    client.sign_in(a_staff_member("coordinator").user_id)
    page = client.get("/staff/alerts").text
    assert "Ana, (305) 555-0123" in page
    assert "May need help right now" in page
    with db.reading() as session:
        assert session.scalars(select(Alert.acknowledged_at)).one() is None


def test_each_red_flag_has_plain_words_that_do_not_tell_the_answer(house: House) -> None:
    for code, rule in house.catalog.alerts.items():
        if code.startswith("RF-"):
            assert rule.plain != rule.title, code
            assert not re.search(r"self-harm|dead|suicid|risk|medical", rule.plain, re.IGNORECASE), code
            assert rules.title(rule, "coordinator") == rule.plain
