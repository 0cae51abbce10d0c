"""Which texts are signed, which are still to sign, and in what order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from config.brand import Brand
from service.catalog.rules.consents import ConsentDocument
from service.kit.format import money

FIRST = "esign"  # 15 U.S.C. 7001(c): agreeing to sign on a screen comes before signing on one


@dataclass(frozen=True, slots=True)
class Signature:
    """That a text was signed: which key, of which state ("" for all), which version, and when."""

    key: str
    state: str
    version: int
    sha256: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One text to sign. `signed_at` is None until it is; `may_sign` is False while another must come first."""

    document: ConsentDocument
    signed_at: datetime | None
    may_sign: bool


def tasks(documents: Iterable[ConsentDocument], signatures: Iterable[Signature]) -> tuple[Task, ...]:
    """Every current text with where it stands. An older version, or another state's text, does not count."""
    when = {(one.key, one.state, one.version): one.accepted_at for one in signatures}
    documents = tuple(documents)
    signed = {document.key: when.get((document.key, document.state, document.version)) for document in documents}
    ready = signed.get(FIRST) is not None or all(document.key != FIRST for document in documents)
    return tuple(
        Task(document, signed[document.key], may_sign=ready or document.key == FIRST) for document in documents
    )


def all_blocking_signed(tasks: Iterable[Task]) -> bool:
    """Is every text that care waits for signed? With no such text at all the answer is no: something is missing."""
    blocking = [task for task in tasks if task.document.blocking]
    return bool(blocking) and all(task.signed_at is not None for task in blocking)


def blanks(brand: Brand, from_price_cents: int) -> dict[str, str]:
    """What fills the blanks of the texts before a plan is chosen: general terms, never a promise of a price.

    The exact price, the day of the first charge and the renewal are agreed to once more beside the payment.
    """
    dollars = money(from_price_cents, whole=True)
    return {
        "practice": brand.legal_name,
        "postal_address": ", ".join(brand.postal_address),
        "support_email": brand.support_address,
        "support_phone": brand.support_phone,
        "statement_name": brand.name,
        "plan_name": "The plan you choose next",
        "price": f"the plan's price (from {dollars})",
        "interval": "month",
        "first_charge_on": "the day of the first payment",
        "next_charge_on": "one month later",
    }
