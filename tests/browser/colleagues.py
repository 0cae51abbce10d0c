"""Staff at their desks: in a window where their pages are the point, over plain HTTP where they are not."""

from __future__ import annotations

import time
from datetime import datetime

import pyotp

from service.kit.clock import wall_now
from service.sandbox import walks
from service.sandbox.people import CLINIC
from service.sandbox.running import Running
from service.sandbox.walker import Values, Walker
from service.sandbox.walks import Colleague, Person
from tests.browser.browsing import Browsing

SEEN_AT = "%m/%d/%Y %I:%M %p"


def colleague(sandbox: Running, email: str) -> Colleague:
    """A demo person of the staff."""
    row = next(row for row in sandbox.people if row["email"] == email)
    return Colleague(email, row["password"], row["totp_secret"])


def sign_in(window: Browsing, email: str) -> None:
    """With a password and a one-time code. A code works once: when it was just used, wait for the next."""
    window.go("/sign-in")
    sign_in_here(window, email)


def sign_in_here(window: Browsing, email: str) -> None:
    """The same, where the form is open already."""
    who = colleague(window.sandbox, email)
    window.fill(email=who.email, password=who.password)
    window.press("Sign in")
    window.see("One more step", "authenticator app")
    while window.path == "/second-factor":
        window.fill(code=pyotp.TOTP(who.totp_secret).at(wall_now()))
        window.press("Continue")
        if window.path == "/second-factor":
            time.sleep(31 - time.time() % 30)
            window.complaints.clear()


def open_record(window: Browsing, person: Person) -> None:
    """From the queue."""
    window.go("/staff/queue?status=all")
    window.see("Enrollment queue", person.family_name)
    window.follow(person.family_name)


def decide(window: Browsing, person: Person, state: str, seen_at: str) -> None:
    """As a clinician: first a form left empty, then the visit as it was."""
    open_record(window, person)
    window.see(person.full_name, "Record the visit", name="record-booked")
    window.press("Record the visit and decide")
    window.see("The checks", name="encounter")
    window.press("Sign and decide")
    window.see("There is a problem", name="encounter-errors", status=422)
    fill_in(window, walks.a_visit(state=state, seen_at=seen_at))
    window.press("Sign and decide")
    window.see("signed", name="record-decided")


def fill_in(window: Browsing, values: Values) -> None:
    """Type, choose and pick, each where its field stands; what this page does not ask for is left out."""
    for name, value in values.items():
        field = window.page.locator(f"[name='{name}']")
        if not field.count():
            continue
        if field.first.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        elif field.first.get_attribute("type") in ("radio", "checkbox"):
            for one in [value] if isinstance(value, str) else value:
                window.choose(name, one)
        else:
            field.fill(str(value))


def complete(window: Browsing, person: Person) -> None:
    """As a coordinator, who takes from the queue what nobody has taken."""
    window.go("/staff/queue?status=all")
    window.see("Enrollment queue", person.family_name)
    row = window.page.get_by_role("row").filter(has_text=person.family_name)
    row.get_by_role("button", name="Take it").click()
    window.see("Next: complete the approval", name="record-to-complete")
    window.press("Go through the checklist")
    window.see("The checklist", name="checklist")
    window.press("Complete the approval")
    window.see(name="record-completed")


def decide_and_complete_unseen(sandbox: Running, person: Person, seen_at: str) -> None:
    """The same over HTTP, by two others."""
    clinician, coordinator = Walker(sandbox.web), Walker(sandbox.web)
    walks.staff_sign_in(clinician, colleague(sandbox, "maya@staff.example")).must("Queue")
    walks.record_decision(clinician, person, state="NJ", seen_at=seen_at).must("signed")
    walks.staff_sign_in(coordinator, colleague(sandbox, "sam@staff.example")).must("Queue")
    walks.complete(coordinator, person)


def clinic_time(now: datetime) -> str:
    """A moment as a clinician writes it."""
    return now.astimezone(CLINIC).strftime(SEEN_AT)
