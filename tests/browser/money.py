"""Plan and billing with the patient's own hands. Each page is looked at: axe, sideways scroll, console, its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import expect

from service.sandbox.walks import Person
from tests.browser.browsing import Browsing
from tests.browser.patient import Patient

WORKS, DECLINED, ASKS = "4242424242424242", "4000000000000002", "4000002500003155"


@dataclass
class Money:
    """A patient at their window, signed in."""

    window: Browsing
    person: Person

    def sign_in(self) -> None:
        """With e-mail address, password and, on a new device, the mailed code."""
        Patient(self.window, self.person).sign_in()

    def read(self, path: str, *texts: str, name: str) -> None:
        """Open a page of theirs, and look at it."""
        self.window.go(path)
        Patient(self.window, self.person).prove_it()
        self.window.see(*texts, name=name)

    def refused(self, button: str, *texts: str, name: str, status: int = 422) -> None:
        """Press, and be told once above and once at the field what is missing; the summary has the focus."""
        window = self.window
        window.press(button)
        window.see("There is a problem", *texts, name=name, status=status)
        page = window.page
        expect(page.locator(".govuk-error-summary")).to_have_count(1)
        assert page.title().startswith("Error: ")
        field = page.locator(".govuk-error-summary a").first.get_attribute("href") or "#nothing"
        expect(page.locator(field)).to_be_visible()
        assert "govuk-error-summary" in (page.evaluate("document.activeElement.className") or "")

    def card(self, number: str, *, back: bool) -> None:
        """On Stripe's page: this card. `back`: that page then leads home."""
        ours = re.compile(re.escape(self.window.sandbox.web))
        button = self.window.page.locator(f"button[value='{number}']").first
        if back:
            with self.window.page.expect_navigation(url=ours):
                button.click()
        else:
            with self.window.page.expect_navigation():
                button.click()

    def until(self, words: str) -> None:
        """Stripe's message may come after its page: look again until it is here."""
        window = self.window
        for _ in range(80):
            if words in window.page.locator("main").inner_text():
                return
            window.page.wait_for_timeout(250)
            window.page.reload()
        raise AssertionError(
            f"{window.page.url} never says “{words}”: {window.page.locator('main').inner_text()[:600]}"
        )
