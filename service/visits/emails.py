"""The mails about a visit: when, and where to change it. None says with whom or what for."""

from __future__ import annotations

from datetime import date, datetime

from service.kit.errors import words
from service.kit.format import day, moment
from service.mail.rules import Email


def visit_booked(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The time is kept, on the patient's own clock."""
    return Email("visit_booked", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits"})


def visit_changed(*, starts_at: datetime, before: datetime, time_zone: str, locale: str) -> Email:
    """Another time is kept, and the one before it is free again."""
    when, was = (moment(at, time_zone, "full", locale) for at in (starts_at, before))
    return Email("visit_changed", {"when": when, "was": was, "path": "/visits"})


def visit_ahead(template: str, *, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """A visit comes up: when, and the page with its room. `template` is the step's own (config/reminders.toml)."""
    return Email(template, {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits"})


def visit_cancelled(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The time was given up, and how to choose another."""
    return Email("visit_cancelled", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits/book"})


def visit_missed(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The visit did not take place, without blame, and how to choose another time."""
    return Email("visit_missed", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits/book"})


def visit_called_off(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """We have to cancel it, because its clinician cannot hold it, and offer another time."""
    return Email("visit_called_off", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits/book"})


def visit_with_another(*, starts_at: datetime, time_zone: str, locale: str) -> Email:
    """The time stays, and somebody else sees them; the page says who."""
    return Email("visit_with_another", {"when": moment(starts_at, time_zone, "full", locale), "path": "/visits"})


LICENSE_KINDS = {"dea": words("DEA registration"), "cds": words("CDS registration")}


def license_notice(*, who: str, kind: str, place: str, expires_on: date, over: bool, path: str) -> Email:
    """For the clinician and the owners: a licence or registration runs out, or counts no longer from today on."""
    facts = {"who": who, "kind": LICENSE_KINDS.get(kind, words("license")), "place": place, "path": path}
    return Email("license_expired" if over else "license_expires", {**facts, "when": day(expires_on, "long", "en")})
