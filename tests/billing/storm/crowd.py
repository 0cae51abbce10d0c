"""Hundreds of memberships that wait for their first payment, made in a second; and what Stripe says of each, by step.

The truth lies in a file, a byte for each membership: which step of its story has happened. Every process that is asked
reads it there, as every worker would ask the one Stripe.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from service.accounts.models import Patient, User
from service.billing.gateway import InvoiceFacts, SubscriptionFacts
from service.billing.gateway.facts import LineFacts
from service.billing.models import Membership
from service.enrollment.models import Assessment, Enrollment
from service.kit import crypto, db
from service.kit.ids import new_id, new_token, token_hash

BEGAN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
CENTS = 25000
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Step:
    """One thing that happens at Stripe: what it tells, and what is true from then on. Invoices: (status, attempts)."""

    kind: str
    status: str
    invoices: tuple[tuple[str, int], ...]
    ends: bool = False


STORY: Final = (
    Step("customer.subscription.created", "awaiting_payment", (("open", 0),)),
    Step("invoice.paid", "active", (("paid", 1),)),
    Step("invoice.payment_failed", "grace", (("paid", 1), ("open", 1))),
    Step("invoice.paid", "active", (("paid", 1), ("paid", 2))),
    Step("customer.subscription.deleted", "ended", (("paid", 1), ("paid", 2))),
)


class Truth:
    """How far each membership's story has come."""

    def __init__(self, file: Path, size: int | None = None) -> None:
        if size is not None:
            file.write_bytes(bytes(size))
        with file.open("r+b") as opened:
            self._steps = mmap.mmap(opened.fileno(), 0)

    def __getitem__(self, number: int) -> int:
        return self._steps[number]

    def __setitem__(self, number: int, step: int) -> None:
        self._steps[number] = step


def membership_id(number: int) -> UUID:
    """The id of the `number`-th membership."""
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) + number)


def subscription_id(number: int) -> str:
    """Its subscription at Stripe."""
    return f"sub_{number}"


def number_of(stripe_id: str) -> int:
    """Which membership an id of Stripe's belongs to."""
    return int(stripe_id.split("_")[1])


def facts(number: int, step: int) -> SubscriptionFacts:
    """What Stripe says of a subscription at a step of its story."""
    told = STORY[step]
    months = len(told.invoices)
    begins = BEGAN + MONTH * (months - 1)
    return SubscriptionFacts(
        id=subscription_id(number),
        customer_id=f"cus_{number}",
        membership_id=membership_id(number),
        status=told.status,
        price_key="homeward_monthly",
        price_cents=CENTS,
        period_starts_at=begins,
        period_ends_at=begins + MONTH,
        cancels_at_period_end=told.ends,
        latest_invoice=invoice(number, months - 1, told.invoices[-1]),
        card_brand="visa",
        card_last4="4242",
    )


def invoice(number: int, month: int, stands: tuple[str, int]) -> InvoiceFacts:
    """One month's invoice."""
    status, attempts = stands
    begins = BEGAN + MONTH * month
    return InvoiceFacts(
        id=f"in_{number}_{month}",
        subscription_id=subscription_id(number),
        status=status,
        amount_due_cents=CENTS,
        amount_paid_cents=CENTS if status == "paid" else 0,
        issued_at=begins,
        paid_at=begins + timedelta(days=attempts - 1) if status == "paid" else None,
        attempts=attempts,
        occasion="renewal" if month else "start",
        subtotal_cents=CENTS,
        payment_id=f"pi_{number}_{month}",
        lines=(LineFacts(f"il_{number}_{month}", "month", CENTS, begins, begins + MONTH),),
    )


def an_event(number: int, step: int) -> bytes:
    """What Stripe tells of a step. Its payload is of that moment, and may be long out of date when it is heard."""
    told = STORY[step]
    about: dict[str, Any] = {"id": subscription_id(number), "object": "subscription", "status": told.status}
    if told.kind.startswith("invoice."):
        parent = {"subscription_details": {"subscription": subscription_id(number)}, "type": "subscription_details"}
        about = {"id": f"in_{number}_{len(told.invoices) - 1}", "object": "invoice", "parent": parent}
    return json.dumps(
        {
            "id": f"evt_{number}_{step}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(BEGAN.timestamp()) + step,
            "data": {"object": about},
            "livemode": False,
            "type": told.kind,
        }
    ).encode()


class Stub:
    """A gateway that answers the one question of a message, and every other with an error."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        """The subscription as it is now."""
        number = number_of(subscription_id)
        return facts(number, self._truth[number])

    def get_invoice(self, invoice_id: str) -> InvoiceFacts:
        """An invoice as it is now: asked for where it is no longer the latest."""
        number, month = number_of(invoice_id), int(invoice_id.split("_")[2])
        return invoice(number, month, STORY[self._truth[number]].invoices[month])


def fill(size: int) -> None:
    """So many patients who agreed and have not paid yet, into the open database."""
    rows = [_person(number) for number in range(size)]
    with db.transaction() as session:
        for place, model in enumerate((User, Patient, Assessment, Enrollment, Membership)):
            session.execute(insert(model), [row[place] for row in rows])


def _person(number: int) -> tuple[dict[str, Any], ...]:
    user_id, patient_id, assessment_id, enrollment_id = (new_id() for _ in range(4))
    names = {"given_name": "Ana", "family_name": "Rivera", "zip": "33101"}
    names["date_of_birth"] = date(1990, 5, 17).isoformat()
    sealed = {f"{name}_sealed": crypto.seal(value, "patients", name, patient_id) for name, value in names.items()}
    when = {"created_at": BEGAN}
    return (
        {
            "id": user_id,
            "kind": "patient",
            "email_sealed": b"",
            "email_index": number.to_bytes(8, "big"),
            "password_hash": "x",
            "locale": "en",
            **when,
        },
        {
            "id": patient_id,
            "user_id": user_id,
            "state": "FL",
            "county_fips": "12086",
            "time_zone": "America/New_York",
            **sealed,
            **when,
        },
        {
            "id": assessment_id,
            "token_hash": token_hash(new_token()),
            "patient_id": patient_id,
            "questionnaire_version": "1",
            "ruleset_version": "1",
            "disclaimer_version": "1",
            "program": "depression",
            "state": "FL",
            "answers_sealed": b"",
            "outcome": "eligible",
            "locale": "en",
            "started_at": BEGAN,
            "submitted_at": BEGAN,
        },
        {
            "id": enrollment_id,
            "patient_id": patient_id,
            "assessment_id": assessment_id,
            "program": "depression",
            "state": "FL",
            "status": "consented",
            "status_changed_at": BEGAN,
            **when,
        },
        {
            "id": membership_id(number),
            "patient_id": patient_id,
            "enrollment_id": enrollment_id,
            "plan": "monthly",
            "price_cents": CENTS,
            "status": "awaiting_payment",
            "stripe_subscription_id": subscription_id(number),
            "stripe_customer_id": f"cus_{number}",
            **when,
        },
    )
