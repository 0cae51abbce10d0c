"""What happened to one membership, in words: charges, what was given, disputes, ends and agreements in one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from service.billing.queries.desk import Desk, DisputeFacts, Given
from service.billing.queries.desk.money import Charge
from service.billing.queries.desk.story import End, FailedTry
from service.billing.rules.leaving import ASKED
from service.billing.staff_views import words
from service.kit.format import money

Told = tuple[datetime, str]


def timeline(one: Desk) -> list[Told]:
    """(when, what) of everything known, the newest first; of what came at one moment, what came last stands first."""
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
    stopping = (meant for meant in one.meant if meant.kind in ("void", "stop_invoice") and meant.status == "done")
    dropped_at = {meant.charge: meant.settled_at for meant in stopping}
    for charge in one.charges:
        if charge.paid_at and charge.paid_cents:
            yield charge.paid_at, _("%(amount)s paid", amount=money(charge.paid_cents))
        elif charge.status == "void":
            when = dropped_at.get(charge.stripe_id) or charge.issued_at
            yield when, _("A charge of %(amount)s was dropped", amount=money(charge.due_cents))
        yield from _failures(charge, [tried for tried in one.failed_tries if tried.charge == charge.stripe_id])


def _failures(charge: Charge, tries: Sequence[FailedTry]) -> Iterator[Told]:
    """Each try that failed; where none was told to the patient, that it failed."""
    amount = money(charge.due_cents)
    for tried in tries:
        yield tried.at, _("A charge of %(amount)s failed (try %(number)s)", amount=amount, number=tried.number)
    if charge.has_failed and not tries:
        yield charge.issued_at, _("A charge of %(amount)s failed", amount=amount)


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
    for end in ends:
        if end.asked_by == "patient":
            yield end.at, _("The patient cancelled")
        elif end.asked_by == "staff":
            # Why care ended is for the care team: a membership's page does not say it.
            yield end.at, _("Cancelled for the patient") if end.reason == ASKED else _("Ended with their care")
        else:
            yield end.at, _("Ended by rule")
        if end.undone_at:
            yield end.undone_at, _("The cancellation was taken back")
