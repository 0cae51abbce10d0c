"""What a patient sees of billing, in a real Chromium on a phone and at a desk: no page that is too wide, that axe finds
fault with, or that complains on the console; and each problem is said once above and once where it is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.settings import HOUSE
from service.sandbox.advance import Mover
from service.sandbox.people import CLINIC, PATIENTS
from service.sandbox.running import Running
from tests.browser.conftest import Open
from tests.browser.money import ASKS, DECLINED, WORKS, Money
from tests.browser.patient import Patient

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A_NEW_PRICE = """
[[changes]]
key = "monthly_2027"
plan = "monthly"
price_cents = 26500
stripe_lookup_key = "homeward_monthly_b"
effective_on = 2027-01-05
without_consent = "end"
"""
A_CODE_THAT_IS_OVER = """
[[promotions]]
code = "SUMMER10"
amount_off_cents = 1000
duration = "once"
most_uses = 500
last_on = 2026-11-20
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clinic's files with a new price to come and a code that is over."""
    folder = tmp_path_factory.mktemp("clinic") / "config"
    shutil.copytree(HOUSE / "config", folder)
    for name, more in (("price_changes.toml", A_NEW_PRICE), ("promotions.toml", A_CODE_THAT_IS_OVER)):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(more)
    return folder


@pytest.fixture(scope="module")
def mover(sandbox: Running) -> Iterator[Mover]:
    mover = Mover(sandbox, lambda _: None)
    yield mover
    mover.close()


def at_home(open_window: Open, name: str, when: str = "") -> Money:
    money = Money(open_window(f"money-{name}{when}"), PATIENTS[name])
    money.sign_in()
    return money


def test_somebody_begins_with_a_code_and_a_card_that_asks(open_window: Open) -> None:
    money = at_home(open_window, "dev")
    window = money.window
    Patient(window, money.person).sign_all()
    money.read("/billing", "You have no membership yet", "No payment yet", name="nothing-yet")
    money.read("/membership", "You pay today", "$250.00", name="membership")
    for typed, says in (("", "Type your code"), ("NOBODY", "We do not know this code"), ("SUMMER10", "has ended")):
        if not window.page.locator("details[open] [name=code]").count():
            window.page.locator("summary", has_text="promotion code").click()
        window.page.locator("details [name=code]").fill(typed)
        money.refused("See what it does", says, name=f"code-{typed or 'empty'}", status=200)
        expect(window.page.locator("details [name=code]")).to_have_value(typed)
    window.page.locator("details [name=code]").fill("quarter20")
    window.press("See what it does")
    window.see("$200.00 on", "It counts for 3 charges", name="code-good")
    window.press("Choose Monthly membership Plus")
    window.see("$279.20 on", "QUARTER20", name="code-other-plan")
    window.press("Choose Monthly membership")
    money.refused("Continue to payment", "Tick the box", name="membership-untick")
    window.choose("agreed", "y")
    window.press("Continue to payment")
    window.see("$200.00", name="checkout")
    with window.page.expect_navigation():
        window.page.get_by_text("Back without paying").click()
    window.see("Nothing was charged", "your membership has not started", name="not-paid")
    window.go("/membership?code=QUARTER20")
    window.choose("agreed", "y")
    window.press("Continue to payment")
    money.card(DECLINED, back=False)
    window.see("The card was declined", name="checkout-declined")
    money.card(ASKS, back=False)
    window.see("Approve the payment", name="checkout-asks")
    money.card("approve", back=True)
    money.until("You are in")
    window.see("Paid today", "$200.00 on", "Visa ending 3155", name="return")
    money.read("/billing", "Your discount of 20% counts for each charge before", name="with-a-code")


def test_what_is_open_is_paid_after_the_bank_and_another_card(open_window: Open) -> None:
    money = at_home(open_window, "finn")
    window = money.window
    money.read("/billing", "We could not collect $250.00", "Payment due", "Not paid", name="owing")
    money.read("/billing/pay", "Pay what is open", "$250.00", "Visa ending 3184", name="pay")
    window.press("Pay $250.00 now")
    window.see("Your bank asks you to confirm", "$250.00", name="bank")
    window.press("I have confirmed it")
    window.see("Your bank has not confirmed it yet", name="bank-not-yet")
    window.press("Go to my bank")
    window.see("$250.00", name="bank-at-stripe")
    money.read("/billing/card", "Change your card", "Visa ending 3184", name="card")
    window.press("Go to the secure page")
    window.see("Save a card", name="card-at-stripe")
    money.card("4000000000000341", back=True)
    money.until("Visa ending 0341")
    money.read("/billing/pay", "Visa ending 0341", name="pay-other-card")
    window.press("Pay $250.00 now")
    window.see("The payment did not go through", "Nothing was charged", name="pay-declined", status=422)
    window.go("/billing/card")
    window.press("Go to the secure page")
    money.card(WORKS, back=True)
    money.until("Visa ending 4242")
    window.go("/billing/pay")
    window.press("Pay $250.00 now")
    window.see("Paid. Thank you", "Active", name="paid")


def test_papers_and_a_new_price_and_a_month_left_out_and_begun_again(open_window: Open, mover: Mover) -> None:
    money = at_home(open_window, "ana")
    window = money.window
    money.read("/billing/receipts", "Partly refunded", "Statement for 2026", name="receipts")
    window.follow(re.compile("^Receipt"))
    window.see("Receipt number", "-$40.00", "What it cost you in the end", "$210.00", name="receipt")
    money.read("/billing/superbills", "Papers for your insurance", name="superbills")
    window.follow(re.compile("^Open"))
    money.read(window.page.url, "Superbill for", "Ana Rivera", "This is not a bill", name="superbill")
    money.read("/billing/agreements", "You ticked", name="agreements")

    money.read("/billing/price", "$265.00 on January 27, 2027", name="price")
    money.refused("Agree to the new price", "Tick the box", name="price-untick")
    window.choose("agreed", "y")
    window.press("Agree to the new price")
    window.see("You agreed to $265.00 a month from January 27, 2027 on", name="price-agreed")

    money.read("/billing/skip", "$250.00 on November 27, 2026", name="skip")
    money.refused("Leave it out", "Choose how long", name="skip-error")
    window.choose("months", "1")
    window.press("Leave it out")
    window.see("No charge until December 27, 2026", "Charges left out", name="skipped")
    window.press("Do not leave it out")
    window.see("No charge is left out", "Friday, November 27, 2026", name="skip-undone")
    money.read("/billing/date", "Move your charge", name="date")
    window.go("/billing/skip")
    window.choose("months", "1")
    window.press("Leave it out")
    window.see("No charge until December 27, 2026", name="skipped-again")

    mover.move_to(datetime(2026, 11, 28, 10, tzinfo=CLINIC))
    money = at_home(open_window, "ana", "-later")
    window = money.window
    money.read("/billing", "You left it out", "Start again today", name="left-out")
    money.read("/billing/start-again", "You pay today", "$250.00, Visa ending 4242", name="start-again")
    money.refused("Start again and pay", "Tick the box", name="start-again-untick")
    window.choose("agreed", "y")
    window.press("Start again and pay")
    window.see("Your membership has started again", "Monday, December 28, 2026", name="started-again")


def test_a_plan_a_code_and_the_way_out_and_back(open_window: Open) -> None:
    money = at_home(open_window, "hugo")
    window = money.window
    money.read("/billing/plan", "Change your plan", "$349 a month", name="plan")
    window.press("See what Monthly membership Plus costs")
    window.see("You pay today", "Time you paid for and do not use", name="plan-review")
    money.refused("Change my plan", "Tick the box", name="plan-untick")
    money.read("/billing/code", "Promotion code", name="code")
    for typed, says in (("", "Type your code"), ("NOBODY", "We do not know"), ("SUMMER10", "has ended")):
        window.fill(code=typed)
        money.refused("See what it does", says, name=f"code-{typed or 'empty'}")
    window.fill(code="welcome50")
    window.press("See what it does")
    window.see("WELCOME50: $50.00 off", "$200.00", "$250.00 each month", name="code-good")
    window.press("Use this code")
    window.see("$200.00", "Your price is $250.00", name="code-used")

    money.read("/billing/cancel", "You will not be charged again", "When the paid month is over", name="cancel")
    window.page.locator("summary", has_text="Tell us why").click()
    window.see("Why do you cancel?", name="cancel-why")
    window.fill(comment="too long " * 600)
    money.refused("Cancel my membership", "longer than we can keep", name="cancel-too-long")
    window.fill(comment="")
    window.press("Cancel my membership")
    window.see("Your membership ends on", "Ending", name="cancelled")
    expect(window.page.get_by_text("Your answer is needed")).to_have_count(0)  # no new price for who is leaving
    window.press("Keep my membership")
    window.see("Your membership goes on", "Your answer is needed", name="kept")
    window.go("/billing/cancel")
    window.choose("when", "now")
    window.press("Cancel my membership")
    window.see("Your membership has ended", "Come back", name="ended")
    window.press("Come back")
    window.see("Welcome back", "You pay today", name="come-back")
