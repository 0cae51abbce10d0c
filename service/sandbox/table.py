"""The one table that the sandbox prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from service.sandbox.people import Row

ZONE = ZoneInfo("America/New_York")


def table(*, web: str, mailbox: str, standin: str, now: datetime, rows: Sequence[Row]) -> str:
    """Addresses, sign-ins and mailbox, in columns."""
    places = [
        ("Homeward", web, "the public pages and everybody's sign-in"),
        ("Mailbox", mailbox, "every mail the clinic sends arrives here"),
        ("Stripe stand-in", standin, "pay with the card buttons on its page"),
    ]
    moment = f"{now.astimezone(ZONE):%a %b %d %Y, %I:%M %p %Z}"
    people = [(row.who, row.email, row.password, row.totp_secret or row.note) for row in rows]
    where = _columns([("WHERE", "ADDRESS", ""), *places])
    who = _columns([("WHO", "E-MAIL", "PASSWORD", "SECRET OF THE ONE-TIME CODE, OR A NOTE"), *people])
    rule = "-" * max(len(line) for line in (*where, *who))
    end = f"Business time is {moment}. `homeward sandbox advance 7d` moves it. Ctrl-C ends everything."
    return "\n".join(["", *where, rule, *who, rule, end, ""])


def _columns(lines: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
