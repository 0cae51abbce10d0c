"""Going on with the assessment on another device, and the one nudge: by a mailed link, for whoever asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select, update

from service.audit.models import AuditEntry
from service.catalog.rules.reminders import QuietHours
from service.enrollment.actions import resume
from service.enrollment.models import Assessment
from service.enrollment.rules.nudge import leaves_at
from service.kit import crypto, db
from service.kit.errors import NotFound
from service.kit.ids import new_id, new_token, token_hash
from service.mail.models import OutboxMessage
from service.reminders.queries.wanted import still_wanted
from tests.factories.at_once import at_once, outcomes
from tests.factories.enrollment import HEALTHY, VISITOR, an_assessment, fields, join, walk
from tests.factories.statements import counted

if TYPE_CHECKING:
    from flask import Flask

    from tests.client import Browser
    from tests.conftest import House

ADDRESS = "Ana@Example.com"


def rows() -> list[Assessment]:
    with db.reading() as session:
        return list(session.scalars(select(Assessment).order_by(Assessment.started_at, Assessment.id)))


def mails(template: str | None = None) -> list[tuple[OutboxMessage, dict[str, Any]]]:
    with db.reading() as session:
        found = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        return [
            (row, crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id))
            for row in found
            if template in (None, row.template)
        ]


def the_worker_looks(house: House) -> None:
    resume.mail_links(catalog=house.catalog, now=house.now)
    resume.nudge_left(catalog=house.catalog, now=house.now)


def leave(client: Browser, house: House, *, email: str = ADDRESS, nudge: bool = False) -> Any:
    page = client.submit("/assessment/later", {"email": email, **({"nudge": "y"} if nudge else {})})
    the_worker_looks(house)
    return page


def link() -> str:
    return str(mails()[-1][1]["path"])


def test_a_mailed_link_brings_the_answers_to_another_device_by_a_button(client: Browser, app: Flask, house: House):
    page = walk(client, HEALTHY, until="heart")
    assert 'href="/assessment/later"' in page.text
    assert leave(client, house).headers["Location"] == "/assessment/later/sent"
    assert "72 hours" in client.get("/assessment/later/sent").text
    other = app.test_client()
    assert "Go on with your answers" in other.get(link()).text
    assert other.get("/assessment/heart").headers["Location"] == "/assessment", "looking changes nothing"
    assert client.get("/assessment/heart").status_code == 200
    assert other.submit(link()).headers["Location"].endswith("/assessment/heart")
    assert other.get("/assessment/heart").status_code == 200
    assert client.get("/assessment/heart").headers["Location"] == "/assessment", "one device at a time holds them"


def test_the_link_opens_nothing_else_and_the_browsers_secret_is_no_link(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house)
    token = link().rsplit("/", 1)[-1]
    with pytest.raises(NotFound):
        resume.leave_address(token=token, email=ADDRESS, nudge=False, actor=VISITOR, now=house.now)
    with client.session_transaction(base_url="https://localhost") as session:
        secret = session["assessment"]
    assert client.get(f"/assessment/resume/{secret}").status_code == 404


def test_a_link_ends_after_72_hours_with_a_kind_page(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house)
    path = link()
    house.at(house.now + timedelta(hours=72))
    assert client.get(path).status_code == 200
    house.at(house.now + timedelta(seconds=1))
    for response in (client.get(path), client.submit(path), client.get("/assessment/resume/made-up")):
        assert response.status_code == 404
        assert "This link has run out" in response.text
        assert 'href="/assessment"' in response.text


def test_a_newer_link_takes_the_place_of_the_one_before(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house)
    first = link()
    leave(client, house)
    assert link() != first
    assert (client.get(first).status_code, client.get(link()).status_code) == (404, 200)


def test_joining_ends_the_link(client: Browser, house: House):
    token = an_assessment(house, send=False)
    resume.leave_address(token=token, email=ADDRESS, nudge=True, actor=VISITOR, now=house.now)
    the_worker_looks(house)
    path = link()
    resume_row = rows()[0]
    assert resume_row.nudge_at is not None
    from service.enrollment.actions import answer

    answer.submit(token=token, catalog=house.catalog, actor=VISITOR, now=house.now)
    assert client.get(path).status_code == 200, "the result can be read where the link leads"
    join(house, token)
    assert (client.get(path).status_code, client.submit(path).status_code) == (404, 404)


def test_the_address_is_sealed_and_serves_for_the_link_alone(client: Browser, house: House):
    walk(client, HEALTHY)
    leave(client, house)
    row = rows()[0]
    assert row.contact_sealed is not None
    assert b"ana@example.com" not in row.contact_sealed
    client.submit("/assessment/check")
    assert rows()[0].contact_sealed is None, "whoever has finished needs no link"


def test_an_address_that_cannot_be_is_asked_for_again(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    for email, words in (("", "Enter your email address"), ("ana at example", "email address in the correct format")):
        page = leave(client, house, email=email)
        assert page.status_code == 422
        assert words in page.text
    assert rows()[0].contact_sealed is None


def test_without_an_assessment_or_after_it_there_is_nothing_to_go_on_with(client: Browser, house: House):
    assert client.get("/assessment/later").headers["Location"] == "/assessment"
    assert client.submit("/assessment/later", {"email": ADDRESS}).headers["Location"] == "/assessment"
    walk(client, HEALTHY)
    client.submit("/assessment/check")
    assert client.get("/assessment/later").headers["Location"] == "/assessment/result"
    assert client.submit("/assessment/later", {"email": ADDRESS}).headers["Location"] == "/assessment/result"
    assert mails() == []


def test_every_address_makes_the_same_statements(house: House, engine: Engine):
    """Somebody who has an account, somebody who left the address before, and nobody we ever heard of."""
    join(house, an_assessment(house), email="known@example.com")
    before = an_assessment(house, send=False)
    resume.leave_address(token=before, email="left@example.com", nudge=False, actor=VISITOR, now=house.now)
    made = []
    for email in ("known@example.com", "left@example.com", "new@example.com"):
        token = an_assessment(house, send=False)
        with counted(engine) as statements:
            resume.leave_address(token=token, email=email, nudge=False, actor=VISITOR, now=house.now)
        made.append(list(statements))
    assert made[0] == made[1] == made[2]


def test_one_assessment_mails_five_times_and_no_more(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    for number in range(8):
        leave(client, house, email=f"stranger{number}@example.com")
    assert len(mails("assessment_link")) == 5


def test_one_address_has_three_links_at_most(house: House):
    for _ in range(5):
        token = an_assessment(house, send=False)
        resume.leave_address(token=token, email=ADDRESS, nudge=False, actor=VISITOR, now=house.now)
    the_worker_looks(house)
    assert len(mails("assessment_link")) == 3


def test_leaving_an_address_and_taking_over_leave_a_trace_without_the_address(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house)
    client.submit(link())
    with db.reading() as session:
        acts = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.at)))
    assert acts[-2:] == ["assessment.leave_address", "assessment.take_over"]


def test_whoever_asked_is_nudged_once_a_day_after_the_last_answer(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house, nudge=True)
    house.at(house.now + timedelta(hours=23))
    page = client.get("/assessment/heart").text
    from tests.enrollment.test_assessment_walk import revision_of

    client.submit("/assessment/heart", fields("heart", ["none"], revision_of(page)))
    house.at(house.now + timedelta(hours=2))
    the_worker_looks(house)
    assert mails("assessment_nudge") == [], "they were here two hours ago"
    house.at(house.now + timedelta(hours=22))
    the_worker_looks(house)
    (nudge, facts) = mails("assessment_nudge")[0]
    assert nudge.send_before is not None
    house.at(house.now + timedelta(days=5))
    the_worker_looks(house)
    assert len(mails("assessment_nudge")) == 1
    assert rows()[0].nudge_at is None
    assert facts["path"].startswith("/assessment/resume/")


def test_nobody_is_nudged_who_did_not_ask(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house)
    house.at(house.now + timedelta(days=3))
    the_worker_looks(house)
    assert mails("assessment_nudge") == []


@pytest.mark.parametrize(
    "finished",
    [{}, {"body": ["allergy"]}, {"safety": ["cannot_stay_safe"]}, {"born_on": ["11", "24", "2010"]}],
    ids=["finished", "told no", "emergency", "too young"],
)
def test_nobody_is_nudged_after_the_end(house: House, finished: dict[str, list[str]]):
    from service.enrollment.actions import answer

    token = answer.start(catalog=house.catalog, locale="en", actor=VISITOR, now=house.now)
    resume.leave_address(token=token, email=ADDRESS, nudge=True, actor=VISITOR, now=house.now)
    sent = {**HEALTHY, **finished}
    for name, values in sent.items():
        answer.save_answer(
            token=token,
            question_id=name,
            sent=values,
            revision=0,
            catalog=house.catalog,
            actor=VISITOR,
            now=house.now,
        )
    if not rows()[0].outcome:
        answer.submit(token=token, catalog=house.catalog, actor=VISITOR, now=house.now)
    assert rows()[0].nudge_at is None
    house.at(house.now + timedelta(days=2))
    the_worker_looks(house)
    assert mails("assessment_nudge") == []


def test_nobody_is_drawn_back_by_one_attempt_after_help_was_shown_in_another(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house, nudge=True)
    with db.transaction() as session:
        here = session.scalars(select(Assessment)).one()
        other = Assessment(
            id=new_id(),
            token_hash=token_hash(new_token()),
            questionnaire_version=here.questionnaire_version,
            ruleset_version=here.ruleset_version,
            disclaimer_version="1",
            answers_sealed=b"",
            outcome="emergency",
            locale="en",
            started_at=house.now,
            submitted_at=house.now,
            contact_index=here.contact_index,
            do_not_market=True,
        )
        session.add(other)
    house.at(house.now + timedelta(days=2))
    the_worker_looks(house)
    assert mails("assessment_nudge") == []
    assert [row.nudge_at for row in rows()] == [None, None]


def test_a_nudge_on_its_way_is_dropped_once_they_have_finished(client: Browser, house: House):
    walk(client, HEALTHY)
    leave(client, house, nudge=True)
    house.at(house.now + timedelta(days=1))
    the_worker_looks(house)
    kind, _, subject = str(mails("assessment_nudge")[0][0].wanted_while).partition(":")
    with db.reading() as session:
        assert still_wanted(session, kind, rows()[0].id)
    client.submit("/assessment/check")
    with db.reading() as session:
        assert not still_wanted(session, kind, rows()[0].id)
    assert subject == str(rows()[0].id)


def test_a_nudge_waits_for_the_morning_where_they_live(client: Browser, house: House):
    house.at(datetime(2026, 11, 24, 4, 30, tzinfo=UTC))  # half past ten in the evening in Pensacola
    walk(client, {**HEALTHY, "zip": ["32501"]}, until="heart")
    leave(client, house, nudge=True)
    house.at(datetime(2026, 11, 25, 4, 30, tzinfo=UTC))
    the_worker_looks(house)
    assert mails("assessment_nudge") == []
    opening = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)  # eight in Pensacola, nine in New York
    assert rows()[0].nudge_at == opening
    house.at(opening)
    the_worker_looks(house)
    assert len(mails("assessment_nudge")) == 1


def test_nobody_is_nudged_about_questions_that_are_others_now(client: Browser, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house, nudge=True)
    with db.transaction() as session:
        session.execute(update(Assessment).values(questionnaire_version="1"))
    house.at(house.now + timedelta(days=1))
    the_worker_looks(house)
    assert mails("assessment_nudge") == []
    assert rows()[0].nudge_at is None


def test_an_old_versions_link_leads_to_a_new_start(client: Browser, app: Flask, house: House):
    walk(client, HEALTHY, until="heart")
    leave(client, house)
    with db.transaction() as session:
        session.execute(update(Assessment).values(questionnaire_version="1"))
    page = app.test_client().submit(link(), follow_redirects=True)
    assert "Our questions have changed since you began" in page.text
    assert page.status_code == 200


def test_one_address_that_cannot_be_read_stops_no_other(client: Browser, app: Flask, house: House):
    walk(client, HEALTHY, until="heart")
    client.submit("/assessment/later", {"email": ADDRESS, "nudge": "y"})
    with db.transaction() as session:
        session.execute(update(Assessment).values(contact_sealed=b"broken"))
    other = app.test_client()
    walk(other, HEALTHY, until="heart")
    other.submit("/assessment/later", {"email": "kim@example.com", "nudge": "y"})
    the_worker_looks(house)
    assert len(mails("assessment_link")) == 1
    house.at(house.now + timedelta(days=1))
    the_worker_looks(house)
    assert len(mails("assessment_nudge")) == 1
    assert [row.nudge_at for row in rows()] == [None, None]


def test_two_workers_mail_once(committed: House):
    house = committed
    token = an_assessment(house, send=False)
    resume.leave_address(token=token, email=ADDRESS, nudge=True, actor=VISITOR, now=house.now)
    at_once(*(lambda: resume.mail_links(catalog=house.catalog, now=house.now) for _ in range(4)))
    assert len(mails("assessment_link")) == 1
    later = house.now + timedelta(days=1)
    at_once(*(lambda: resume.nudge_left(catalog=house.catalog, now=later) for _ in range(4)))
    assert len(mails("assessment_nudge")) == 1
    path = link().rsplit("/", 1)[-1]
    tokens = at_once(*(lambda: resume.take_over(link=path, actor=VISITOR, now=later) for _ in range(4)))
    assert len(set(tokens)) == 4
    assert outcomes(*(lambda: resume.take_over(link="no", actor=VISITOR, now=later) for _ in range(2))) == [
        "link_gone",
        "link_gone",
    ]


@pytest.mark.parametrize(
    ("wanted", "zone", "leaves"),
    [
        ("2026-11-24T15:00Z", "America/New_York", "2026-11-24T15:00Z"),
        ("2026-11-24T12:30Z", "America/Chicago", "2026-11-24T14:00Z"),
        ("2026-11-25T02:00Z", "America/New_York", "2026-11-25T13:00Z"),
        ("2026-11-01T03:00Z", "America/New_York", "2026-11-01T13:00Z"),
        ("2026-03-08T03:00Z", "America/New_York", "2026-03-08T12:00Z"),
    ],
)
def test_a_nudge_leaves_in_sending_hours_on_the_persons_clock(house: House, wanted: str, zone: str, leaves: str):
    quiet: QuietHours = house.catalog.reminders.quiet_hours
    assert leaves_at(datetime.fromisoformat(wanted), zone, quiet) == datetime.fromisoformat(leaves)
