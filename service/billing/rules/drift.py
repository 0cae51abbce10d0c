"""Where what we believe and what Stripe says may differ, in words, and what may be done about each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from service.kit.errors import words

CLINIC: Final = ZoneInfo("America/New_York")
NIGHT_BEGINS: Final = timedelta(hours=3)  # the quietest hour of both states
OVERLAP: Final = timedelta(hours=1)  # an event may appear in Stripe's list a little after its own moment
KEPT_AT_STRIPE: Final = timedelta(days=30)  # docs.stripe.com/api/events: older ones are gone
CHARGES_BACK: Final = timedelta(days=35)  # a month and its retries
SETTLES: Final = timedelta(hours=1)  # money that moved just now may still be on its way into our books
STARTS_WITHIN: Final = timedelta(hours=3)  # one that began so lately is not silent yet
SILENT_AFTER: Final = timedelta(hours=26)  # one a night, and two hours to be late


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: of which object, in which field, our word and theirs (codes, ids, cents, moments)."""

    object_id: str
    field: str
    ours: str | None
    theirs: str | None
    membership_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A field in words. `mends`: taking Stripe's word is safe. Else `todo` says what a person does."""

    title: str
    mends: bool
    todo: str


_TAKE = words("Take Stripe's word. Nothing is charged, given back or cancelled by it.")
FIELDS: Final = MappingProxyType(
    {
        "status": Kind(words("Status"), True, _TAKE),
        "stopped_for": Kind(words("Why it is stopped"), True, _TAKE),
        "period": Kind(words("End of the month"), True, _TAKE),
        "ending": Kind(words("Ends with the month"), True, _TAKE),
        "skipped": Kind(words("Skipped or paused until"), True, _TAKE),
        "charge": Kind(words("Status of a charge"), True, _TAKE),
        "paid": Kind(words("Paid on a charge"), True, _TAKE),
        "price": Kind(
            words("Price"),
            False,
            words("The patient agreed to our price. Set it back in Stripe, or give back what was charged too much."),
        ),
        "subscription": Kind(
            words("A subscription we do not know"),
            False,
            words("Look in Stripe whose it is. If it is nobody's, cancel it there and give back what it charged."),
        ),
        "second": Kind(
            words("A second subscription of one person"),
            False,
            words("One person is charged twice. Cancel the second one in Stripe and give back what it charged."),
        ),
        "missing": Kind(
            words("A subscription Stripe does not have"),
            False,
            words("Nobody is charged. Look in Stripe what became of it, then end the membership here."),
        ),
        "unread": Kind(
            words("A subscription that is not as ours are"),
            False,
            words(
                "It has other prices or quantities than one membership. Look at it in Stripe and put it right there."
            ),
        ),
        "refund": Kind(
            words("Money given back"),
            False,
            words(
                "Somebody gave money back in Stripe, it failed there, or Stripe has a new word for how it stands. Look"
                " at the charge there and note what it was for."
            ),
        ),
        "ledger": Kind(
            words("Paid less given back"),
            False,
            words("Our own books do not add up for this membership. Tell whoever runs the service."),
        ),
    }
)
OF_SUBSCRIPTION: Final = ("status", "stopped_for", "period", "ending", "skipped", "price")
WHOSE: Final = ("subscription", "second", "missing", "unread")
MONEY: Final = ("paid", "refund", "ledger")  # shown as amounts
DISMISSALS: Final = MappingProxyType(
    {
        "settled_in_stripe": words("I put it right in Stripe"),
        "not_ours": words("It is not a membership of ours"),
        "known": words("It is known and harmless"),
        "other": words("Something else"),
    }
)


def differences(ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[tuple[str, str | None, str | None]]:
    """(field, our word, theirs) where they differ, in the order of `ours`. Moments are compared to the second."""
    found = [(field, _text(value), _text(theirs[field])) for field, value in ours.items()]
    return [one for one in found if one[1] != one[2]]


def night_of(now: datetime) -> date:
    """The night whose comparison is due at `now`: it begins at 3 AM at the clinic."""
    return (now.astimezone(CLINIC) - NIGHT_BEGINS).date()


def is_silent(now: datetime, last_finished: datetime | None, began: datetime | None) -> bool:
    """Was there no comparison for longer than a night? `began`: since when there is anything to compare."""
    since = max((one for one in (last_finished, began) if one is not None), default=None)
    return since is not None and began is not None and now - since > SILENT_AFTER


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
