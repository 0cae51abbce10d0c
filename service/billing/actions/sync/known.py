"""Most messages tell what another has brought in already: seen by one look at what is kept, they change nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from service.billing import writes
from service.billing.gateway import SubscriptionFacts
from service.billing.models import Invoice, Membership
from service.kit.commands import Command

# A draft and an open charge are looked at each time: the gate is asked about the one, the other is tried again.
OVER: Final = ("paid", "void", "uncollectible")
_OURS: Final = ("patient_id", "enrollment_id", "created_at", "activated_at", "ended_at", "compared_at")
_MEMBERSHIP: Final = [column for column in Membership.__table__.c if column.name not in _OURS]
_INVOICE: Final = [Invoice.__table__.c[name] for name in (*writes.SHOWN, "stripe_payment_id")]
_KEPT = Command(
    select(*_MEMBERSHIP, *(column.label(f"invoice_{column.name}") for column in _INVOICE))
    .join(Invoice, (Invoice.membership_id == Membership.id) & (Invoice.stripe_invoice_id == bindparam("invoice")))
    .where(Membership.stripe_subscription_id == bindparam("subscription"))
)


def is_known(session: Session, facts: SubscriptionFacts) -> bool:
    """Is all of this written down already? The caller holds the lock of the subscription, so that it stays so.

    What is written comes with its effects, in one transaction: where nothing would be written, nothing is left to do.
    """
    latest = facts.latest_invoice
    if latest is None or latest.status not in OVER:
        return False
    kept = _KEPT.run(session, subscription=facts.id, invoice=latest.id)
    if kept is None or facts.membership_id not in (None, kept.id):
        return False
    if any(getattr(kept, f"invoice_{name}") != value for name, value in writes.shown(latest).items()):
        return False
    row = SimpleNamespace(**{column.name: getattr(kept, column.name) for column in _MEMBERSHIP})
    before = dict(vars(row))
    writes.take_over(cast(Any, row), facts)
    return vars(row) == before and latest.payment_id in (None, kept.invoice_stripe_payment_id)
