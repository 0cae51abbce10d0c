"""What stands on a receipt, a year's statement and a superbill: plain content for a page and for a file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from service.kit.format import day, moment, money

SERVICE = "Medical care by telehealth: monthly membership"
LINES = {
    "month": "Monthly membership",
    "unused": "Unused time, given back",
    "remaining": "Rest of the month",
    "other": "Other",
}
# 26 U.S.C. 213(d) says what medical care is; a plan decides what it pays back.
ACCOUNTS = (
    "For an HSA or FSA. This names who provided the care, for whom, when, what it was and what was paid, as "
    "26 U.S.C. 213(d) and your plan ask. Whether your plan pays it back is for the plan to say."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper. `facts` and `totals` are labels with words; `missing` says what to ask for."""

    title: str
    facts: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class _Line(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def amount_cents(self) -> int: ...


class _GivenBack(Protocol):
    @property
    def amount_cents(self) -> int: ...
    @property
    def on(self) -> datetime: ...


class _Receipt(Protocol):
    @property
    def number(self) -> str: ...
    @property
    def paid_at(self) -> datetime: ...
    @property
    def lines(self) -> Iterable[_Line]: ...
    @property
    def subtotal_cents(self) -> int: ...
    @property
    def discount_cents(self) -> int: ...
    @property
    def credit_cents(self) -> int: ...
    @property
    def paid_cents(self) -> int: ...
    @property
    def refunded_cents(self) -> int: ...
    @property
    def refunds(self) -> Iterable[_GivenBack]: ...
    @property
    def card(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Practice:
    """Who provided the care, as papers name them. `tax_id` and `npi` are empty where they are not known."""

    name: str
    address: tuple[str, ...]
    phone: str
    tax_id: str = ""
    npi: str = ""
    procedure_codes: tuple[str, ...] = field(default=())


def known_tax_id(text: str) -> str:
    """An employer identification number ("12-3456789"), or empty for anything else, a placeholder included."""
    plain = text.strip()
    # The IRS gives no prefix 00 (irs.gov, "How EINs are assigned and valid EIN prefixes").
    return plain if re.fullmatch(r"(?!00)[0-9]{2}-?[0-9]{7}", plain, re.ASCII) else ""


def receipt(found: _Receipt, *, patient: str, practice: Practice, zone: str) -> Sheet:
    """One settled charge, line by line, with what was taken off and given back."""
    lines = list(found.lines)

    def on(when: datetime) -> str:
        return moment(when, zone, "day-only long")

    rows = [
        (LINES.get(one.kind, LINES["other"]), f"{on(one.starts_at)} to {on(one.ends_at)}", money(one.amount_cents))
        for one in lines
    ] or [(LINES["month"], on(found.paid_at), money(found.subtotal_cents))]
    dates = [when for one in lines if one.kind != "unused" for when in (one.starts_at, one.ends_at)]
    served = f"{on(min(dates))} to {on(max(dates))}" if dates else on(found.paid_at)
    totals = [("Subtotal", found.subtotal_cents)]
    totals += [("Discount", -found.discount_cents)] if found.discount_cents else []
    totals += [("Credit from your account", -found.credit_cents)] if found.credit_cents else []
    totals += [("Paid", found.paid_cents)]
    totals += [(f"Refunded on {on(one.on)}", -one.amount_cents) for one in found.refunds]
    told = sum(one.amount_cents for one in found.refunds)
    if found.refunded_cents > told:
        totals.append(("Refunded", told - found.refunded_cents))
    if found.refunded_cents:
        totals.append(("What it cost you in the end", found.paid_cents - found.refunded_cents))
    facts = [
        ("Receipt number", found.number),
        ("Paid on", on(found.paid_at)),
        ("Paid with", found.card if found.paid_cents else "Credit"),
        ("Patient", patient),
        ("Provider", practice.name),
        ("What for", SERVICE),
        ("Dates of service", served),
    ]
    if practice.tax_id:
        facts.append(("Tax number", practice.tax_id))
    return Sheet(
        title=f"Receipt {found.number}",
        facts=tuple((label, words) for label, words in facts if words),
        head=("For", "Dates", "Amount"),
        rows=tuple(rows),
        totals=tuple((label, money(cents)) for label, cents in totals),
        notes=(ACCOUNTS,),
        missing=() if practice.tax_id else ("the practice's tax number",),
    )


def statement(found: Iterable[_Receipt], *, year: int, patient: str, practice: Practice, zone: str) -> Sheet:
    """A calendar year's charges in one table, in the patient's own time zone."""
    receipts = list(found)
    paid, back = sum(one.paid_cents for one in receipts), sum(one.refunded_cents for one in receipts)
    return Sheet(
        title=f"Statement for {year}",
        facts=(
            ("Patient", patient),
            ("Provider", practice.name),
            ("What for", SERVICE),
            ("Charges", str(len(receipts))),
            *((("Tax number", practice.tax_id),) if practice.tax_id else ()),
        ),
        head=("Paid on", "Receipt", "Paid", "Refunded"),
        rows=tuple(
            (
                moment(one.paid_at, zone, "day-only long"),
                one.number,
                money(one.paid_cents),
                money(one.refunded_cents),
            )
            for one in receipts
        ),
        totals=(("Paid", money(paid)), ("Refunded", money(-back)), ("Total for the year", money(paid - back))),
        notes=(ACCOUNTS,),
        missing=() if practice.tax_id else ("the practice's tax number",),
    )


def as_content(sheets: Iterable[Sheet], *, practice: Practice, made_at: datetime, zone: str) -> dict[str, Any]:
    """The sheets as the typesetter reads them, the first one's title on top."""
    found = list(sheets)
    return {
        "title": found[0].title,
        "language": "en",
        "practice": practice.name,
        "address": [*practice.address, practice.phone],
        "footer": f"{practice.name} · {found[0].title}",
        "made": f"Made on {moment(made_at, zone, 'long')}.",
        "sheets": [
            {
                "title": one.title,
                "facts": [list(pair) for pair in one.facts],
                "head": list(one.head),
                "rows": [list(row) for row in one.rows],
                "totals": [list(pair) for pair in one.totals],
                "notes": [*one.notes, *([ask_for(one.missing, practice)] if one.missing else [])],
            }
            for one in found
        ],
    }


def ask_for(missing: Iterable[str], practice: Practice) -> str:
    """What is not on the paper, and where it is to be had. Nothing is ever made up."""
    return f"Not on this paper: {', '.join(missing)}. Ask us for it: {practice.phone}."


def born(value: date) -> str:
    """A birthday as papers write it."""
    return day(value, "long")
