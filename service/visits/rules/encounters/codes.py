"""Codes and readings by their shape alone: what cannot be one is never stored. No list of a code set ships here."""

from __future__ import annotations

import re

from service.visits.rules.encounters.record import Reading

# ICD-10-CM: a letter, a digit, a digit or letter, then up to four more behind a point (CDC/NCHS, guidelines I.A.1-2).
_DIAGNOSIS = re.compile(r"([A-Z][0-9][0-9A-Z])\.?([0-9A-Z]{0,4})")
# Five characters, of which a letter may be the first or the last: the shape of CPT and HCPCS codes, not their texts.
_EM = re.compile(r"[0-9]{5}|[A-Z][0-9]{4}|[0-9]{4}[A-Z]")
MOST_DIAGNOSES = 12  # as many as a claim takes


def diagnoses(text: str) -> tuple[str, ...]:
    """Codes between commas, spaces or lines, as they are written: "f331" is F33.1. ValueError names the odd one."""
    found = []
    for word in re.split(r"[\s,;]+", text.strip().upper()):
        if not word:
            continue
        match = _DIAGNOSIS.fullmatch(word)
        if match is None:
            raise ValueError(word)
        found.append(match[1] + (f".{match[2]}" if match[2] else ""))
    return tuple(dict.fromkeys(found))


def em_code(text: str) -> str:
    """An evaluation and management code, or nothing. Raises ValueError for what has another shape."""
    code = text.strip().upper()
    if code and not _EM.fullmatch(code):
        raise ValueError(code)
    return code


def plausible(reading: Reading) -> bool:
    """Can this be somebody's blood pressure (shared/domain.md 4.8)? What cannot is measured again, never stored."""
    return 60 <= reading.systolic <= 260 and 30 <= reading.diastolic <= 160 and reading.diastolic < reading.systolic


def plausible_rate(heart_rate: int) -> bool:
    """Can this be a heart rate, in beats a minute (shared/domain.md 4.8)?"""
    return 30 <= heart_rate <= 220
