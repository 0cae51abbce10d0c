"""How an enrollment may move. The table below is all there is; docs/enrollment.md draws it, a test compares them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from service.kit.errors import Conflict, words

# (status, event) -> next status. The clinician decides, staff complete, the patient signs and pays.
TABLE: Final = MappingProxyType(
    {
        ("assessed", "book"): "booked",
        ("booked", "cancel_visit"): "assessed",
        ("booked", "cancel_second_visit"): "more_info",  # a clinician's question still stands
        ("booked", "decide_approve"): "decided",
        ("booked", "decide_decline"): "declined",
        ("booked", "ask_more"): "more_info",
        ("more_info", "book"): "booked",
        ("decided", "complete"): "approved",
        ("approved", "sign_last_consent"): "consented",
        ("consented", "pay"): "active",
        ("active", "end"): "ended",
        ("active", "lapse"): "consented",  # the membership is over, care is not: they may come back and pay
        ("assessed", "withdraw"): "ended",
        ("booked", "withdraw"): "ended",
        ("more_info", "withdraw"): "ended",
        ("decided", "withdraw"): "ended",
        ("approved", "withdraw"): "ended",
        ("consented", "withdraw"): "ended",
        # A new place. Before a decision all goes on there at once; after one a clinician licensed there says so, and
        # who had signed everything has the new state's texts to sign.
        ("assessed", "relocate"): "assessed",
        ("booked", "relocate"): "assessed",
        ("more_info", "relocate"): "more_info",
        ("decided", "transfer"): "decided",
        ("approved", "transfer"): "approved",
        ("consented", "transfer"): "approved",
        ("active", "transfer"): "active",
    }
)

STATUSES: Final = tuple(dict.fromkeys([status for status, _ in TABLE] + list(TABLE.values())))
WAITING_FOR_STAFF: Final = ("decided",)
WAITING_FOR_CLINICIAN: Final = ("booked",)


def move(status: str, event: str) -> str:
    """The status after `event`. Raises Conflict when the table knows no such move."""
    try:
        return TABLE[(status, event)]
    except KeyError:
        raise Conflict(
            "enrollment_moved_on", words("This has already moved on. Reload the page to see where it stands now.")
        ) from None
