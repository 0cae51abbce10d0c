"""What has to be in place before staff complete an approval: logistics, each named where it is missing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from service.catalog.rules.engine import Delivery
from service.kit.errors import words

OF_THE_PATIENT: Final = ("address", "emergency_contact", "phone")  # what nobody else can put right


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistics:
    """What is known. None is unknown, and unknown is missing.

    `day` is the patient's own. `document_until`: the last day of the ID that the signed visit rests on; `old`: it was
    signed before records said which ID it was. `delivery`: the home on file. `settled`: of SETTLES (visits).
    """

    day: date
    identity_checked: bool | None
    document_until: date | None
    old: bool
    delivery: Delivery | None
    cared_for_in: str
    emergency_contact: bool | None
    phone: bool | None
    settled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist: what it is, whether it is there, and who can put it right where it is not."""

    key: str
    done: bool
    title: str
    otherwise: str


def checklist(known: Logistics) -> tuple[Item, ...]:
    """Every line, in the order of the page."""
    identified = known.identity_checked is True and (
        known.old or (known.document_until is not None and known.day <= known.document_until)
    )
    return (
        Item(
            "identity",
            identified,
            words("Identity verified in the signed visit"),
            words("No ID that is still valid stands in the record. A clinician has to see the patient again."),
        ),
        Item(
            "address",
            known.delivery == Delivery(state=known.cared_for_in, kind="street"),
            words("A street address in the state of care"),
            words("The patient enters it in their settings. A post office box is not enough, nor another state."),
        ),
        Item(
            "emergency_contact",
            known.emergency_contact is True,
            words("An emergency contact"),
            words("The patient names somebody in their settings."),
        ),
        Item(
            "phone",
            known.phone is True,
            words("A phone number"),
            words("The patient enters it in their settings."),
        ),
        Item(
            "sitter",
            "sitter" in known.settled,
            words("Who stays with the patient is settled"),
            words("A clinician of the care team settles it, in an addendum to the visit."),
        ),
        Item(
            "monitor",
            "monitor" in known.settled,
            words("A blood pressure monitor is settled"),
            words("A clinician of the care team settles it, in an addendum to the visit."),
        ),
    )


def missing(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """What is not there."""
    return tuple(item for item in items if not item.done)
