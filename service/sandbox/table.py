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
    heads = [("WHERE", "ADDRESS", "", ""), *((*place[:2], "", place[2]) for place in places)]
    people = [("WHO", "E-MAIL", "PASSWORD", "ONE-TIME CODE SECRET, OR NOTE")]
    people += [(row.who, row.email, row.password, row.totp_secret or row.note) for row in rows]
    every = [*heads, *people]
    widths = [max(len(line[column]) for line in every) for column in range(3)]
    rule = "-" * (sum(widths) + 4 + max(len(line[3]) for line in every))

    def written(line: tuple[str, str, str, str]) -> str:
        return "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]).rstrip()

    return "\n".join(
        [
            "",
            *(written(line) for line in heads),
            rule,
            *(written(line) for line in people),
            rule,
            f"Business time is {moment}. `homeward sandbox advance 7d` moves it. Ctrl-C ends everything.",
            "",
        ]
    )
