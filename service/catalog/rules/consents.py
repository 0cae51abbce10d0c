"""Texts a patient signs. A text is never edited, only followed by a new version; its SHA-256 says which was signed."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from service.catalog.rules.reading import CatalogError, Table

_FILE_NAME = re.compile(r"([a-z][a-z_]*)(?:-([a-z]{2}))?-v([1-9][0-9]*)\.md")
_PLACEHOLDER = re.compile(r"\{\{ ([a-z_]+) \}\}")
# When a text is asked for, in the order of the way. "optional" is never asked for: it is offered.
WHEN = ("joining", "before_visit", "after_approval", "before_session", "optional")
ASKS = ("nothing", "sitter", "release")  # what is filled in below the text
STOPS = ("nothing", "call", "care")  # what taking it back does as well: somebody calls; or a hold stops care at once


@dataclass(frozen=True)
class ConsentDocument:
    """One version of one text. `state` is "" where it holds everywhere; `values` are the blanks it leaves open.

    `blocking`: what comes after `when` waits for it. `changes`: what a new version changes, in a sentence or two, ""
    for the first. `taking_back`: what it means to take it back. `may_decline`: that somebody would rather not sign is
    kept as well, and stops nothing.
    """

    key: str
    version: int
    state: str
    title: str
    in_short: str
    statement: str
    body: str
    blocking: bool
    order: int
    effective_on: date
    values: tuple[str, ...]
    sha256: str
    when: str = "after_approval"
    changes: str = ""
    taking_back: str = ""
    stops: str = "nothing"
    asks: str = "nothing"
    may_decline: bool = False


@dataclass(frozen=True)
class RenderedConsent:
    """A document with its blanks filled: exactly what a patient reads, and the hash of exactly that."""

    document: ConsentDocument
    in_short: str
    statement: str
    body: str
    text: str
    sha256: str


def canonical(text: str) -> str:
    """The one form that is hashed: NFC, line feeds, one at the end (domain.md 6)."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return lines.strip("\n") + "\n"


def read_consent(file: str, text: str) -> ConsentDocument:
    """One `consents/<key>[-<state>]-v<n>.md`: a TOML head between `+++` lines, then Markdown. Raises CatalogError."""
    match = _FILE_NAME.fullmatch(file.rsplit("/", 1)[-1])
    if match is None:
        raise CatalogError(file, "name", "must look like telehealth-v1.md or telehealth-nj-v1.md")
    head, body = _split(file, canonical(text))
    document = ConsentDocument(
        key=match[1],
        version=int(match[3]),
        state=(match[2] or "").upper(),
        title=head.text("title"),
        in_short=head.text("in_short"),
        statement=head.text("statement"),
        body=body,
        blocking=head.flag("blocking"),
        order=head.number("order"),
        effective_on=head.day("effective_on"),
        values=head.texts("values", ()),
        sha256="",
        when=head.one_of("when", WHEN),
        changes=head.text("changes") if int(match[3]) > 1 else "",
        taking_back=head.text("taking_back"),
        stops=head.one_of("stops", STOPS, "nothing"),
        asks=head.one_of("asks", ASKS, "nothing"),
        may_decline=head.flag("may_decline", False),
    )
    head.close()
    if document.blocking and (document.when == "optional" or document.may_decline):
        raise head.fail("blocking", "cannot be true for a text that nobody has to sign")
    used = set(_PLACEHOLDER.findall(_whole(document)))
    if used != set(document.values):
        odd = ", ".join(sorted(used ^ set(document.values)))
        raise head.fail("values", f"must name exactly the blanks of the text; look at {odd}")
    return replace(document, sha256=_digest(_whole(document)))


def render(document: ConsentDocument, values: Mapping[str, str]) -> RenderedConsent:
    """Fill the blanks. Raises KeyError for a blank without a value: a text with a hole must never be signed."""

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda blank: values[blank[1]], text)

    text = canonical(fill(_whole(document)))
    return RenderedConsent(
        document, fill(document.in_short), fill(document.statement), fill(document.body), text, _digest(text)
    )


def newest_for(documents: Iterable[ConsentDocument], state: str, day: date) -> tuple[ConsentDocument, ...]:
    """For each key the version in force in `state` on `day`, in signing order. A state's own text replaces the
    general one of the same key.
    """
    best: dict[str, ConsentDocument] = {}
    for document in documents:
        if document.state in ("", state) and document.effective_on <= day:
            other = best.get(document.key)
            if other is None or (document.state != "", document.version) > (other.state != "", other.version):
                best[document.key] = document
    return tuple(sorted(best.values(), key=lambda document: (document.order, document.key)))


def _split(file: str, text: str) -> tuple[Table, str]:
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise CatalogError(file, "head", "must stand between two +++ lines at the top")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(file, "head", f"is not TOML: {error}") from None
    body = canonical(parts[2])
    if not body.strip():
        raise CatalogError(file, "body", "is empty")
    return Table(file, head), body


def _whole(document: ConsentDocument) -> str:
    return canonical(f"# {document.title}\n\n{document.in_short}\n\n{document.body}\n{document.statement}\n")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
