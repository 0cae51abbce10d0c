"""May a parcel go to this address? A home where somebody answers the door: no box, no mail shop, no forwarder. Pure.

domain.md 2.1, G-ADDR. USPS Publication 28 names the ways a box is written: 28 (post office boxes), 284 (PMB), 29 and
241 (military, general delivery). A rule asks for the whole way of writing, never for one word of it: people do live in
Box Elder Road, Old Post Office Lane and Mailbox Court.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from service.kit.errors import Rejected, words

Kind = Literal["street", "post_box", "private_box", "forwarder"]


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: Kind
    pattern: re.Pattern[str]


def _rule(kind: Kind, pattern: str) -> _Rule:
    return _Rule(kind, re.compile(pattern))


_NUMBER = r"(?:no\.? ?|number |# ?)?(?:[0-9][0-9a-z-]*|[a-z])"  # "12", "# 12", "no. 12b", "D"
# Read over each line by itself, small letters, one space between words.
RULES: Final = (
    _rule("post_box", r"\b(?<!of )p[ .]*[o0][ .]*(?:box|bx)(?=$|[ #.:,]|[0-9])(?! (?:canyon|elder|springs?|car)\b)"),
    _rule("post_box", rf"\bp\.? ?o\.? ?(?:b|drawer|bin|caller)\.? {_NUMBER}$"),
    _rule("post_box", rf"\bpost(?:al)? ?(?:office)? ?box(?:es)?(?: {_NUMBER}|$)"),
    _rule("post_box", rf"^(?:box|lock ?box|drawer|caller|firm caller|bin|apartado(?: postal)?) {_NUMBER}$"),
    _rule("post_box", r"\bgeneral delivery\b(?! (?:st|ave|rd|ln|dr|ct|way)\b)"),
    _rule("post_box", rf"^(?:psc|cmr|unit|ship|uss) .*\bbox {_NUMBER}$"),
    _rule("private_box", r"\bp\.?m\.?b\.? ?#? ?[0-9]"),
    _rule("private_box", r"\bprivate mail ?box\b"),
    _rule("private_box", rf"^(?:mail ?box|virtual (?:mail ?box|office)) {_NUMBER}$"),
    _rule(
        "private_box",
        r"\b(?:ups store|mail boxes etc|postal ?annex|postnet|pak mail|fedex office|postal connections)\b",
    ),
    _rule("private_box", r"\b(?:anytime mailbox|ipostal1|earth class mail|virtual mailbox|amazon (?:hub )?locker)\b"),
    _rule("private_box", r"\bups access point\b"),
    _rule(
        "forwarder",
        r"\b(?:freight|mail|parcel|package|cargo) ?-?forward(?:er|ers|ing)\b(?! (?:st|ave|rd|ln|dr|ct|way)\b)",
    ),
    _rule("forwarder", r"\b(?:re-?shipping|re-?shipper)\b"),
    _rule("forwarder", r"\bc/o (?:myus|shipito|stackry|planet express|forward2me|reship|aramex|skybox|eshopex)\b"),
    _rule("forwarder", r"\b(?:shipito|stackry|forward2me|myus\.com)\b"),
)
REFUSALS: Final = {
    "post_box": words("Enter the street address where you live. Nobody can hand you a parcel at a PO box."),
    "private_box": words(
        "Enter the street address where you live. Parcels are handed over: no mailbox at a shop and no locker will do."
    ),
    "forwarder": words(
        "Enter the street address where you live. We cannot send anything to a company that forwards parcels."
    ),
}


def kind_of(line1: str, line2: str = "") -> Kind:
    """What sort of address this is. "street" is the only one that a parcel may go to."""
    for line in (line1, line2):
        read = _plain(line)
        for rule in RULES:
            if rule.pattern.search(read):
                return rule.kind
    return "street"


def check_street(line1: str, line2: str = "") -> None:
    """Raises Rejected "not_a_street" with what to enter instead, where nobody could hand over a parcel."""
    kind = kind_of(line1, line2)
    if kind != "street":
        raise Rejected("not_a_street", REFUSALS[kind])


def _plain(line: str) -> str:
    """Wide and styled letters become plain ones, so that a box looks like a box."""
    return " ".join(unicodedata.normalize("NFKC", line).casefold().split()).strip(" .,;")
