"""The form beside the price."""

from __future__ import annotations

from flask_babel import gettext as _
from wtforms import BooleanField, HiddenField, IntegerField
from wtforms.widgets import HiddenInput

from service.catalog.rules.plans import Plan
from service.kit.fields import Form
from service.kit.format import money


class CheckoutForm(Form):
    """One box of its own, never ticked before, with the amount in its words; and which plan and price it was about."""

    plan = HiddenField()
    price_cents = IntegerField(widget=HiddenInput())
    agreed = BooleanField()

    def about(self, plan: Plan) -> CheckoutForm:
        """This form, for `plan`."""
        self.plan.data, self.price_cents.data = plan.key, plan.price_cents
        self.price_cents.raw_data = None  # what was sent for another price must not be shown again
        self.agreed.label.text = _(
            "I agree to be charged %(amount)s today and each month until I cancel", amount=money(plan.price_cents)
        )
        return self

    def accepts(self, plan: Plan | None) -> bool:
        """Ticked, for a plan that still costs what the page said. Puts the words for a no at the box."""
        problem = None
        if plan is None or not plan.open or self.price_cents.data != plan.price_cents:
            problem = _("The plans have changed. Look at the price again, then tick the box.")
        elif not self.agreed.data:
            problem = _("Tick the box to agree to the monthly charge, so that you can pay.")
        if problem is not None:
            self.agreed.errors = [problem]
            self.agreed.data = False
        return problem is None
