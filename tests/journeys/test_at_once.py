"""Two at once: the same button pressed twice, the same thing wanted by two. One wins, everybody gets a clear page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from service.sandbox import walks
from service.sandbox.walker import Walker
from service.sandbox.walks import Person
from tests.journeys.live import PASSWORD, Live, press_at_once, together, twin

pytestmark = pytest.mark.slow


def ready_to_join(live: Live, person: Person) -> Walker:
    walker = live.walker()
    walks.assess(walker, {**walks.CALM_ANSWERS, "zip": person.zip_code}, person.born_on).must("You may qualify")
    walker.get("/join")
    return walker


def fields(person: Person) -> dict[str, str]:
    names = {"given_name": person.given_name, "family_name": person.family_name}
    return {**names, "email": person.email, "password": person.password, "notices": "y"}


def test_joining_twice_at_once_makes_one_account(live: Live) -> None:
    gia = Person("Gia", "Once", "gia@example.com", PASSWORD)
    pages = press_at_once(ready_to_join(live, gia), "password", fields(gia), times=3)
    assert {page.heading for page in pages} == {"Check your email"}
    live.mailbox.wait_for(gia.email, "Confirm")
    live.mover.settle()
    assert [mail["subject"] for mail in live.mails(gia.email)] == [live.mails(gia.email, "Confirm")[0]["subject"]]


def test_two_browsers_with_one_address_see_the_same_page_and_only_one_of_them_proves_it(live: Live) -> None:
    person = Person("Hal", "Twice", "hal@example.com", PASSWORD)
    here, there = ready_to_join(live, person), ready_to_join(live, person)
    pages = together(*(lambda tab=tab: tab.fill(dict(fields(person)), "password") for tab in (here, there)))
    assert {page.heading for page in pages} == {"Check your email"}
    live.mover.settle()
    links = {walks.path_in(mail, r"^/confirm/") for mail in live.mails(person.email, "Confirm")}
    assert links
    assert len(links) == len(live.mails(person.email)), "each link once, and no other mail"

    tabs = [live.walker() for _ in links]
    for tab, link in zip(tabs, links, strict=True):
        tab.get(link).must("Confirm")
    answers = together(*(lambda tab=tab: tab.fill({"password": PASSWORD}, "/confirm/") for tab in tabs))
    assert {page.status for page in answers} <= {200, 410, 422}
    proved = "SELECT count(*) AS n FROM users WHERE email_confirmed_at IS NOT NULL GROUP BY email_index"
    assert live.count(f"SELECT max(n) FROM ({proved}) AS each") == 1
    assert live.signed_in(person.email).get("/home").path == "/home"


def test_one_time_booked_from_two_browsers_goes_to_one_and_the_other_sees_what_is_left(live: Live) -> None:
    people = [live.newcomer("Ida", "Early")[1], live.newcomer("Jon", "Late")[1]]
    for walker in people:
        days = walker.get("/visits/book")
        walker.get(next(href for href, _ in days.links if re.search(r"/visits/book/\d{4}-", href)))
    assert people[0].page is not None
    slot = people[0].page.form("slot").choices["slot"][0]
    pages = together(*(lambda walker=walker: walker.fill({"slot": slot}, "slot") for walker in people))
    (won,) = [page for page in pages if page.status == 200]
    (lost,) = [page for page in pages if page.status == 409]
    won.must("We keep this time for you until")
    left = lost.form("slot").choices["slot"]
    assert left, "there are other times"
    assert slot not in left
    assert "988" in lost.text


def test_an_approval_completed_twice_at_once_is_one_approval_and_one_mail(live: Live) -> None:
    from service.sandbox.people import PATIENTS

    carla, sam, ines = PATIENTS["carla"], live.staff("sam@staff.example"), live.staff("ines@staff.example")
    before = len(live.mails(carla.email))
    walks.take(sam, carla)
    walks.add_colleague(sam, carla, "Ines Duarte")
    for colleague in (sam, ines):
        record = walks.open_record(colleague, carla)
        colleague.get(f"{urlsplit(record.url).path}/complete")
    pages = together(
        *(
            lambda one=one: one.send(one.page.form("/complete"))  # type: ignore[union-attr]
            for one in (sam, ines, twin(sam))
        )
    )
    assert {page.status for page in pages} == {200}
    live.mover.settle()
    assert len(live.mails(carla.email)) == before + 1


def test_signing_paying_and_paying_again_at_once_is_one_signature_one_page_and_one_charge(live: Live) -> None:
    from service.sandbox.people import PATIENTS

    dev, walker = PATIENTS["dev"], live.signed_in("dev@example.com")
    page = walker.get("/consents/esign")
    pages = press_at_once(walker, "agreed", {"agreed": "y", "typed_name": dev.full_name}, times=3)
    assert {page.status for page in pages} == {200}
    signed = "SELECT count(*) AS n FROM consent_acceptances GROUP BY patient_id, document_sha256"
    assert live.count(f"SELECT max(n) FROM ({signed}) AS each") == 1
    walks.sign_consents(walker, dev)

    page = walker.get("/membership")
    plan = page.form("agreed").values.get("plan") or page.form("agreed").choices["plan"][0]
    hosted = press_at_once(walker, "agreed", {"agreed": "y", "plan": str(plan)}, times=3)
    assert len({page.url for page in hosted}) == 1, "one pay page"
    tabs = [twin(walker) for _ in hosted]
    for tab in tabs:
        tab.get(hosted[0].url)
    paid = together(*(lambda tab=tab: tab.fill({"card": "4242424242424242"}, "card") for tab in tabs))
    assert {page.path for page in paid} == {"/membership/return"}
    walker.until("/billing", "Next charge")
    live.mover.settle()
    (member,) = live.rows(
        "SELECT m.id, m.status FROM memberships m JOIN patients p ON p.id = m.patient_id"
        " ORDER BY m.created_at DESC LIMIT 1"
    )
    assert member.status == "active"
    assert live.count("SELECT count(*) FROM invoices WHERE membership_id = :id", id=member.id) == 1
    assert live.count("SELECT count(*) FROM checkouts WHERE membership_id = :id", id=member.id) == 1
    assert len(live.mails(dev.email, "receipt")) == 1


def test_a_check_in_sent_twice_at_once_is_one_score_and_one_alert(live: Live) -> None:
    walker = live.signed_in("hugo@example.com")
    path = next(href for href, _ in walker.get("/check-ins").links if walks.CHECK_IN.search(href))
    worrying = [1, 1, 1, 1, 1, 1, 1, 1, 2]
    walker.get(path + "/1")
    for number, answer in enumerate(worrying, start=1):
        walker.get(f"{path}/{number}")
        walker.fill({"answer": str(answer)}, "answer")
    alerts = "SELECT count(*) FROM alerts WHERE source_id = :id"
    checkin = path.rpartition("/")[2]
    assert live.count(alerts, id=checkin) == 1, "raised by the answer itself"
    walker.get(path + "/check")
    pages = press_at_once(walker, "/submit", {}, times=3)
    for page in pages:
        page.must("988", "911")
    assert live.count(alerts, id=checkin) == 1
    assert live.count("SELECT count(*) FROM safety_holds WHERE source_id = :id", id=checkin) == 1
    sent = "SELECT count(*) FROM audit_entries WHERE action = 'checkin.submit' AND subject_id = :id"
    assert live.count(sent, id=checkin) == 1
