"""The inbox for staff: what waits, failed and is parked; tried again and let be, each for a reason and in the trail."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from service.audit.models import AuditEntry
from service.billing import actions
from service.billing.models import StripeEvent
from service.kit import db
from service.kit.clock import wall_now
from service.safety.models import Alert
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.stripe_events import a_message

PLACE = "/staff/stripe"


@pytest.fixture
def billing(client: Browser) -> Browser:
    """Somebody of billing, signed in."""
    client.sign_in(a_staff_member("billing").user_id)
    return client


def row(message_id: UUID) -> StripeEvent:
    with db.reading() as session:
        return session.get_one(StripeEvent, message_id)


def acts() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        return [
            (found.action, found.reason)
            for found in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            if found.action.startswith("inbox.")
        ]


def test_each_shelf_shows_its_own_and_says_why(billing: Browser, house: House) -> None:
    a_message("invoice.paid", object_id="in_waiting")
    a_message("invoice.paid", object_id="in_failed", attempts=3)
    a_message("invoice.paid", object_id="in_parked", parked_for="unclaimed")
    a_message("invoice.paid", object_id="in_done", handled=True)
    seen = {shelf: billing.get(f"{PLACE}?shelf={shelf}").text for shelf in ("waiting", "failed", "parked", "done")}
    for shelf, page in seen.items():
        assert f"in_{shelf}" in page
    assert "in_parked" not in seen["waiting"]
    assert "in_waiting" not in seen["failed"]
    assert "Tried 3 times" in seen["failed"]
    assert "not ours, or twice" in seen["parked"]
    assert "message needs a person" in seen["done"]
    assert {act for act, _ in acts()} == {"inbox.view"}


def test_it_is_narrowed_by_what_it_is_about_and_why(billing: Browser, house: House) -> None:
    a_message("invoice.paid", object_id="in_1", parked_for="another_mode")
    a_message("customer.subscription.updated", object_id="sub_1", parked_for="unclaimed")
    page = billing.get(f"{PLACE}?shelf=parked&about=charge").text
    assert ("in_1" in page, "sub_1" in page) == (True, False)
    page = billing.get(f"{PLACE}?shelf=parked&parked_for=unclaimed").text
    assert ("in_1" in page, "sub_1" in page) == (False, True)
    nonsense = billing.get(f"{PLACE}?shelf=zq&about=zq&parked_for=zq&before=zq")
    assert nonsense.status_code == 200


def test_page_by_page_each_is_shown_once(billing: Browser, house: House) -> None:
    ids = [a_message(object_id=f"sub_{number:03}x") for number in range(55)]
    first = billing.get(PLACE)
    link = first.text.split("before=")[1].split('"')[0]
    second = billing.get(f"{PLACE}?shelf=waiting&before={link}")
    for number in range(len(ids)):
        name = f"sub_{number:03}x"
        assert (name in first.text) + (name in second.text) == 1
    assert "before=" not in second.text


def test_what_it_says_is_shown_for_a_reason_and_noted(billing: Browser, house: House) -> None:
    message_id = a_message(body='{"zq": {"amount": 25000}}')
    plain = billing.get(f"{PLACE}/{message_id}").text
    assert "zq" not in plain
    address = f"{PLACE}/{message_id}/body"
    assert billing.submit(address).status_code == 422
    assert "zq" not in billing.submit(address, {"reason": "nosy"}).text
    shown = billing.submit(address, {"reason": "find_fault"})
    assert "&#34;amount&#34;: 25000" in shown.text
    assert ("inbox.body", "find_fault") in acts()


def test_trying_again_begins_anew_and_twice_is_as_once(billing: Browser, house: House) -> None:
    message_id = a_message(parked_for="failed", attempts=8)
    house.jobs.clear()
    for _ in range(2):
        answer = billing.submit(f"{PLACE}/{message_id}/again", {"reason": "mended"})
        assert answer.status_code == 303
    found = row(message_id)
    assert (found.parked_at, found.parked_for, found.attempts, found.last_error) == (None, None, 0, None)
    assert found.touched_as == "replayed"
    assert [job.arguments for job in house.jobs if job.name == "billing.handle_event"] == [
        {"event_id": str(message_id)}
    ] * 2
    assert acts().count(("inbox.replay", "mended")) == 2
    assert "What stood in the way is put right" in billing.get(f"{PLACE}/{message_id}").text


@pytest.mark.parametrize("code", ["another_account", "another_mode", "unknown_version", "not_an_event"])
def test_what_is_kept_to_be_looked_at_is_never_acted_upon(billing: Browser, house: House, code: str) -> None:
    message_id = a_message(parked_for=code)
    house.jobs.clear()
    assert "Try it again" not in billing.get(f"{PLACE}/{message_id}").text
    billing.submit(f"{PLACE}/{message_id}/again", {"reason": "mended"})
    billing.submit(f"{PLACE}/again", {"shelf": "parked", "reason": "mended"})
    assert row(message_id).parked_for == code
    assert [job for job in house.jobs if job.name == "billing.handle_event"] == []


def test_all_that_fit_are_tried_again_and_no_others(billing: Browser, house: House) -> None:
    parked = [a_message("invoice.paid", parked_for="failed") for _ in range(3)]
    other = a_message("customer.subscription.updated", parked_for="failed")
    done = a_message("invoice.paid", handled=True)
    house.jobs.clear()
    answer = billing.submit(
        f"{PLACE}/again", {"shelf": "parked", "about": "charge", "reason": "mended"}, follow_redirects=True
    )
    assert "3 messages are being handled again" in answer.text
    assert all(row(one).parked_at is None for one in parked)
    assert row(other).parked_at is not None
    assert row(done).handled_at is not None
    assert len([job for job in house.jobs if job.name == "billing.handle_event"]) == 3


def test_a_parked_one_is_let_be_and_stays_to_be_seen(billing: Browser, house: House) -> None:
    message_id = a_message(parked_for="another_mode", object_id="sub_letbe")
    address = f"{PLACE}/{message_id}/let-be"
    assert billing.submit(address, {}).status_code == 422
    billing.submit(address, {"reason": "not_ours"})
    assert row(message_id).handled_at is not None
    assert "sub_letbe" not in billing.get(f"{PLACE}?shelf=parked").text
    assert "sub_letbe" in billing.get(f"{PLACE}?shelf=done").text
    assert ("inbox.dismiss", "not_ours") in acts()
    again = billing.submit(address, {"reason": "not_ours"}, follow_redirects=True)
    assert "done with already" in again.text


def test_one_that_is_still_being_tried_cannot_be_let_be(billing: Browser, house: House) -> None:
    message_id = a_message(attempts=2)
    answer = billing.submit(f"{PLACE}/{message_id}/let-be", {"reason": "not_ours"}, follow_redirects=True)
    assert "still being tried" in answer.text
    assert row(message_id).handled_at is None


def watch(house: House) -> list[str]:
    return actions.watch_billing(catalog=house.catalog, now=house.now, wall_now=wall_now())


def open_alerts() -> list[Alert]:
    with db.reading() as session:
        return list(
            session.scalars(select(Alert).where(Alert.code == "BILLING-INBOX", Alert.acknowledged_at.is_(None)))
        )


def look_at(house: House) -> None:
    looker = a_staff_member("owner")
    with db.transaction() as session:
        for alert in session.scalars(select(Alert).where(Alert.acknowledged_at.is_(None))):
            alert.acknowledged_at, alert.acknowledged_by = house.now, looker.user_id


def test_a_person_is_called_once_for_what_is_parked_and_again_only_for_what_is_new(house: House) -> None:
    assert watch(house) == []
    a_message(parked_for="unclaimed")
    assert watch(house) == ["BILLING-INBOX"]
    a_message(parked_for="another_mode")  # while somebody is called already
    assert watch(house) == []
    assert len(open_alerts()) == 1
    look_at(house)
    assert watch(house) == []  # they stand there still, and somebody knows
    a_message(parked_for="unclaimed")
    assert watch(house) == ["BILLING-INBOX"]


def test_a_person_is_called_when_the_oldest_waits_for_over_a_quarter_of_an_hour(house: House) -> None:
    a_message(age=timedelta(minutes=14))
    assert watch(house) == []
    a_message(age=timedelta(minutes=16), handled=True)
    assert watch(house) == []
    a_message(age=timedelta(minutes=16))
    assert watch(house) == ["BILLING-INBOX"]
    assert watch(house) == []
