"""Mail leaves."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from config.brand import brand
from service.accounts import queries as accounts
from service.kit.clock import now, wall_now
from service.mail import actions, emails
from service.mail.gateway import Smtp
from service.reminders import queries as reminders
from workers.app import app, settings


@app.task(name="mail.deliver_due")  # type: ignore[untyped-decorator]
def deliver_due() -> None:
    """Send what is due, over one connection."""
    with Smtp(settings, brand(settings.config_dir)) as transport:
        actions.deliver_due(
            now=now,
            wall_now=wall_now,
            transport=transport,
            render=partial(emails.render, settings),
            recipient=accounts.address_of,
            still_wanted=reminders.still_wanted,
            lease=timedelta(seconds=settings.mail_lease_seconds),
        )
