"""The patient's way, as somebody walks it with their own hands. Each page is looked at on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from service.sandbox.walker import DEVICE
from service.sandbox.walks import CODE_SUBJECT, Mailbox, Person, code_in, path_in
from tests.browser import asking
from tests.browser.browsing import Browsing

BRING = "([name, value]) => { document.cookie = `${name}=${value}; Path=/; Secure; SameSite=Lax`; }"
_devices: dict[tuple[str, str], str] = {}  # by sandbox and person: the cookie of a browser that is known


@dataclass
class Patient:
    """A person and their window."""

    window: Browsing
    person: Person

    def assess(self, *, looking: bool = True, **changes: str) -> None:
        """From the first page to the end of the assessment; `looking` at each page, or just through it."""
        asking.begin(self.window, looking=looking)
        asking.answer(self.window, self.person, looking=looking, **changes)
        asking.send(self.window)

    def join(self, mailbox: Mailbox) -> None:
        """An account, the mail that confirms it, and the first sign-in."""
        window, person = self.window, self.person
        window.see("You may qualify")
        window.press("Make an account")
        window.fill(
            given_name=person.given_name, family_name=person.family_name, email=person.email, password=person.password
        )
        window.choose("notices", "y")
        window.see("Make an account")
        window.press("Make my account")
        window.see("Check your email")
        mail = mailbox.wait_for(person.email, "Confirm")
        if window.scripts:
            window.go(window.sandbox.mailbox)
            window.see(mail["subject"], name="mailbox")
            window.go(f"{window.sandbox.mailbox}/mail/{mail['id']}")
            window.see(mail["subject"], name="mail")
        window.go(path_in(mail, "^/confirm/"))
        window.see("Confirm your email address", name="confirm")
        window.fill(password=person.password)
        window.press("Confirm my address")
        window.see("Sign in", name="confirmed")
        self.sign_in(looking=True)
        window.see(person.given_name, "Book your free visit", name="home-assessed")

    def sign_in(self, *, looking: bool = False) -> None:
        """With e-mail address and password, and on a new device the mailed code. The offer is answered "not now".

        Whoever came in once in this sandbox brings the same device again.
        """
        window, person = self.window, self.person
        here = (window.sandbox.web, person.email)
        if window.path != "/sign-in":
            window.go("/sign-in")
        if here in _devices:  # Playwright cannot add a cookie whose name begins with __Host-
            window.page.evaluate(BRING, [DEVICE, _devices[here]])
        mailbox = Mailbox(window.sandbox.mailbox)
        before = sum(CODE_SUBJECT in mail["subject"] for mail in mailbox.mails(person.email))
        window.fill(email=person.email, password=person.password)
        window.press("Sign in")
        if window.path == "/second-factor":
            window.see("One more step", "Code from the email", name="mailed-code")
            window.fill(code=code_in(mailbox.wait_for(person.email, CODE_SUBJECT, after=before)))
            window.choose("remember", "y")
            window.press("Continue")
        if window.path == "/settings/second-step/start":
            if looking:
                window.see("Add a second step", "Not now", name="offer")
            window.press("Not now")
        device = next(cookie for cookie in window.context.cookies(window.sandbox.web) if cookie["name"] == DEVICE)
        _devices[here] = device["value"]

    def prove_it(self) -> None:
        """Where a page asks for a fresh proof: the password, then the mailed code."""
        window, person = self.window, self.person
        if window.path != "/prove-it-is-you":
            return
        mailbox = Mailbox(window.sandbox.mailbox)
        before = sum(CODE_SUBJECT in mail["subject"] for mail in mailbox.mails(person.email))
        window.fill(password=person.password)
        window.press("Mail me a code")
        window.fill(code=code_in(mailbox.wait_for(person.email, CODE_SUBJECT, after=before)))
        window.press("Continue")

    def tell(self, path: str, **values: str) -> None:
        """One page of the settings."""
        self.window.go(f"/settings/{path}")
        self.prove_it()
        self.window.fill(**values)
        self.window.see(name=f"settings-{path}")
        self.window.press("Save")
        self.window.see("changed")

    def become_reachable(self) -> None:
        """What an approval is completed with: a street, a telephone, and whom to call."""
        self.tell("address", line1="1 Main Street", city="Springfield")
        self.tell("phone", phone="(305) 555-0123")
        self.tell("emergency-contact", name="Luis Rivera", relation="brother", phone="(305) 555-0199")
        self.window.go("/home")

    def book(self, with_whom: str = "Maya") -> datetime:
        """The first open time of one clinician on the first day that has one. Returns when the visit begins."""
        window = self.window
        window.press("Choose a time")
        window.see("Choose a day")
        with window.page.expect_navigation():
            window.page.locator("main a[href*='/visits/book/2']").first.click()
        with window.page.expect_navigation():
            window.page.locator("main a[href*='with=']").filter(has_text=with_whom).first.click()
        slot = window.page.locator("input[name='slot']").first.get_attribute("value") or ""
        window.choose("slot", slot)
        window.see("Choose a time", "E")  # the zone is part of every time
        window.press("Continue")
        window.see("Check before you book", "We keep this time for you until", name="check-visit")
        window.press("Book this visit")
        window.see("booked")
        window.go("/home")
        window.see("Next visit", name="home-booked")
        return datetime.fromtimestamp(int(slot.rpartition("_")[2]), UTC)

    def sign_consents(self) -> None:
        """Each text on its own page."""
        window = self.window
        window.go("/home")
        window.see("Read and sign", name="home-approved")
        window.press("Read your consents")
        self.sign_all()

    def sign_all(self) -> None:
        """All that the list asks for now."""
        window = self.window
        window.go("/consents")
        window.see("Documents to sign")
        if window.page.get_by_text("Tell us").count():
            self._become_reachable()
        while (href := self._to_sign()) is not None:
            window.go(href)
            window.see("In short", name=f"consent-{window.path.rpartition('/')[2]}")
            if window.page.locator("[name='relation']").count():
                window.fill(name="Luis Rivera", relation="my brother", phone="(305) 555-0199")
            window.choose("agreed", "y")
            window.fill(typed_name=self.person.full_name)
            window.press("Sign")
            window.go("/consents")

    def _to_sign(self) -> str | None:
        """The first text that the list says is to be signed."""
        rows = self.window.page.locator("main li", has_text=re.compile(r"To\ssign")).locator("a[href^='/consents/']")
        return rows.first.get_attribute("href") if rows.count() else None

    def _become_reachable(self) -> None:
        """Whom to call, and where help can be sent."""
        window = self.window
        window.press("Tell us")
        window.fill(name="Luis Rivera", relation="brother", phone="(305) 555-0199")
        window.see("Whom may we call for you?", name="consents-contact")
        window.press("Continue")
        window.fill(line1="1 Main Street", city="Miami")
        window.see("Where can help be sent?", name="consents-home")
        window.press("Continue")
        window.see("Documents to sign")

    def pay(self, mailbox: Mailbox) -> None:
        """Membership, the hosted pay page, and back."""
        window = self.window
        window.go("/membership")
        window.see("You pay today", "$250")
        window.choose("agreed", "y")
        window.press("Continue to payment")
        assert window.page.url.startswith(window.sandbox.standin)
        window.see("4242", name="hosted-checkout")
        with window.page.expect_navigation(url=re.compile(re.escape(window.sandbox.web))):
            window.page.locator("button[value='4242424242424242']").click()
        for _ in range(60):
            if "You are in" in window.page.locator("main").inner_text():
                break
            window.page.wait_for_timeout(250)
            window.page.reload()
        window.see("You are in", name="membership-started")
        mailbox.wait_for(self.person.email, "receipt")
        window.go("/billing")
        window.see("Next charge", "Visa")

    def check_in(self, path: str, answers: list[int]) -> None:
        """From the mailed link to the result."""
        window = self.window
        window.go(path)
        window.see("Your check-in", name="check-in")
        window.press("Start")
        for number, answer in enumerate(answers, 1):
            window.choose("answer", str(answer))
            window.see(f"Question {number} of {len(answers)}", name=f"check-in-{number}")
            window.press("Continue")
        if not window.path.endswith("/check"):
            window.choose("answer", "1")
            window.see("does not count", name="check-in-how-hard")
            window.press("Continue")
        window.see("Check your answers", name="check-in-check")
        window.press("Send my answers")
        window.see(f"{sum(answers)} of 27", name="check-in-result")
