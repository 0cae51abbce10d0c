"""Links to new passwords leave."""

from __future__ import annotations

from service.accounts.actions import recovery
from service.kit.clock import now, wall_now
from workers.app import app


@app.task(name="accounts.mail_reset_links")  # type: ignore[untyped-decorator]
def mail_reset_links() -> None:
    """Look at who asked for a new password, and mail those that have an account."""
    recovery.mail_reset_links(now=now(), wall_now=wall_now())
