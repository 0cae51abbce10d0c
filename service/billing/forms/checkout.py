"""The form beside the price."""

from __future__ import annotations

from flask_babel import gettext as _
from wtforms import HiddenField, IntegerField
from wtforms.widgets import HiddenInput

from service.billing.forms.terms import AgreementForm
from service.billing.rules.terms import Terms
from service.catalog.rules.plans import Plan


class CheckoutForm(AgreementForm):
    """The tick, and which plan and price it was about."""

    plan = HiddenField()
    price_cents = IntegerField(widget=HiddenInput())
    code = HiddenField()

    def about(self, plan: Plan, terms: Terms, code: str = "") -> CheckoutForm:
        """This form, for `plan` and what is said about it."""
        self.plan.data, self.price_cents.data, self.code.data = plan.key, plan.price_cents, code
        self.price_cents.raw_data = None  # what was sent for another price must not be shown again
        self.beside(terms)
        return self

    def accepts_plan(self, plan: Plan | None, terms: Terms) -> bool:
        """Ticked, for a plan that still costs what the page said. Puts the words for a no at the box."""
        if plan is None or not plan.open or self.price_cents.data != plan.price_cents:
            return self.turn_down(_("The plans have changed. Look at the price again, then tick the box."))
        if not self.agreed.data:
            return self.turn_down(_("Tick the box to agree to the monthly charge, so that you can pay."))
        return self.accepts(terms)
