"""What a patient reads beside the box, in their words; and a form that takes the tick for exactly that."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import BooleanField, HiddenField

from service.billing.rules.charges import months_after
from service.billing.rules.terms import Terms
from service.catalog.rules.plans import Plan
from service.kit.fields import Form
from service.kit.format import moment, money


class Code(Protocol):
    """As much of a promotion code as is said."""

    @property
    def code(self) -> str: ...
    @property
    def first_cents(self) -> int: ...
    @property
    def months(self) -> int | None: ...


def starting(
    plan: Plan,
    *,
    now: datetime,
    zone: str,
    descriptor: str,
    language: str,
    again: bool = False,
    code: Code | None = None,
) -> Terms:
    """Everything that matters before a card is asked for (domain.md 7.3): amount, interval, dates, end, name.

    `again`: somebody whose membership ended comes back. `code`: what takes something off the first charges.
    """

    def day(when: datetime) -> str:
        return moment(when, zone, "day-only long", language)

    amount = money(plan.price_cents)
    today = amount if code is None else money(code.first_cents)
    charges = 1 if code is None else code.months or 1
    following = today if charges > 1 else amount
    off = (
        ()
        if code is None
        else (
            (
                _("Your code %(code)s", code=code.code),
                ngettext(
                    "It counts for %(num)s charge. After that you pay %(amount)s each month.",
                    "It counts for %(num)s charges. After that you pay %(amount)s each month.",
                    charges,
                    amount=amount,
                ),
            ),
        )
    )
    return Terms(
        occasion="return" if again else "start",
        plan=plan.key,
        amount_cents=plan.price_cents,
        title=_("What you agree to: %(plan)s", plan=plan.name),
        lines=(
            (_("You pay today"), _("%(amount)s on %(day)s", amount=today, day=day(now))),
            *off,
            (_("Next charge"), _("%(amount)s on %(day)s", amount=following, day=day(months_after(now, 1)))),
            (_("How long"), _("It renews each month until you cancel.")),
            (
                _("How to cancel"),
                _("Under Plan and billing, in two steps and without a call. You keep the month you paid for."),
            ),
            (_("Before each charge"), _("We remind you by email seven days ahead.")),
            (_("On your card statement"), descriptor),
        ),
        box=_("I agree to be charged %(amount)s today and each month until I cancel", amount=amount)
        if code is None
        else _(
            "I agree to be charged %(today)s today and each month until I cancel: %(amount)s once the code is over",
            today=today,
            amount=amount,
        ),
        language=language,
    )


class AgreementForm(Form):
    """One box of its own, never ticked before, about exactly the terms that were shown."""

    terms = HiddenField()
    agreed = BooleanField()

    def beside(self, terms: Terms) -> AgreementForm:
        """This form, for `terms`."""
        self.terms.data, self.terms.raw_data = terms.sha256, None  # what was sent for other terms is not shown again
        self.agreed.label.text = terms.box
        return self

    def accepts(self, terms: Terms) -> bool:
        """Ticked, for what we would show now. Puts the words for a no at the box."""
        problem = None
        if self.terms.data != terms.sha256:
            problem = _("An amount or a date has changed. Look at them again, then tick the box.")
        elif not self.agreed.data:
            problem = _("Tick the box to agree, so that you can go on.")
        return self.turn_down(problem)

    def turn_down(self, problem: str | None) -> bool:
        """Untick with these words at the box. True where there are none."""
        if problem is not None:
            self.agreed.errors = [problem]
            self.agreed.data = False
        return problem is None
