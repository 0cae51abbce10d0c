"""A patient reads estimates, asks for one, and keeps it as a file."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.consent import queries as consents
from service.consent.models import GoodFaithEstimate
from service.enrollment.actions.estimate import ask_estimate
from service.kit import db
from service.kit.errors import Rejected
from service.kit.ids import new_id
from tests.client import Browser
from tests.conftest import House
from tests.enrollment.test_recording import _moved as in_another_state
from tests.enrollment.test_recording import _sign as sign
from tests.factories.consents import somebody
from tests.factories.visits import IN_NEW_JERSEY


def hidden(page: str) -> str:
    """The id that was made with the form."""
    found = re.search(r'name="request" value="([^"]+)"', page)
    assert found
    return found[1]


def kept() -> list[GoodFaithEstimate]:
    """Every estimate."""
    with db.reading() as session:
        return list(session.scalars(select(GoodFaithEstimate)))


def test_whoever_asks_has_it_at_once_and_sending_twice_is_one(house: House, client: Browser) -> None:
    applicant = somebody(house, "assessed")
    client.sign_in(applicant.person.user_id)
    page = client.get("/estimates").text
    assert "You have no estimate yet" in page
    sent = {"request": hidden(page), "plan": "monthly_plus"}
    answers = [client.submit("/estimates", sent) for _ in range(2)]
    assert {answer.headers["Location"] for answer in answers} == {f"/estimates/{kept()[0].id}"}
    (row,) = kept()
    assert (row.occasion, row.total_cents) == ("asked", 12 * 34900)
    read = client.get(answers[0].headers["Location"]).text
    assert "$4,188.00" in read
    assert "$400 or more above" in read
    assert "$4,188.00" in client.get("/estimates").text


def test_another_page_asks_for_another(house: House, client: Browser) -> None:
    applicant = somebody(house)
    client.sign_in(applicant.person.user_id)
    for _ in range(2):
        client.submit("/estimates", {"request": hidden(client.get("/estimates").text), "plan": "monthly"})
    assert len(kept()) == 2


@pytest.mark.parametrize("sent", [{}, {"plan": "free"}, {"plan": "monthly'--"}])
def test_a_plan_nobody_can_choose_is_said_at_its_field(house: House, client: Browser, sent: dict[str, str]) -> None:
    client.sign_in(somebody(house).person.user_id)
    answer = client.submit("/estimates", {"request": str(new_id()), **sent})
    assert answer.status_code == 422
    assert kept() == []


def test_an_action_refuses_a_plan_nobody_can_choose(house: House) -> None:
    applicant = somebody(house)
    with pytest.raises(Rejected):
        ask_estimate(request_id=new_id(), plan_key="free", catalog=house.catalog, actor=applicant.actor, now=house.now)


def test_it_can_be_kept_as_a_tagged_file_by_nobody_else(house: House, client: Browser) -> None:
    applicant, other = somebody(house), somebody(house)
    made = ask_estimate(
        request_id=new_id(), plan_key="monthly", catalog=house.catalog, actor=applicant.actor, now=house.now
    )
    client.sign_in(applicant.person.user_id)
    answer = client.get(f"/estimates/{made}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert b"/StructTreeRoot" in answer.data
    with db.reading() as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("estimate."))).all()
    assert sorted(acts) == ["estimate.download", "estimate.issue"]
    client.sign_in(other.person.user_id)
    assert client.get(f"/estimates/{made}.pdf").status_code == 404
    assert client.get(f"/estimates/{made}").status_code == 404


def test_whoever_goes_on_in_another_state_has_a_new_estimate_with_their_new_clinician(house: House) -> None:
    clinician, applicant = in_another_state(house)
    with db.reading() as session:
        before = {one.id for one in consents.estimates(session, applicant.patient_id)}
    sign(house, clinician, applicant, **IN_NEW_JERSEY)
    with db.reading() as session:
        (new,) = (one for one in consents.estimates(session, applicant.patient_id) if one.id not in before)
    assert new.occasion == "approval"
    assert "New Jersey" in new.text
    assert "F33.1" in new.text
    assert "Maya Lin" in new.text
