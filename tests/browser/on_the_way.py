"""From the account to the visit and what comes after, with the patient's own hands. Each page is looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.sandbox.walks import Person
from tests.browser.browsing import Browsing
from tests.browser.patient import Patient


@dataclass
class OnTheWay:
    """A patient who has an account, at their window."""

    window: Browsing
    person: Person
    with_whom: str

    def sign_in(self) -> None:
        """On a device that is not known yet."""
        Patient(self.window, self.person).sign_in()
        self.window.see(self.person.given_name, "Book your free visit", name="home-assessed")

    def book(self, *, looking: bool = True) -> datetime:
        """A day, a time, the ten minutes in which it is kept, and the booking. Returns when the visit begins."""
        window = self.window
        window.go("/visits")
        window.press("Book a free visit")
        if looking:
            window.see("Choose a day for your free visit", "None of these fits", name="days")
        self._open_day(0)
        if looking:
            window.see("Choose a time on", self.with_whom, name="times")
            window.press("Continue")
            window.see("There is a problem", "Choose a time for your visit", name="times-error", status=422)
        begins = self._hold(0)
        if looking:
            window.see("Check before you book", "We keep this time for you until", "Free", name="check-visit")
            window.go("/visits")
            window.see("Kept for you", name="visits-held")
            window.follow("Go on with this time")
        window.choose("needs", "captions")
        window.fill(own_words="I hear badly on the left.")
        window.press("Book this visit")
        if looking:
            window.see("Your visit", self.with_whom, "You asked for: captions", name="visits-booked")
        return begins

    def change(self) -> datetime:
        """To the third time of the day after."""
        window = self.window
        window.go("/visits")
        window.follow("Change to another time")
        window.see("Choose another day for your visit", "stays yours", name="days-change")
        self._open_day(1)
        begins = self._hold(2)
        window.see("Check before you change your visit", "Instead of", name="check-change")
        window.press("Change my visit")
        window.see("Your visit", "Changed", name="visits-changed")
        return begins

    def cancel(self) -> None:
        """First kept, then not."""
        window = self.window
        window.go("/visits")
        window.follow("Cancel")
        window.see("Cancel this visit?", "Cancelling costs nothing", name="cancel")
        window.press("Keep it")
        window.follow("Cancel")
        window.press("Cancel this visit")
        window.see("You have no visit booked", "Take it out of my calendar", name="visits-cancelled")

    def calendar(self, words: str) -> str:
        """The file behind a link of the visits."""
        with self.window.page.expect_download() as found:
            self.window.page.get_by_role("link", name=words).first.click()
        self.window.complaints.clear()  # a page that becomes a file is told as one that was broken off
        return Path(found.value.path()).read_text("utf-8")

    def too_early(self) -> None:
        """The room, before it opens."""
        window = self.window
        window.go("/visits")
        window.page.locator("main a[href$='/room']").first.click()
        window.see("The room is not open yet", "your clinician calls you", name="room-early")

    def go_in(self, county: str) -> None:
        """It is time: agree, say where one is, and go to the video room, which fails."""
        window = self.window
        window.go("/visits")
        window.press("Open the room of your visit")
        window.see("First read and agree", name="room-agree")
        window.press("Read and sign")
        Patient(window, self.person).sign_all()
        window.go("/visits")
        window.press("Open the room of your visit")
        window.see("Before you go in", "Where are you right now?", name="room-where")
        window.press("Continue")
        window.see("There is a problem", "Choose where you are right now", name="room-where-error", status=422)
        window.choose("where", "here")
        window.page.select_option("[name='county']", label=county)
        window.choose("help_to", "at")
        window.fill(address="12 Shore Road, beside the school", callback="(305) 555-0161")
        window.press("Continue")
        window.see("Your visit is ready", "Go to the video room", name="room")
        room = window.page.get_by_role("button", name="Go to the video room")
        assert self.person.family_name.lower() not in (room.get_attribute("href") or "").lower()
        here = window.page.url
        window.press("Go to the video room")
        window.see("This is the video room", "not told", name="video")
        window.go(here)
        window.page.locator("summary", has_text="Video does not work").click()
        window.see("your clinician calls you at (305) 555-0161", name="room-video-fails")
        window.press("Call me instead")
        window.see("We call you", "(305) 555-0161", "Try the video room once more", name="room-phone")

    def tell_what_is_missing(self) -> None:
        """The clinician has decided; home says what the paperwork waits for."""
        window = self.window
        window.go("/home")
        window.see("Tell us what is missing", name="home-missing")
        window.follow("A phone number where we reach you")
        Patient(window, self.person).tell("phone", phone="(305) 555-0161")
        window.go("/home")
        window.see("Being reviewed", name="home-decided")

    def sign_the_rest(self) -> None:
        """After the approval. Each text, the list of what was signed, one taken back and signed again."""
        window, hands = self.window, Patient(self.window, self.person)
        window.go("/home")
        window.see("Read and sign", name="home-approved")
        hands.sign_all()
        window.see("Everything is signed", "Choose your plan", name="consents-done")
        window.follow("What I signed, every version")
        window.see("In force", "Save as a PDF", name="signed")
        window.follow(re.compile("Take this back Care by video"))
        window.see("What it means", "Visits by video stop", name="withdraw")
        window.press("Take it back")
        window.go("/consents")
        window.see("Taken back", name="consents-taken-back")
        window.go("/consents/telehealth")
        window.see("In short", name="consent-again")

    def ask_for_an_estimate(self) -> None:
        """Another one than those that came by themselves."""
        window = self.window
        window.go("/estimates")
        window.see("When you booked", "Ask for an estimate", name="estimates")
        window.press("Get my estimate")
        window.see("There is a problem", "Choose one of the plans", name="estimates-error", status=422)
        window.choose("plan", window.page.locator("[name='plan']").first.get_attribute("value") or "")
        window.press("Get my estimate")
        window.see("$", "Save as a PDF", name="estimate")

    def move(self, zip_code: str, city: str, state: str) -> None:
        """To another state where we are, too."""
        window = self.window
        window.go("/settings/address")
        Patient(window, self.person).prove_it()
        window.see("Your address", name="address")
        window.fill(line1="40 Grove Street", city=city, zip_code=zip_code)
        window.press("Save")
        window.see(f"Did you move to {state}?", "nothing is charged or sent", name="move")
        window.press("Yes, I moved")
        window.go("/home")
        window.see(f"Meet a clinician in {state}", name="home-moved")
        window.follow("What your move means")
        window.see(f"You live in {state} now", "Nothing is charged", name="moved")
        window.press("Choose a time")
        window.see("Choose a day for your visit with a clinician of your new state", name="days-moved")

    def _open_day(self, number: int) -> None:
        page = self.window.page
        with page.expect_navigation():
            page.locator("main a[href*='/visits/book/2']").nth(number).click()
        with page.expect_navigation():
            page.locator("main a[href*='with=']").filter(has_text=self.with_whom).first.click()

    def _hold(self, number: int) -> datetime:
        slot = self.window.page.locator("input[name='slot']").nth(number).get_attribute("value") or ""
        self.window.choose("slot", slot)
        self.window.press("Continue")
        return datetime.fromtimestamp(int(slot.rpartition("_")[2]), UTC)
