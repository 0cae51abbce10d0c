"""When which text may be signed, and what is filled in below some of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from service.accounts.rules.contact import one_line, phone_number
from service.consent.rules.names import is_a_name
from service.kit.errors import Rejected, words

OVER: Final = ("declined", "ended")
APPROVED: Final = ("approved", "consented", "active")
# domain.md 6, "When". What comes before a visit may be signed from the first day: the room of the visit waits for it.
AFTER_APPROVAL: Final = ("after_approval", "before_session")
LASTS: Final = MappingProxyType({"3": 3, "6": 6, "12": 12})  # months a release may last; our default
SCOPES: Final = MappingProxyType(
    {
        "part": words("That I am in care here, and from when to when"),
        "visits": words("What was found and decided in my visits"),
        "medicine": words("Which medicine is prescribed to me, and how I take it"),
        "progress": words("How I am doing, from my check-ins"),
        "safety": words("When somebody should look after me more closely"),
    }
)
TEXT_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Filled:
    """What a patient fills in below a text: whom it is about, and for a release what and for how many months."""

    name: str = ""
    phone: str = ""
    relation: str = ""
    scope: tuple[str, ...] = ()
    months: str = ""


def may_sign_at(status: str, when: str) -> bool:
    """May a text that is asked for at `when` be signed by somebody whose enrollment stands at `status`?"""
    if when in AFTER_APPROVAL:
        return status in APPROVED
    return status not in OVER


def details(asks: str, filled: Filled | None, today: date) -> tuple[Mapping[str, object] | None, date | None]:
    """What to keep beside the signature, and the last day on which it counts. (None, None) where nothing is asked.

    Raises Rejected, with the field in its code, for what is missing or no number.
    """
    if asks == "nothing":
        return None, None
    filled = filled or Filled()
    name, relation = one_line(filled.name), one_line(filled.relation)
    if not is_a_name(name):
        raise Rejected("name", words("Enter the name of this person"))
    if max(len(name), len(relation)) > TEXT_MAX:
        raise Rejected("name", words("That is longer than we can keep. Use a shorter form."))
    if asks == "sitter":
        if not relation:
            raise Rejected("relation", words("Say who this person is to you"))
        return {"name": name, "relation": relation, "phone": _number(filled.phone)}, None
    scope = [key for key in SCOPES if key in filled.scope]
    if not scope:
        raise Rejected("scope", words("Choose what we may share"))
    if filled.months not in LASTS:
        raise Rejected("months", words("Choose how long this lasts"))
    phone = _number(filled.phone) if one_line(filled.phone) else ""
    kept = {"name": name, "phone": phone, "scope": scope}
    return kept, _later(today, LASTS[filled.months])


def _number(typed: str) -> str:
    try:
        return phone_number(typed)
    except Rejected as no:
        raise Rejected("phone", no.message) from None


def _later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    # The 28th exists in every month: a release never lasts a day longer than was chosen.
    return date(day.year + years, month + 1, min(day.day, 28))
