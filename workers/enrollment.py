"""The waitlist answers."""

from __future__ import annotations

from service.enrollment.actions import waitlist
from service.kit.clock import now
from workers.app import app


@app.task(name="enrollment.mail_waitlist_links")  # type: ignore[untyped-decorator]
def mail_waitlist_links() -> None:
    """Look at who asked to be told when a state opens, and mail them the link that confirms it."""
    waitlist.mail_waitlist_links(now=now())
