"""What happened to one membership, in words: charges, what was given, disputes, ends and agreements in one list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from service.billing.queries.desk import Desk, DisputeFacts, Given
from service.billing.queries.desk.story import End
from service.billing.staff_views import words
from service.kit.format import money

Told = tuple[datetime, str]


def timeline(one: Desk) -> list[Told]:
    """(when, what) of everything known, the newest first."""
    told = [*_life(one), *_charges(one), *_gifts(one.given), *_disputes(one.disputes), *_ends(one.ends)]
    return sorted(told, key=lambda entry: entry[0], reverse=True)


def _life(one: Desk) -> Iterator[Told]:
    if one.activated_at:
        yield one.activated_at, _("The membership began")
    if one.ended_at:
        yield one.ended_at, _("The membership ended")
    for agreed in one.agreed:
        yield agreed.at, _("The patient agreed to %(amount)s a month", amount=money(agreed.amount_cents))
    for answer in one.answers:
        if not answer.yes:
            yield answer.at, _("A charge was not allowed")


def _charges(one: Desk) -> Iterator[Told]:
    for charge in one.charges:
        if charge.paid_at and charge.paid_cents:
            yield charge.paid_at, _("%(amount)s paid", amount=money(charge.paid_cents))
        elif charge.status == "void":
            yield charge.issued_at, _("A charge of %(amount)s was dropped", amount=money(charge.due_cents))


def _gifts(given: tuple[Given, ...]) -> Iterator[Told]:
    for gift in given:
        if gift.status != "done" or gift.settled_at is None:
            continue
        if gift.kind == "comp":
            months = gift.months or 0
            yield gift.settled_at, ngettext("%(num)s month given", "%(num)s months given", months)
        elif gift.kind == "refund":
            yield gift.settled_at, _("%(amount)s given back", amount=money(gift.cents or 0))
        else:
            yield gift.settled_at, _("%(amount)s of credit given", amount=money(gift.cents or 0))


def _disputes(disputes: tuple[DisputeFacts, ...]) -> Iterator[Told]:
    tags = words.dispute_tags()
    for dispute in disputes:
        yield dispute.opened_at, _("The bank disputes %(amount)s", amount=money(dispute.amount_cents))
        if dispute.closed_at:
            how = tags[dispute.status][0] if dispute.status in tags else dispute.status
            yield dispute.closed_at, _("The dispute was closed: %(how)s", how=how)


def _ends(ends: tuple[End, ...]) -> Iterator[Told]:
    by = {"patient": _("The patient cancelled"), "staff": _("Cancelled for the patient")}
    for end in ends:
        yield end.at, by.get(end.asked_by) or _("Ended by rule")
        if end.undone_at:
            yield end.undone_at, _("The cancellation was taken back")
