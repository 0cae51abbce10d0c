"""Links to new passwords, and those that confirm an address, leave."""

from __future__ import annotations

from service.accounts.actions import confirmations, recovery
from service.enrollment.writes import withdraw_all
from service.kit.clock import now, wall_now
from workers.app import app


@app.task(name="accounts.mail_reset_links")  # type: ignore[untyped-decorator]
def mail_reset_links() -> None:
    """Look at who asked for a new password, and mail those that have an account."""
    recovery.mail_reset_links(now=now(), wall_now=wall_now())


@app.task(name="accounts.mail_confirmations")  # type: ignore[untyped-decorator]
def mail_confirmations() -> None:
    """Look at who joined, or wants the link again; mail it, or tell whoever owns the address already."""
    confirmations.mail_confirmations(closed=withdraw_all, now=now())
