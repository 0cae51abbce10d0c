"""What an assessment can come to, and the way on from there: with JavaScript and without, on the smallest phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from service.sandbox import walks
from service.sandbox.advance import Mover
from service.sandbox.people import PASSWORD
from service.sandbox.running import Running
from service.sandbox.walker import Walker
from service.sandbox.walks import Mailbox, Person, path_in
from tests.browser import asking, colleagues, desk
from tests.browser.browsing import DESK, SMALLEST, Browsing
from tests.browser.conftest import Open
from tests.browser.on_the_way import OnTheWay
from tests.browser.patient import Patient

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MAYA, NOAH, SAM, INES, OLIVE = (f"{name}@staff.example" for name in ("maya", "noah", "sam", "ines", "olive"))
EITHER = pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
FORWARD = "main a[href^='/join'], main a[href*='/visits'], main form[action*='/join'], main form[action*='/visits']"


def visitor(name: str, zip_code: str = "33101", born_on: date = date(1988, 4, 12)) -> Person:
    return Person(name, "Visitor", f"{name.lower()}@example.com", PASSWORD, zip_code, born_on)


@pytest.fixture(scope="module")
def mailbox(sandbox: Running) -> Mailbox:
    return Mailbox(sandbox.mailbox)


@pytest.fixture(scope="module")
def mover(sandbox: Running) -> Iterator[Mover]:
    mover = Mover(sandbox, lambda _: None)
    yield mover
    mover.close()


def on_a_phone(open_window: Open, who: str, scripts: bool) -> Browsing:
    return open_window(f"{who}-{'with' if scripts else 'without'}", width=SMALLEST, scripts=scripts, widths=(SMALLEST,))


def at_a_desk(open_window: Open, who: str) -> Browsing:
    window = open_window(f"desk-{who.partition('@')[0]}", width=DESK, widths=(SMALLEST, DESK))
    colleagues.sign_in(window, who)
    return window


@EITHER
def test_an_emergency_answer_meets_help_and_no_way_past_it(open_window: Open, scripts: bool) -> None:
    window = on_a_phone(open_window, "emergency", scripts)
    asking.begin(window, looking=False)
    asking.answer(window, visitor("Emma"), looking=False, safety="cannot_stay_safe")
    window.see("Get help now", "911", "988", "Nobody will be alerted who could reach you", name="emergency")
    assert window.page.locator(FORWARD).count() == 0
    first = window.page.locator("main").get_by_role("link").first
    assert first.get_attribute("href") in ("tel:911", "tel:988"), "help stands above everything"
    window.go("/join")
    window.see("Get help now", name="emergency-stays")
    assert window.page.locator(FORWARD).count() == 0


@EITHER
def test_a_visitor_goes_on_on_another_device_and_may_qualify(
    open_window: Open, mailbox: Mailbox, scripts: bool
) -> None:
    who = visitor("Elia" if scripts else "Elio")
    before = on_a_phone(open_window, "eligible", scripts)
    asking.begin(before, looking=False)
    asking.answer(before, who, looking=False, until="highs")
    before.follow("Go on later, or on another device")
    before.see("It works for 72 hours", name="later")
    before.press("Send me the link")
    before.see("There is a problem", "Enter your email address", name="later-error", status=422)
    before.fill(email=who.email)
    before.choose("nudge", "y")
    before.press("Send me the link")
    before.see("Check your email", name="later-sent")

    window = on_a_phone(open_window, "eligible-elsewhere", scripts)
    window.go(path_in(mailbox.wait_for(who.email, "link to go on"), "^/assessment/resume/"))
    window.see("Go on with your answers", name="resume")
    window.press("Go on")
    assert window.path == "/assessment/highs"
    asking.answer(window, who)
    window.see("Check your answers", name="check")
    window.press("Send my answers")
    window.see("You may qualify", "It is not a diagnosis", name="eligible")
    assert "approved" not in window.page.locator("main").inner_text().lower()
    before.go("/assessment/highs")
    assert before.path == "/assessment", "the device before holds the answers no more"


@EITHER
def test_a_changed_answer_is_looked_at_anew_before_it_is_sent(open_window: Open, scripts: bool) -> None:
    window = on_a_phone(open_window, "review", scripts)
    asking.begin(window, looking=False)
    asking.answer(window, visitor("Rene"), looking=False, safety="passive_thoughts")
    window.see("Check your answers", "I have thought that I would be better off dead", name="check")
    window.page.locator("main a[href='/assessment/medicines']").click()
    window.page.locator("input[name='answer'][value='none']").uncheck(force=True)
    window.choose("answer", "lamotrigine")
    window.press("Continue")
    window.see("Check your answers", "Lamotrigine", name="check-again")
    window.press("Send my answers")
    window.see("A clinician looks at a few answers first", "Get help now", "988", name="clinician-review")
    assert window.page.get_by_role("button", name="Make an account").count() == 1
    top = window.page.get_by_text("Get help now").first.bounding_box()
    below = window.page.get_by_role("button", name="Make an account").bounding_box()
    assert top is not None
    assert below is not None
    assert top["y"] < below["y"], "help stands above the way on"


def test_a_clinical_no_may_be_looked_at_by_a_person(open_window: Open, mailbox: Mailbox) -> None:
    asked = [
        (on_a_phone(open_window, "no", scripts), visitor(name)) for scripts, name in ((True, "Nora"), (False, "Nils"))
    ]
    for window, who in asked:
        asking.begin(window, looking=False)
        asking.answer(window, who, looking=False, mind="psychosis")
        asking.send(window)
        window.see("not a good fit right now", "ERP", "TMS", "in a clinic", name="not-eligible")
        assert window.page.locator(FORWARD).count() == 0
        window.press("Ask for a person to look")
        window.see("It costs nothing", name="ask")
        window.press("Ask a clinician")
        window.see("There is a problem", name="ask-error", status=422)
        window.fill(email=who.email, message=f"This was long ago. {who.given_name}")
        window.press("Ask a clinician")
        window.see("A clinician will look at it", name="asked")

    maya = at_a_desk(open_window, MAYA)
    desk.answer_review(maya, "Nora", "opened")
    desk.answer_review(maya, "Nils", "stands")
    for (_, who), scripts, says in zip(
        asked, (True, False), ("You can talk with a clinician", "The result stands for now"), strict=True
    ):
        window = on_a_phone(open_window, "answered", scripts)
        window.go(path_in(mailbox.wait_for(who.email, "There is an answer"), "^/assessment/resume/"))
        window.see("Your answers", name="answer-waits")
        window.press("Read the answer")
        window.see(says, name="answer")
        assert (window.page.get_by_role("button", name="Make an account").count() == 1) == scripts


@EITHER
def test_a_no_that_may_change_one_day_offers_the_waitlist(open_window: Open, mailbox: Mailbox, scripts: bool) -> None:
    window = on_a_phone(open_window, "waits", scripts)
    asking.begin(window, looking=False)
    asking.answer(window, visitor("Yuna", born_on=date(2012, 5, 1)), looking=False)
    asking.send(window)
    window.see("Our programs are for adults", "A parent", "988", name="too-young")

    place, program = visitor(f"Wait{scripts}", "10001"), visitor(f"Pain{scripts}")
    asking.begin(window, looking=False)
    asking.answer(window, place, looking=False)
    window.see("We are not open in New York yet", name="not-here")
    assert window.page.locator("[name='state']").input_value() == "NY"
    wait(window, mailbox, place, "New York")

    asking.begin(window, looking=False)
    asking.answer(window, program, looking=False, condition="chronic_pain")
    asking.send(window)
    window.see("We cannot offer this program in your state yet", "in Florida", name="closed-program")
    assert window.page.locator(FORWARD).count() == 0
    wait(window, mailbox, program, "Florida")
    window.go(path_in(mailbox.wait_for(program.email, "You are on the list"), "^/waitlist/"))
    window.see("Leave the list", name="leave")
    window.press("Leave the list")
    window.see("You have left the list", name="left")
    if scripts:
        sam = at_a_desk(open_window, SAM)
        sam.go("/staff/waitlist")
        sam.see("Waitlist", "New York", "Chronic pain", name="waitlist")
        assert "@" not in sam.page.locator("main").inner_text()


def wait(window: Browsing, mailbox: Mailbox, who: Person, place: str) -> None:
    window.press("Let me know")
    window.see("There is a problem", name="wait-error", status=422)
    window.fill(email=who.email)
    window.press("Let me know")
    window.see("Check your email", name="wait-asked")
    window.go(path_in(mailbox.wait_for(who.email, "Confirm"), "^/waitlist/"))
    window.see("Confirm your place on the list", place, name="wait-confirm")
    window.press("Yes, let me know")
    window.see("You are on the list", place, name="wait-confirmed")
    assert who.email not in urlsplit(window.page.url).path


def member_to_be(sandbox: Running, mailbox: Mailbox, person: Person) -> Walker:
    """Somebody who took the assessment and made an account, over HTTP."""
    walker = Walker(sandbox.web)
    walks.assess(walker, {**walks.CALM_ANSWERS, "zip": person.zip_code}, person.born_on).must("may")
    walks.join(walker, person)
    walks.confirm(walker, person, mailbox)
    return walker


MARA = Person("Mara", "Quill", "mara@example.com", PASSWORD, "33101", date(1983, 6, 2))
TILO = Person("Tilo", "Vance", "tilo@example.com", PASSWORD, "07302", date(1977, 10, 9))
WAYS = [
    pytest.param(MARA, True, MAYA, "FL", "Miami-Dade", ("07302", "Jersey City", "New Jersey"), id="with_scripts"),
    pytest.param(TILO, False, NOAH, "NJ", "Hudson", ("33101", "Miami", "Florida"), id="without_scripts"),
]


@pytest.mark.parametrize(("person", "scripts", "clinician", "state", "county", "onwards"), WAYS)
def test_somebody_books_changes_meets_signs_and_moves(
    open_window: Open,
    sandbox: Running,
    mailbox: Mailbox,
    mover: Mover,
    person: Person,
    scripts: bool,
    clinician: str,
    state: str,
    county: str,
    onwards: tuple[str, str, str],
) -> None:
    member_to_be(sandbox, mailbox, person)
    window = on_a_phone(open_window, "way", scripts)
    way = OnTheWay(window, person, "Maya Lee" if clinician == MAYA else "Noah Stein")
    way.sign_in()
    first = way.book()
    added = way.calendar("Put it into my calendar")
    assert first.strftime("DTSTART:%Y%m%dT%H%M%SZ") in added
    assert way.change() > first
    way.cancel()
    assert "STATUS:CANCELLED" in way.calendar("Take it out of my calendar")
    begins = way.book(looking=False)
    way.too_early()
    mover.move_to(begins - timedelta(minutes=5))
    way.go_in(county)
    mover.move_to(begins + timedelta(minutes=25))

    desk_window = at_a_desk(open_window, clinician)
    desk.who_comes(desk_window, person, "Call them", "12 Shore Road", "captions")
    desk.record(desk_window, person, state, colleagues.clinic_time(mover.now()))
    desk_window.see("Signed encounter", "as it was signed", name="record-decided")
    way.tell_what_is_missing()
    colleagues.complete(at_a_desk(open_window, SAM if scripts else INES), person)
    way.sign_the_rest()
    way.ask_for_an_estimate()
    way.move(*onwards)
    desk_window.page.reload()
    desk_window.see(f"Moved to {onwards[2]}", name="record-moved")


def test_a_clinician_declines_or_asks_for_more_and_both_hear_it_kindly(
    open_window: Open, sandbox: Running, mailbox: Mailbox, mover: Mover
) -> None:
    dana = Person("Dana", "Orr", "dana@example.com", PASSWORD, "33101", date(1990, 3, 3))
    milo = Person("Milo", "Zane", "milo@example.com", PASSWORD, "07302", date(1981, 8, 8))
    begins = []
    for person, whom in ((dana, "Maya"), (milo, "Noah")):
        walker = member_to_be(sandbox, mailbox, person)
        walks.sign_in(walker, person.email, person.password, mailbox)
        begins.append(walks.book(walker, with_whom=whom))
    mover.move_to(max(begins) + timedelta(minutes=25))
    seen_at = colleagues.clinic_time(mover.now())
    maya = at_a_desk(open_window, MAYA)
    desk.who_comes(maya, dana, "They have not said it yet")
    desk.record(maya, dana, "FL", seen_at, decision="decline")
    maya.see("There is a problem", name="decline-error", status=422)
    maya.fill(reason="Blood pressure is too high for treatment at home.")
    maya.press("Sign and decide")
    maya.see("Signed encounter", "Declined", name="record-declined")
    desk.add_to_it(maya)
    noah = at_a_desk(open_window, NOAH)
    desk.record(noah, milo, "NJ", seen_at, decision="more_info", reason="Waiting for a letter of the cardiologist.")
    noah.see("Signed encounter", name="record-more-info")
    for person, says, scripts in ((dana, "Not right for you now", True), (milo, "Talk once more", False)):
        window = on_a_phone(open_window, "heard", scripts)
        Patient(window, person).sign_in()
        window.go("/home")
        window.see(says, name="home-heard")
        assert "blood pressure" not in window.page.locator("main").inner_text().lower()


def test_the_clinicians_pages_and_the_report_stand_at_a_desk_and_on_a_phone(open_window: Open) -> None:
    olive = at_a_desk(open_window, OLIVE)
    olive.go("/staff/clinicians")
    olive.see("Clinicians", "Maya Lee", "To look up again", name="clinicians")
    olive.follow("Maya Lee")
    olive.see("Licenses and registrations", "Hours", name="clinician")
    here = olive.path
    for words, name in (("Renew", "renew"), ("Looked up", "verify"), ("End", "end")):
        olive.follow(re.compile(f"^{words}"))
        olive.see("Florida", name=f"license-{name}")
        olive.go(here)
    for path, says in (("licenses/add", "Add a license"), ("about", "NPI"), ("hours", "Monday"), ("hours/day", "day")):
        olive.go(f"{here}/{path}")
        olive.see(says, name=f"clinician-{path.replace('/', '-')}")
    olive.go(here)
    olive.press("They leave")
    olive.see("Maya Lee", name="clinician-leaves")
    olive.go("/staff/reports/new-jersey")
    olive.see("New Jersey's yearly report", "Download the visits", name="new-jersey")
    olive.go("/staff/new-versions")
    olive.see(name="new-versions")
    maya = at_a_desk(open_window, MAYA)
    maya.go("/staff/hours")
    maya.see("Monday", name="my-hours")
