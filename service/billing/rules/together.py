"""Which of Stripe's messages one look at Stripe answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID


class Told(NamedTuple):
    """A message that waits, by its row's id. `subject_id`: the subscription it is about, None where it did not say."""

    id: UUID
    kind: str
    object_id: str
    subject_id: str | None


MOST_CHARGES: Final = 3  # whose messages are answered in one transaction: an older charge costs a call of its own


def of_a_subscription(kind: str) -> bool:
    """Is it about a subscription or one of its charges? Then a look at the subscription answers it."""
    return kind.startswith(("customer.subscription.", "invoice."))


def together(messages: Sequence[Told]) -> list[list[UUID]]:
    """Messages in groups that one look at Stripe answers, in order of each group's first.

    A month that is renewed sends several within a second, and Stripe takes only so many calls a second from one of us.
    """
    groups: dict[object, tuple[list[UUID], set[str]]] = {}
    full: list[list[UUID]] = []
    for one in messages:
        subject: object = one.subject_id if of_a_subscription(one.kind) and one.subject_id else one.id
        ids, charges = groups.setdefault(subject, ([], set()))
        if one.kind.startswith("invoice.") and len(charges | {one.object_id}) > MOST_CHARGES:
            full.append(ids)
            del groups[subject]
            ids, charges = groups.setdefault(subject, ([], set()))
        ids.append(one.id)
        if one.kind.startswith("invoice."):
            charges.add(one.object_id)
    return [*full, *(ids for ids, _ in groups.values())]
