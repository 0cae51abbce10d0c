"""Being away from a page, in a real Chromium: the warning, putting it off, and what is hidden and kept afterwards."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import expect

from service.sandbox.running import Running
from tests.browser import colleagues
from tests.browser.browsing import DESK
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OLIVE, SAM, BO = "olive@staff.example", "sam@staff.example", "bo@staff.example"


def away_on_the_server(sandbox: Running, minutes: int) -> None:
    """The newest sign-in did nothing for so long, as the server saw it."""
    with psycopg.connect(sandbox.settings.database_url.get_secret_value()) as connection:
        connection.execute(
            "UPDATE sign_ins SET seen_at = seen_at - make_interval(mins => %s)"
            " WHERE id = (SELECT id FROM sign_ins WHERE revoked_at IS NULL ORDER BY created_at DESC LIMIT 1)",
            (minutes,),
        )


def test_the_warning_comes_two_minutes_before_and_is_put_off(sandbox: Running, open_window: Open) -> None:
    sam = open_window("sam-away", width=DESK)
    sam.context.clock.install()
    colleagues.sign_in(sam, SAM)
    sam.go("/staff/queue")
    page, dialog = sam.page, sam.page.get_by_role("alertdialog")
    page.clock.fast_forward("12:45")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Queue").last.focus()
    page.clock.fast_forward("00:30")
    expect(dialog).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(page.locator("#idle-said")).to_have_text("Less than two minutes left")
    sam.see("Are you still there?", "What you typed stays", name="warning")
    page.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Queue").last).to_be_focused()
    page.clock.fast_forward("12:30")
    expect(dialog).to_be_hidden()
    page.clock.fast_forward("01:00")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")  # whoever presses a key is there
    expect(dialog).to_be_hidden()


def test_whoever_types_is_not_asked(sandbox: Running, open_window: Open) -> None:
    sam = open_window("sam-types", width=DESK)
    sam.context.clock.install()
    colleagues.sign_in(sam, SAM)
    sam.go("/staff/queue")
    sam.page.clock.fast_forward("11:30")
    with sam.page.expect_response("**/session/extend") as answer:
        for _ in range(5):  # the page counts from up to a minute before it was opened, on a slow machine
            sam.page.keyboard.press("Tab")
            sam.page.clock.fast_forward("00:30")
    assert answer.value.json()["left"] > 890
    expect(sam.page.get_by_role("alertdialog")).to_be_hidden()


def test_a_page_that_ran_out_hides_itself_keeps_what_was_typed_and_goes_on_for_the_same_person(
    sandbox: Running, open_window: Open
) -> None:
    olive = open_window("olive-away", width=DESK)
    olive.context.clock.install()
    colleagues.sign_in(olive, OLIVE)
    olive.go("/staff/team/invite")
    olive.fill(name="Ida Park", email="ida.park@staff.example")
    olive.choose("role", "billing")
    page = olive.page
    away_on_the_server(sandbox, 16)
    page.clock.fast_forward("16:00")  # the laptop slept
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(page.get_by_label("Work email address")).to_be_hidden()
    assert "Invite" not in page.title()
    olive.see("You were signed out", "988", name="signed-out")
    with olive.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    there = opened.value.url
    opened.value.close()
    assert there.endswith("/sign-in?next=/session/again")
    beside = type(olive)(olive.context, sandbox, None)
    beside.go(there)
    colleagues.sign_in_here(beside, OLIVE)
    expect(beside.page.get_by_role("heading", name="You are signed in again")).to_be_visible()
    expect(page.get_by_label("Work email address")).to_be_visible()
    expect(page.get_by_label("Work email address")).to_have_value("ida.park@staff.example")
    olive.press("Send the invitation")
    olive.see("The invitation is on its way", "Ida Park", name="invited")


def test_a_page_left_behind_goes_away_when_somebody_else_signs_in(sandbox: Running, open_window: Open) -> None:
    sam = open_window("sam-leaves", width=DESK)
    colleagues.sign_in(sam, SAM)
    sam.go("/staff/queue")
    beside = type(sam)(sam.context, sandbox, None)
    beside.go("/staff")
    beside.press("Sign out")
    expect(sam.page.get_by_role("heading", name="You were signed out")).to_be_visible()
    colleagues.sign_in(beside, BO)
    beside.go("/staff")
    expect(sam.page).to_have_url(sandbox.web.rstrip("/") + "/")
    expect(sam.page.get_by_text("Enrollment queue")).to_have_count(0)


def test_the_team_pages_fit_a_phone(sandbox: Running, open_window: Open) -> None:
    olive = open_window("olive-team", width=DESK)
    colleagues.sign_in(olive, OLIVE)
    olive.go("/staff/team")
    olive.see("People", "Maya Lee", name="team")
    olive.follow("Sam Okafor")
    olive.see("What you can do", name="member")
    for words in ("Change the role", "Remove the second step", "Sign them out everywhere", "Deactivate the account"):
        olive.page.get_by_role("link", name=words).click()
        olive.see("They are told by email", name=words.replace(" ", "-"))
        olive.press(words)
        olive.see("There is a problem", name="empty", status=422)
        olive.page.get_by_role("button", name="Leave it as it is").click()
        olive.see("What you can do", name="member-again")
    olive.go("/staff/team/invite")
    olive.see("Invite somebody", name="invite")
    olive.fill(name="Nia Cole", email="nia@staff.example")
    olive.choose("role", "auditor")
    olive.press("Send the invitation")
    olive.see("The invitation is on its way", "Nia Cole", name="team-invited")
    olive.follow("Nia Cole")
    olive.see("Withdraw it", name="invitation")
