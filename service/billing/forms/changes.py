"""What a patient chooses when they change a running membership, and the words they agree to where it costs more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import HiddenField, RadioField, SelectField, StringField

from service.billing.actions import PlanReview
from service.billing.forms.terms import AgreementForm
from service.billing.gateway import LineFacts
from service.billing.queries import NewPrice
from service.billing.rules.changes import Skip
from service.billing.rules.terms import Occasion, Terms
from service.kit.fields import Form
from service.kit.format import day as day_words
from service.kit.format import moment, money


class PlanForm(AgreementForm):
    """The tick, and the review it belongs to, sealed: its amounts come back as they were shown or not at all."""

    shown = HiddenField()


class SkipForm(Form):
    """How many charges to leave out."""

    months = RadioField(validate_choice=True)

    def offer(self, choices: Sequence[Skip], zone: str, language: str) -> SkipForm:
        """This form, with the charge that comes after each choice."""
        self.months.label.text = _("How long?")
        self.months.choices = [(str(one.months), _choice(one, zone, language)) for one in choices]
        return self


def _choice(one: Skip, zone: str, language: str) -> str:
    until = moment(one.until, zone, "day-only long", language)
    count = ngettext("Skip %(num)d month", "Pause for %(num)d months", one.months)
    words: str = _("%(count)s: the next charge is on %(day)s", count=count, day=until)
    return words


class DateForm(Form):
    """Another day for the next charge."""

    day = SelectField()

    def offer(self, days: Sequence[date], language: str) -> DateForm:
        """This form, with these days."""
        self.day.label.text = _("Charge me on")
        self.day.choices = [(one.isoformat(), day_words(one, "full", language)) for one in days]
        return self


class CodeForm(Form):
    """A promotion code."""

    code = StringField(render_kw={"autocomplete": "off", "maxlength": "40", "autocapitalize": "characters"})

    def named(self) -> CodeForm:
        """This form with its label."""
        self.code.label.text = _("Promotion code")
        return self


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom words are put together."""

    zone: str
    language: str
    card: str

    def day(self, when: datetime) -> str:
        """A day as they live it."""
        return moment(when, self.zone, "day-only long", self.language)


def changing_plan(review: PlanReview, reader: Reader) -> Terms:
    """A dearer plan: charged now as reviewed, or from the next charge on."""
    amount, on = money(review.plan.price_cents), reader.day(review.charge_at)
    lines: list[tuple[str, str]] = []
    if review.preview is None:
        box = _("I agree to be charged %(amount)s each month from %(day)s until I cancel", amount=amount, day=on)
        lines.append((_("You pay today"), money(0)))
    else:
        due = review.preview.amount_due_cents
        lines += [_line(one, review, reader) for one in review.lines]
        off = sum(one.amount_cents for one in review.lines) - due
        if off > 0:
            lines.append((_("Your discount or credit"), money(-off)))
        lines.append((_("You pay today"), _paid(due, reader.card)))
        box = _(
            "I agree to be charged %(due)s today, and %(amount)s each month from %(day)s until I cancel",
            due=money(due),
            amount=amount,
            day=on,
        )
    return _terms(
        "plan",
        review.plan.key,
        review.plan.price_cents,
        review.plan.name,
        lines,
        on,
        box,
        reader,
        next_cents=review.next_cents,
    )


def starting_again(
    *, plan: str, name: str, price_cents: int, due_cents: int, next_cents: int, next_at: datetime, reader: Reader
) -> Terms:
    """Out of a month that was left out: charged today, and then monthly from today on. `due_cents` and `next_cents`:
    what these two charges come to, after discount and credit.
    """
    on = reader.day(next_at)
    box = _(
        "I agree to be charged %(due)s today, and %(amount)s each month from %(day)s until I cancel",
        due=money(due_cents),
        amount=money(price_cents),
        day=on,
    )
    lines = [(_("You pay today"), _paid(due_cents, reader.card))]
    return _terms("resume", plan, price_cents, name, lines, on, box, reader, next_cents=next_cents)


def new_price(*, found: NewPrice, plan: str, name: str, reader: Reader) -> Terms:
    """A plan that costs more from a charge on."""
    on, amount = reader.day(found.first_charge_at), money(found.new_cents)
    lines = [
        (_("Price now"), _("%(amount)s each month", amount=money(found.old_cents))),
        (_("New price"), _("%(amount)s each month", amount=amount)),
        (_("You pay today"), money(0)),
    ]
    box = _("I agree to be charged %(amount)s each month from %(day)s until I cancel", amount=amount, day=on)
    return _terms("price", plan, found.new_cents, name, lines, on, box, reader)


def _terms(
    occasion: Occasion,
    plan: str,
    price_cents: int,
    name: str,
    lines: list[tuple[str, str]],
    next_on: str,
    box: str,
    reader: Reader,
    *,
    next_cents: int | None = None,
) -> Terms:
    coming = price_cents if next_cents is None else next_cents
    return Terms(
        occasion=occasion,
        plan=plan,
        amount_cents=price_cents,
        title=_("What you agree to: %(plan)s", plan=name),
        lines=(
            *lines,
            (
                _("First charge at this price") if occasion == "price" else _("Next charge"),
                _("%(amount)s on %(day)s", amount=money(coming), day=next_on),
            ),
            (_("How long"), _("It renews each month until you cancel.")),
            (
                _("How to cancel"),
                _("Under Plan and billing, in two steps and without a call. You keep the month you paid for."),
            ),
        ),
        box=box,
        language=reader.language,
    )


def _line(one: LineFacts, review: PlanReview, reader: Reader) -> tuple[str, str]:
    until = reader.day(one.ends_at)
    words = {
        "unused": _("Time you paid for and do not use, up to %(day)s", day=until),
        "remaining": _("%(plan)s, from today up to %(day)s", plan=review.plan.name, day=until),
        "month": _("%(plan)s, up to %(day)s", plan=review.plan.name, day=until),
    }.get(one.kind, _("Other"))
    return words, money(one.amount_cents)


def _paid(cents: int, card: str) -> str:
    return f"{money(cents)}, {card}" if card else money(cents)
