"""The staff queue in a real browser: filters and refreshes without a new page, all of it without JavaScript too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import colleagues
from tests.browser.browsing import DESK, SMALLEST, Browsing
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALL = "/staff/queue?status=all"
LOOK = "htmx.trigger(document.getElementById('queue'), 'queue:look')"


def at_the_queue(open_window: Open, who: str, **options: object) -> Browsing:
    window = open_window(f"queue-{who}", **options)
    colleagues.sign_in(window, "sam@staff.example" if who != "olive" else "olive@staff.example")
    window.go(ALL)
    return window


def test_a_filter_changes_the_list_and_the_address_and_not_the_page(open_window: Open) -> None:
    window = at_the_queue(open_window, "sam", width=DESK)
    page = window.page
    window.see("Enrollment queue", "With everybody you tick", name="queue", widths=(SMALLEST, DESK))
    page.evaluate("window.sameDocument = true")
    page.select_option("#state", "NJ")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/staff/queue?status=all&state=NJ")
    page.wait_for_function("document.getElementById('queue-said').textContent.startsWith('People in this list')")
    page.locator("#tab-active").click()
    page.wait_for_url("**/staff/queue?status=active&state=NJ")
    assert page.evaluate("window.sameDocument") is True
    assert page.evaluate("document.activeElement.id") == "tab-active"
    window.see("Enrollment queue", name="queue-filtered", widths=(SMALLEST, DESK))
    page.go_back()
    page.wait_for_url("**/staff/queue?status=all&state=NJ")
    page.wait_for_load_state("load")
    page.locator("#queue").wait_for()
    window.see("Enrollment queue", name="queue-back")


def test_a_refresh_keeps_the_focus_and_waits_for_whoever_ticks(open_window: Open) -> None:
    window = at_the_queue(open_window, "again", width=DESK)
    page = window.page
    link = page.locator(".queue-name").first
    link.focus()
    focused = page.evaluate("document.activeElement.id")
    with page.expect_response("**/staff/queue/now**") as answer:
        page.evaluate(LOOK)
    assert answer.value.status == 200
    expect(page.locator("#queue.htmx-request")).to_have_count(0)
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.id") == focused
    assert page.locator("#queue-said").inner_text() == ""  # nothing changed, so nothing is said
    tick = page.locator("input[name=enrollment]").first
    tick.check()
    with page.expect_response("**/staff/queue/now**"):
        page.evaluate(LOOK)
    page.wait_for_timeout(200)
    assert tick.is_checked()
    window.see("Enrollment queue", name="queue-refreshed")


def test_a_refresh_says_how_many_are_new_and_never_shows_another_page_inside(open_window: Open) -> None:
    window = at_the_queue(open_window, "new", width=DESK)
    page = window.page
    page.locator("#queue tbody tr").first.evaluate("row => row.remove()")
    with page.expect_response("**/staff/queue/now**"):
        page.evaluate(LOOK)
    page.get_by_text("The list has changed: 1 new").wait_for()
    window.context.clear_cookies()
    with page.expect_response("**/sign-in**"):
        page.evaluate(LOOK)
    page.wait_for_timeout(200)
    assert page.locator("h1").first.inner_text() == "Enrollment queue"
    assert page.locator("#queue").count() == 1
    window.complaints.clear()


@pytest.mark.parametrize(
    ("giver", "heir", "scripts", "width"),
    [("sam", "Olive", True, DESK), ("olive", "Sam Okafor", False, SMALLEST)],
)
def test_several_are_handed_over_with_the_keyboard_alone(
    open_window: Open, giver: str, heir: str, scripts: bool, width: int
) -> None:
    window = at_the_queue(open_window, giver, width=width, scripts=scripts)
    page = window.page
    ticks = page.locator("input[name=enrollment]")
    for number in range(2):
        ticks.nth(number).focus()
        page.keyboard.press("Space")
        assert ticks.nth(number).is_checked()
    page.locator("#together-hand").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    window.see("Hand over 2 people", "Ana Rivera", "Finn Doyle", name="together", widths=(SMALLEST, DESK))
    choice = page.locator("select[name=heir_id] option", has_text=heir).first.get_attribute("value")
    page.select_option("select[name=heir_id]", choice)
    page.get_by_role("button", name="Hand them over").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    window.see("Your colleague looks after 2 people now", name="together-done", widths=(SMALLEST, DESK))
    window.press("Back to the queue")
    window.see("Enrollment queue", heir, name="queue-handed-over", widths=(SMALLEST, DESK))


def test_somebody_is_found_by_address_without_scripts(open_window: Open) -> None:
    window = at_the_queue(open_window, "find", width=SMALLEST, scripts=False)
    window.page.get_by_text("Find one person by e-mail address").click()
    window.fill(email="ben@example.com")
    window.press("Find")
    window.see("Ben Carter", "Open the record", name="found")
    assert "ben" not in window.page.url
    window.fill(email="nobody@example.com")
    window.press("Find")
    window.see("Nobody with an enrollment", name="not-found")
    window.fill(email="ben")
    window.press("Find")
    window.see("There is a problem", name="find-error", status=422)


def test_the_filters_work_without_scripts_on_the_smallest_phone(open_window: Open) -> None:
    window = at_the_queue(open_window, "small", width=SMALLEST, scripts=False)
    window.page.select_option("#flag", "hold")
    window.page.locator("#moving").check()
    window.press("Show")
    window.see("Enrollment queue", "Nobody is waiting here", name="queue-empty")
    assert "flag=hold" in window.page.url
    assert "moving=y" in window.page.url
    window.follow("Show all again")
    window.see("Enrollment queue", name="queue-all-again")
