"""What stands on a signed text and on an estimate when they are taken along as a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from service.consent.rules.blocks import blocks
from service.kit.format import day, moment

STRENGTH = {
    "joining": "with the form that made the account",
    "password": "signed in with a password",
    "second_step": "signed in with a second step",
}
HEAD = ["What", "Answer"]


class Signed(Protocol):
    """As much of the evidence as is printed."""

    @property
    def key(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def statement(self) -> str: ...
    @property
    def typed_name(self) -> str: ...
    @property
    def accepted_at(self) -> datetime: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def user_agent(self) -> str | None: ...
    @property
    def auth_level(self) -> str: ...
    @property
    def opened_at(self) -> datetime | None: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def declined(self) -> bool: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...


def signed_text(
    one: Signed, *, signer: str, practice: str, filled: Iterable[tuple[str, str]], made_at: datetime
) -> dict[str, Any]:
    """A signed text word for word, what was filled in, and the evidence. `filled` are labels with what was written."""
    zone = one.time_zone
    verb = "Offered" if one.declined else "Signed"
    evidence = [
        ("Document", f"{one.title} ({one.key}{f', {one.state}' if one.state else ''}), version {one.version}"),
        ("Person", signer),
        ("Statement", one.statement),
        ("Typed name", one.typed_name or "not signed"),
        (verb, f"{moment(one.accepted_at, zone, 'long')} ({one.accepted_at:%Y-%m-%d %H:%M:%S} UTC)"),
        ("Time zone", zone.replace("_", " ")),
        ("Page opened", moment(one.opened_at, zone, "long") if one.opened_at else "not recorded"),
        ("Proved who they are", STRENGTH.get(one.auth_level, "signed in")),
        ("Network address", one.address or "not recorded"),
        ("Browser", one.user_agent or "not recorded"),
        ("SHA-256 of the text", one.sha256),
    ]
    if one.ends_on:
        evidence.append(("Counts until", day(one.ends_on)))
    if one.withdrawn_at:
        evidence.append(("Taken back", moment(one.withdrawn_at, zone, "long")))
    parts = [{"title": "Filled in", "head": HEAD, "rows": [list(pair) for pair in filled]}] if filled else []
    parts.append({"title": "Evidence", "head": HEAD, "rows": [list(pair) for pair in evidence]})
    return _page(one.title, one.language, practice, _without_title(one.text), parts, zone, made_at)


def estimate(*, text: str, sha256: str, issued_at: datetime, zone: str, practice: str) -> dict[str, Any]:
    """An estimate word for word, with when it was given and its hash."""
    found = blocks(text)
    title = "".join(run["text"] for run in found[0]["runs"])
    rows = [["Given", moment(issued_at, zone, "long")], ["SHA-256 of the text", sha256]]
    part = {"title": "About this file", "head": HEAD, "rows": rows}
    return _page(title, "en", practice, found[1:], [part], zone, issued_at)


def _without_title(text: str) -> list[Mapping[str, Any]]:
    found = blocks(text)
    return list(found[1:] if found and found[0]["kind"] == "heading" else found)


def _page(
    title: str,
    language: str,
    practice: str,
    pieces: Iterable[Mapping[str, Any]],
    parts: list[dict[str, Any]],
    zone: str,
    made_at: datetime,
) -> dict[str, Any]:
    return {
        "title": title,
        "language": language,
        "practice": practice,
        "footer": f"{practice} · {title}",
        "intro": [f"{practice}. A copy made on {moment(made_at, zone, 'long')}."],
        "blocks": list(pieces),
        "parts": parts,
    }
