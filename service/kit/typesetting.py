"""The only file that speaks to the typesetter. What it is given is data: no markup is ever put together from text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

# Every Latin, Greek and Cyrillic letter of these blocks is in the typesetter's own fonts; a test holds it to that.
KNOWN = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x391, 0x3A1),
    (0x3A3, 0x3C9),
    (0x410, 0x44F),
    (0x2013, 0x2014),
    (0x2018, 0x201D),
)
MOST = 400  # letters that are tried one by one; beyond, whoever writes so much reads the other file
PROBE = b'#set document(title: "x")\n#set text(font: "Libertinus Serif", lang: "en")\n#text(sys.inputs.data)\n'


def pdf(template: str, content: dict[str, Any], *, templates_dir: Path, made_at: datetime) -> bytes:
    """`content` laid out by one of our templates as a tagged PDF (PDF/UA-1).

    Letters that no font here has are shown by their number, as [U+674E]: an accessible file must not hold letters that
    cannot be read. Only the fonts that the typesetter carries are used, so that every machine makes the same pages.
    """
    return _compile(str(templates_dir / template), drawable(content), made_at)


def _compile(source: str | bytes, data: str, made_at: datetime | None = None) -> bytes:
    found = typst.compile(
        source,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": data},
        pdf_standards="ua-1",
        timestamp=None if made_at is None else int(made_at.timestamp()),
    )
    assert isinstance(found, bytes)
    return found


def drawable(content: dict[str, Any]) -> str:
    """`content` as JSON in which every letter can be drawn."""
    text = json.dumps(_cleaned(content), ensure_ascii=False)
    strange = sorted({letter for letter in text if not _known(letter) and letter != "\u200b"})
    refused = set(_refused(strange[:MOST])) | set(strange[MOST:])
    return text.translate({ord(letter): f"[U+{ord(letter):04X}]" for letter in refused})


def _cleaned(value: Any) -> Any:
    """Without what is no letter: control marks, and halves of pairs that are no text at all."""
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if not isinstance(value, str):
        return value
    kept = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in value)
    # A long word without a place to break must not leave the page.
    return re.sub(r"\S{24,}", lambda found: "\u200b".join(found[0]), kept).encode("utf-8", "replace").decode()


def _known(letter: str) -> bool:
    return any(low <= ord(letter) <= high for low, high in KNOWN)


def _refused(letters: list[str]) -> Iterator[str]:
    """Those that no font has. Asked in halves, because most often all are fine."""
    if not letters:
        return
    try:
        _compile(PROBE, " ".join(letters))
    except typst.TypstError:
        if len(letters) == 1:
            yield from letters
            return
        middle = len(letters) // 2
        yield from _refused(letters[:middle])
        yield from _refused(letters[middle:])
