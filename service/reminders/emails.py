"""The nudge: that something waits, and where. Never what it asks about."""

from __future__ import annotations

from uuid import UUID

from service.mail.rules import Email


def something_waits(template: str, checkin_id: UUID) -> Email:
    """A link to the check-in. The path is opaque, and the page behind it asks for a sign-in first."""
    return Email(template, {"path": f"/check-ins/{checkin_id}"})
