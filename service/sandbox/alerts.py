"""What waits on the list of alerts, as staff work it off."""

from __future__ import annotations

from service.sandbox.walker import Page, Walker, WalkError


def acknowledge_all(walker: Walker) -> None:
    """Acknowledge every alert that waits, one after the other. Each answer must take one away."""
    page = walker.get("/staff/alerts")
    while waiting := _waiting(page):
        walker.send(page.form("/acknowledge"))
        page = walker.get("/staff/alerts")
        if _waiting(page) >= waiting:
            raise WalkError("acknowledging an alert does not take it away")


def _waiting(page: Page) -> int:
    return sum("/acknowledge" in form.action for form in page.forms)
