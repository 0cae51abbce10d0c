"""What people who mean no good, broken programs and odd keyboards send."""

from __future__ import annotations

import random
import re
from urllib.parse import urlencode
from uuid import UUID

ENDS_OF_TIME = ("11/23/0001 12:01 AM", "12/31/9999 11:59 PM")
VALUES = (
    "",
    " ",
    "\0",
    "Ana\0Rivera",
    "-1",
    "0",
    "1",
    "2",
    "3",
    "99999999999999999999999",
    "٣",  # a digit to int(), not to a person here
    "²",
    "NaN",
    "1e309",
    "true",
    "y",
    "none",
    "approve",
    "FL",
    "33101",
    "2026-11-24",
    "0000-00-00",
    *ENDS_OF_TIME,
    "<script>alert(1)</script>",
    "{{ 7 * 7 }} %(name)s %s {0}",
    "'; DROP TABLE patients; --",
    "Ana\r\nBcc: everybody@example.com",
    "ana@example.com",
    "ana@example.com, eve@example.com",
    "ana@exa\0mple.com",
    "@",
    "a" * 10_000,
    "\ud83e\udd37".encode("utf-16", "surrogatepass").decode("utf-16"),
    "é" * 300,
    "\u202eabc\u2066",
    "/home",
    "//evil.example",
    "00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-000000000000_99999999999999",
    "00000000-0000-0000-0000-000000000000_-62135596800",
)
LANGUAGES = ("xx", "*", "es;q=0.5, *;q=0.1", "en-" + "x" * 3000, ";;;q=,,", "\xff\xfe", "en;q=nan", "i-klingon,fr;q=-1")
PATHS = (
    "/%ff%fe",
    "/%00",
    "/assessment/%00",
    "/assessment/\u0130",
    "/assessment/resume/%00%ff",
    "/confirm/" + "a" * 3000,
    "/confirm/%00",
    "/waitlist/confirm/%00",
    "/waitlist/leave/%F0%9F%A4%B7",
    "/check-ins/-1",
    "/check-ins/00000000-0000-0000-0000-000000000000/-1",
    "/check-ins/00000000-0000-0000-0000-000000000000/99999999999999999999",
    "/visits/book/0000-00-00",
    "/visits/book/9999-12-31",
    "/visits/book/0001-01-01",
    "/visits/book/%00",
    "/consents/%00",
    "/consents/..%2f..%2fetc%2fpasswd",
    "/static/../config/settings.py",
    "/static/%00",
    "/static/..%2f..%2fconfig/settings.py",
    "/membership/return?session_id=%00",
    "/membership/return?session_id=cs_test_" + "a" * 500,
    "/membership/return?session_id=../../v1/customers",
    "/staff/queue?after=%00&status=%00&state=%00",
    "/staff/queue?after=9999-12-31T23:59:59%2B00:00_00000000-0000-0000-0000-000000000000",
    "/staff/queue?after=0001-01-01T00:00:00%2B14:00_00000000-0000-0000-0000-000000000000",
    "/staff/queue?after=-1",
    "/staff/reminders?status=%00&page=-1",
    "/staff/reminders?page=99999999999999999999",
    "/staff/reminders?page=%D9%A3",
    "/sign-in?next=%00",
    "/sign-in?next=" + "/" * 5000,
    "/?%ff=%ff&[]=1&a[b]=c",
)

_NAMES = re.compile(r"<(?:input|select|textarea|button)\b[^>]*?\sname=\"([^\"]+)\"")


def names_in(html: str) -> set[str]:
    """The fields that a page's forms would send."""
    return set(_NAMES.findall(html)) - {"csrf_token"}


def form(chance: random.Random, names: list[str]) -> list[tuple[str, str]]:
    """A form with some of `names`, some of them twice, and anything in them."""
    chosen = [name for name in names if chance.random() < 0.8]
    twice = [name for name in chosen if chance.random() < 0.1]
    return [(name, chance.choice(VALUES)) for name in [*chosen, *twice]]


def encoded(fields: list[tuple[str, str]], token: str) -> str:
    """As a browser would send it."""
    return urlencode([("csrf_token", token), *fields])


def bad_bytes(names: list[str], token: str) -> bytes:
    """A form whose text is no UTF-8, with a value that never ends its escape."""
    lines = [f"csrf_token={token}".encode(), *(name.encode() + b"=%ff%fe\xc3\x28%" for name in names)]
    return b"&".join(lines)


def address(path: str, ids: dict[str, UUID | int | str]) -> str:
    """A rule's path with these ids in it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids[found.group(1)]), path)
