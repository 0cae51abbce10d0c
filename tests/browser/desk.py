"""What staff do for somebody on the way in, in a window: answer a request, record a visit, look who comes."""

from __future__ import annotations

from service.sandbox import walks
from service.sandbox.walker import Values
from service.sandbox.walks import Person
from tests.browser import colleagues
from tests.browser.browsing import Browsing


def answer_review(window: Browsing, whose: str, verdict: str) -> None:
    """As a clinician: the request whose words end with the name."""
    window.go("/staff/reviews")
    window.see("Requests to look", "FL", name="reviews")
    links = window.page.locator("main table a[href^='/staff/reviews/']")
    for address in [link.get_attribute("href") or "" for link in reversed(links.all())]:
        window.go(address)
        if f"This was long ago. {whose}" in window.page.locator("main").inner_text():
            break
    window.see("What they wrote", f"This was long ago. {whose}", "C5", name="review")
    window.press("Send the answer")
    window.see("There is a problem", name="review-error", status=422)
    window.choose("verdict", verdict)
    window.fill(note="Read all answers and what they wrote.")
    window.press("Send the answer")
    window.go(address)
    window.see("The way is open" if verdict == "opened" else "The result stands", name="review-answered")


def who_comes(window: Browsing, person: Person, *texts: str) -> None:
    """The day's visits, and the page of one of them."""
    window.go("/staff/visits")
    window.see("Visits", person.full_name, name="visits")
    with window.page.expect_navigation():
        window.page.get_by_role("row").filter(has_text=person.full_name).get_by_role("link", name="Room").click()
    window.see(person.full_name, "This visit", *texts, name="visit")


def record(window: Browsing, person: Person, state: str, seen_at: str, **changes: str) -> None:
    """As a clinician: the whole long form. `changes` to what somebody fills in who approves."""
    colleagues.open_record(window, person)
    window.press("Record the visit and decide")
    window.see("The visit", "Where the patient was", "Identity", "The checks", "Findings", name="encounter")
    values: Values = {**walks.a_visit(state=state, seen_at=seen_at), **changes}
    colleagues.fill_in(window, values)
    window.press("Sign and decide")


def add_to_it(window: Browsing) -> None:
    """As the clinician who has just signed: a few words more."""
    window.follow("Add to this visit")
    window.see("Add to a signed visit", "Signed encounter", name="addendum")
    window.fill(text="The pharmacy called back: the list of medicines is right.")
    window.press("Sign the addendum")
    window.see("Addendum of", "The pharmacy called back", name="record-with-addendum")
