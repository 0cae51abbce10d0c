"""The forms about money, and the words beside their boxes."""

from __future__ import annotations

from service.billing.forms.checkout import CheckoutForm
from service.billing.forms.leaving import LeavingForm
from service.billing.forms.terms import AgreementForm, starting

__all__ = ["AgreementForm", "CheckoutForm", "LeavingForm", "starting"]
