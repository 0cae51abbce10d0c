"""Trouble on demand, for matching requests, payments or webhooks.

`POST /_standin/faults` with one object or a list of them:

    {"kind": "500", "count": 2, "method": "POST", "path": "/v1/refunds"}
    {"kind": "webhook_duplicate", "share": 0.2, "seed": 7}

Requests (`method` and `path`, a prefix, narrow them):
`500` and `429` answer so before anything is done; `500_after` does and commits the work first.
`timeout` does and commits the work, then keeps silent for `seconds` (default 0) and closes the connection;
`timeout_before` does the same with nothing done. `reset` breaks the connection off with nothing done, `reset_after`
with the work committed. `slow` waits `seconds` and then does the work, whether or not somebody still listens.

Payments (`customer` narrows them): `decline` fails the next ones (`decline_code`, default `insufficient_funds`);
`card_update` has the bank send a new card for the one about to be charged.

Webhooks (`event_type` narrows them, `invoice.*` for a family): `webhook_drop`, `webhook_duplicate`, `webhook_delay`
(`seconds`); `webhook_shuffle` holds them for `seconds` (default 0.5), then newest first, or in the order of `seed`.
On the first attempt only: `webhook_tamper` (somebody else's signature), `webhook_unsigned`, `webhook_stale` and
`webhook_future` (signed an hour ago, or ahead). One more message before the true one, signed well: `webhook_livemode`,
`webhook_account`, `webhook_version`, `webhook_unknown_type`, `webhook_unknown_object`, or `webhook_alter` with what is
to be changed under `with`.

Each fits the next `count` occasions, by default 1. With `share` it fits that share of the occasions instead, without
end unless `count` is given: chosen by `seed` (default 0), so the same occasions in the same order meet the same fate.
`GET` lists what is left, `DELETE` clears it. Faults live in memory: a restart clears them too.
"""

from __future__ import annotations

import random
from typing import Any

REQUESTS = ("429", "500", "500_after", "reset", "reset_after", "slow", "timeout", "timeout_before")
#: What is wrong with the first attempt at a webhook.
SIGNED_WRONG = ("webhook_future", "webhook_stale", "webhook_tamper", "webhook_unsigned")
#: What is changed in one more message.
ALTERED: dict[str, dict[str, Any]] = {
    "webhook_account": {"account": "acct_somebodyelse"},
    "webhook_alter": {},
    "webhook_livemode": {"livemode": True},
    "webhook_unknown_object": {"data": {"object": {"id": "mrt_1", "object": "martian"}}},
    "webhook_unknown_type": {"type": "martian.landed"},
    "webhook_version": {"api_version": "2019-02-19"},
}
WEBHOOKS = ("webhook_delay", "webhook_drop", "webhook_duplicate", "webhook_shuffle")
KINDS = frozenset((*REQUESTS, *SIGNED_WRONG, *ALTERED, *WEBHOOKS, "decline", "card_update"))
NARROW = ("method", "path", "customer", "event_type")
FIELDS = frozenset((*NARROW, "kind", "count", "share", "seed", "seconds", "decline_code", "with"))


class Faults:
    """What is still to go wrong."""

    def __init__(self) -> None:
        self._waiting: list[tuple[dict[str, Any], random.Random]] = []

    def plan(self, wanted: Any) -> None:
        """Add one fault or several. Raises ValueError, in words, for one that could never happen."""
        planned = []
        for one in wanted if isinstance(wanted, list) else [wanted]:
            if not isinstance(one, dict) or one.get("kind") not in KINDS:
                raise ValueError(f"a fault needs a kind out of {', '.join(sorted(KINDS))}")
            if unknown := set(one) - FIELDS:
                raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
            count = one.get("count", None if "share" in one else 1)
            if count is not None and (not isinstance(count, int) or count < 1):
                raise ValueError("count is a whole number of 1 or more")
            if not 0 < one.get("share", 1) <= 1:
                raise ValueError("share is a number above 0, at most 1")
            planned.append(({**one, "count": count}, random.Random(one.get("seed", 0))))
        self._waiting += planned

    def take(self, kind: str, **about: str) -> dict[str, Any] | None:
        """The first fault of this kind that fits, used up by one; None when all is well."""
        if not self._waiting:
            return None
        for place, (fault, chance) in enumerate(self._waiting):
            if fault["kind"] != kind or not _fits(fault, about):
                continue
            if "share" in fault and chance.random() >= fault["share"]:
                continue
            if fault["count"] is not None:
                fault["count"] -= 1
                if not fault["count"]:
                    del self._waiting[place]
            # One number drawn by whoever needs an order, from the same seed.
            return {**fault, "drawn": chance.random() if "seed" in fault else None}
        return None

    def left(self) -> list[dict[str, Any]]:
        """What may still happen, as it was planned."""
        return [{name: value for name, value in fault.items() if value is not None} for fault, _ in self._waiting]

    def clear(self) -> None:
        """All well from now on."""
        self._waiting.clear()


def _fits(fault: dict[str, Any], about: dict[str, str]) -> bool:
    for name, value in about.items():
        wanted = fault.get(name)
        if wanted is None:
            continue
        if wanted.endswith(".*"):
            if not value.startswith(wanted[:-1]):
                return False
        elif not (value.startswith(wanted) if name == "path" else value == wanted):
            return False
    return True
