"""What people meet, in a real Chromium, on a real sandbox. One file, because one worker holds the sandbox.

HOMEWARD_SCREENSHOTS=folder keeps the picture of every page. The two of the README are made with
HOMEWARD_PICTURES=docs/pictures make test ARGS="tests/browser -k pictures".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect

from service.sandbox.advance import Mover
from service.sandbox.people import PASSWORD, PATIENTS
from service.sandbox.running import Running
from service.sandbox.walks import Mailbox, Person, path_in
from tests.browser import colleagues
from tests.browser.browsing import DESK, PHONE, SMALLEST
from tests.browser.conftest import Open
from tests.browser.patient import Patient

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LENA = Person("Lena", "Hart", "lena@example.com", PASSWORD, "32801", date(1986, 5, 17))
PAUL = Person("Paul", "Stone", "paul@example.com", PASSWORD, "07302", date(1979, 2, 14))
VISITOR = Person("", "", "visitor@example.com", PASSWORD)
INJECT = """() => {
  const script = document.createElement('script');
  script.textContent = 'window.hurt = true';
  document.body.append(script);
  document.body.insertAdjacentHTML('beforeend', '<img src="/static/none.png" onerror="window.hurt = true">');
}"""
ELSEWHERE = """address => {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = address;
  document.body.append(form);
  form.submit();
}"""


@pytest.fixture(scope="module")
def mailbox(sandbox: Running) -> Mailbox:
    return Mailbox(sandbox.mailbox)


AFTER_A_WHILE = timedelta(minutes=25)  # of the visit: a decision rests on one that has begun


@pytest.fixture(scope="module")
def mover(sandbox: Running) -> Iterator[Mover]:
    mover = Mover(sandbox, lambda _: None)
    yield mover
    mover.close()


def test_somebody_walks_the_whole_way_on_a_phone(open_window: Open, mailbox: Mailbox, mover: Mover) -> None:
    window = open_window("lena")
    lena = Patient(window, LENA)
    lena.assess()
    lena.join(mailbox)
    lena.become_reachable()
    mover.move_to(lena.book("Noah") + AFTER_A_WHILE)

    noah = open_window("noah", width=DESK)
    colleagues.sign_in(noah, "noah@staff.example")
    colleagues.decide(noah, LENA, "FL", colleagues.clinic_time(mover.now()))
    ines = open_window("ines", width=DESK)
    colleagues.sign_in(ines, "ines@staff.example")
    colleagues.complete(ines, LENA)
    for window_of, pages in ((noah, ("alerts", "visits")), (ines, ("reminders",))):
        for page in pages:
            window_of.go(f"/staff/{page}")
            window_of.see(name=f"staff-{page}")

    lena.sign_consents()
    lena.pay(mailbox)
    mover.settle()
    mail = mailbox.wait_for(LENA.email, "something to complete", after=1)
    lena.check_in(path_in(mail, "^/check-ins/"), [1, 1, 1, 1, 1, 1, 1, 0, 0])
    for path in ("/check-ins", "/visits", "/consents"):
        window.go(path)
        window.see(name=f"member-{path.strip('/')}")
    window.go("/home")
    window.see("Lena", "7", "$250.00", name="home-with-score", widths=(SMALLEST, PHONE, DESK))
    window.press("Sign out")
    window.see("signed out", name="signed-out")


def test_the_way_works_without_javascript_on_the_smallest_phone(
    open_window: Open, sandbox: Running, mailbox: Mailbox, mover: Mover
) -> None:
    window = open_window("paul", width=SMALLEST, scripts=False)
    paul = Patient(window, PAUL)
    paul.assess()
    paul.join(mailbox)
    paul.become_reachable()
    mover.move_to(paul.book() + AFTER_A_WHILE)
    colleagues.decide_and_complete_unseen(sandbox, PAUL, colleagues.clinic_time(mover.now()))
    paul.sign_consents()
    paul.pay(mailbox)
    mover.settle()
    mail = mailbox.wait_for(PAUL.email, "something to complete", after=1)
    paul.check_in(path_in(mail, "^/check-ins/"), [2, 1, 1, 1, 1, 1, 1, 0, 0])


def test_somebody_from_another_state_meets_a_kind_no_and_may_wait(open_window: Open, mailbox: Mailbox) -> None:
    window = open_window("elsewhere")
    Patient(window, VISITOR).assess(looking=False, zip="10001")
    window.see("not open", "988", name="not-here", widths=(SMALLEST, PHONE, DESK))
    window.fill(email="wait@example.com")
    window.page.select_option("[name='state']", "NY")
    window.press("Let me know")
    window.see("Check your email", name="waitlist-asked")
    window.go(path_in(mailbox.wait_for("wait@example.com", ""), "^/waitlist/"))
    window.see(name="waitlist-confirm")
    window.page.locator("main button").first.click()
    window.page.wait_for_load_state()
    window.see(name="waitlist-confirmed")


def test_an_emergency_is_met_with_help_at_once(open_window: Open) -> None:
    window = open_window("emergency")
    Patient(window, VISITOR).assess(looking=False, safety="cannot_stay_safe")
    window.see("Get help now", "911", "988", name="emergency", widths=(SMALLEST, PHONE, DESK))


def test_every_public_page_and_a_members_pages_stand_on_a_phone(open_window: Open) -> None:
    window = open_window("public")
    for path in ("/how-it-works", "/plans", "/states", "/safety", "/privacy", "/disclaimer"):
        window.go(path)
        window.see("988", widths=(SMALLEST, PHONE, DESK))
    ana, ella = open_window("ana"), open_window("ella")
    for who, name in ((ana, "ana"), (ella, "ella")):
        Patient(who, PATIENTS[name]).sign_in()
        who.see(PATIENTS[name].given_name, name="home", widths=(SMALLEST, PHONE, DESK))
    for path in ("/check-ins", "/billing", "/billing/cancel"):
        ana.go(path)
        ana.see()
    ana.page.set_viewport_size({"width": PHONE, "height": 780})
    ana.go("/home")
    ana.page.locator("summary", has_text="Menu").click()
    ana.see("Plan and billing", name="home-menu", widths=(PHONE,))


def test_errors_are_pages_too(open_window: Open) -> None:
    window = open_window("errors")
    window.go("/no-such-page")
    window.see("988", "first page", name="error-404", status=404, widths=(SMALLEST, PHONE, DESK))
    window.go("/sign-in")
    window.page.evaluate("document.querySelector('main [name=csrf_token]').value = 'of another day'")
    window.fill(email="ana@example.com", password=PASSWORD)
    window.press("Sign in")
    window.see("988", name="error-400", status=400, widths=(SMALLEST, PHONE, DESK))


def test_our_cookie_is_kept_by_the_browser_and_goes_to_nobody_else(open_window: Open, sandbox: Running) -> None:
    window = open_window("cookies")
    Patient(window, PATIENTS["ana"]).sign_in()
    kept = {cookie["name"]: cookie for cookie in window.context.cookies()}
    ours = kept.pop("__Host-homeward")
    device = kept.pop("__Host-homeward-device")
    assert not kept
    for one in (ours, device):
        assert (one["secure"], one["httpOnly"], one["path"], one["domain"]) == (True, True, "/", "localhost")
    assert ours["sameSite"] == "Lax"
    assert window.page.evaluate("document.cookie") == ""
    for place in (sandbox.mailbox, sandbox.standin):
        answer = window.page.goto(place)
        assert answer is not None
        assert "cookie" not in answer.request.all_headers()
    answer = window.page.goto(sandbox.web)
    assert answer is not None
    assert "__Host-homeward" in answer.request.all_headers()["cookie"]


def test_the_content_policy_is_enforced(open_window: Open, sandbox: Running) -> None:
    window = open_window("policy")
    window.go("/sign-in")
    window.page.evaluate(INJECT)
    window.page.wait_for_timeout(200)
    assert window.page.evaluate("window.hurt") is None
    window.page.evaluate(ELSEWHERE, f"{sandbox.standin}/c/pay/none")
    window.page.wait_for_timeout(200)
    assert window.page.url == f"{sandbox.web}/sign-in"
    said = " ".join(window.complaints)
    assert "script-src" in said
    assert "form-action" in said


def test_the_keyboard_leads_through_a_question(open_window: Open) -> None:
    window = open_window("keyboard")
    window.go("/assessment")
    window.press("Start")
    page, focused = window.page, "document.activeElement.{}"
    page.keyboard.press("Tab")
    assert page.evaluate(focused.format("textContent")).strip() == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate(focused.format("id")) == "main"
    order = []
    for _ in range(4):
        page.keyboard.press("Tab")
        order.append(page.evaluate(focused.format("textContent")).strip() or page.evaluate(focused.format("name")))
    assert order == ["Back", "answer", "Why we ask", "Continue"]
    with page.expect_navigation():
        page.keyboard.press("Enter")
    window.see("There is a problem", name="question-error", status=422, widths=(SMALLEST, PHONE, DESK))
    assert page.title().startswith("Error: ")
    assert "govuk-error-summary" in (page.evaluate(focused.format("className")) or "")
    page.locator(".govuk-error-summary a").press("Enter")
    assert page.evaluate(focused.format("name")) == "answer"


def test_a_choice_can_be_told_apart_with_forced_colours(open_window: Open) -> None:
    window = open_window("forced", forced_colors="active")
    window.go("/assessment")
    window.press("Start")
    for name, value in (("answer", "33101"), ("answer-month", "4"), ("answer-day", "12"), ("answer-year", "1988")):
        if window.page.locator(f"[name='{name}']").count():
            window.page.locator(f"[name='{name}']").fill(value)
        if name in ("answer", "answer-year"):
            window.press("Continue")
    window.choose("answer", "depression")
    mark = "input => getComputedStyle(input.nextElementSibling, '::after').opacity"
    marks = window.page.locator("input[name='answer']").evaluate_all(f"all => all.map({mark})")
    assert sorted(marks) == ["0", "0", "0", "0", "1"]
    window.keep("forced-colours", PHONE)


@pytest.mark.skipif("HOMEWARD_PICTURES" not in os.environ, reason="only where HOMEWARD_PICTURES says where to")
def test_pictures_for_the_readme(open_window: Open) -> None:
    folder = Path(os.environ["HOMEWARD_PICTURES"])
    ana = open_window("picture-of-ana", width=390, device_scale_factor=2)
    Patient(ana, PATIENTS["ana"]).sign_in()
    foot = ana.page.locator(".foot").bounding_box()
    assert foot is not None
    clip: FloatRect = {"x": 0, "y": 0, "width": 390, "height": foot["y"]}
    ana.page.screenshot(path=folder / "patient-home.png", clip=clip, full_page=True)
    olive = open_window("picture-of-the-queue", width=DESK)
    colleagues.sign_in(olive, "olive@staff.example")
    olive.go("/staff/queue?status=all")
    olive.page.screenshot(path=folder / "staff-queue.png")
