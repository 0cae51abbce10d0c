"""Memberships for a filled clinic: one for everybody, running, with the month's charge in every book."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from service.billing.gateway import InvoiceFacts, SubscriptionFacts
from service.billing.gateway.facts import LineFacts
from tests.bench.clinic import NOW, filled

CENTS = 25000
BEGINS = ":now - (n % 27) * interval '1 day'"
FILL = (
    f"""
    INSERT INTO memberships (id, patient_id, enrollment_id, plan, price_cents, status, stripe_customer_id,
    stripe_subscription_id, period_starts_at, period_ends_at, paid_until, anchor_at, cancels_at_period_end,
    credit_cents, card_brand, card_last4, created_at, activated_at)
    SELECT uid('membership', n), uid('patient', n), uid('enrollment', n), 'monthly', {CENTS}, 'active', 'cus_' || n,
    'sub_' || n, {BEGINS}, {BEGINS} + interval '30 days', {BEGINS} + interval '30 days', {BEGINS}, false, 0, 'visa',
    '4242', :now - interval '90 days', :now - interval '90 days'
    FROM generate_series(1, :members) n
    """,
    f"""
    INSERT INTO invoices (id, membership_id, stripe_invoice_id, stripe_payment_id, number, occasion, status,
    subtotal_cents, discount_cents, credit_used_cents, amount_due_cents, amount_paid_cents, refunded_cents,
    refunding_cents, attempts, issued_at, paid_at, judged_at, card_brand, card_last4)
    SELECT uid('invoice', n), uid('membership', n), 'in_' || n, 'pi_' || n, 'HW-' || n, 'renewal', 'paid', {CENTS}, 0,
    0, {CENTS}, {CENTS}, 0, 0, 1, {BEGINS}, {BEGINS}, {BEGINS}, 'visa', '4242'
    FROM generate_series(1, :members) n
    """,
    f"""
    INSERT INTO invoice_lines (id, invoice_id, stripe_line_id, kind, amount_cents, starts_at, ends_at)
    SELECT uid('line', n), uid('invoice', n), 'il_' || n, 'month', {CENTS}, {BEGINS}, {BEGINS} + interval '30 days'
    FROM generate_series(1, :members) n
    """,
    f"""
    INSERT INTO ledger_entries (id, patient_id, membership_id, invoice_id, kind, amount_cents, stripe_id, moved_at,
    noted_at)
    SELECT uid('book', n), uid('patient', n), uid('membership', n), uid('invoice', n), 'payment', {CENTS}, 'in_' || n,
    {BEGINS}, {BEGINS}
    FROM generate_series(1, :members) n
    """,
)


def with_members(superuser: str, name: str, members: int) -> str:
    """A clinic of so many, all of them members. Returns its address for the app's role."""
    url = filled(superuser, name, members)
    hand = create_engine(make_url(superuser).set(database=name, drivername="postgresql+psycopg"))
    with hand.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("SET synchronous_commit = off"))
        connection.execute(text("UPDATE enrollments SET status = 'active' WHERE status <> 'active'"))
        for statement in FILL:
            connection.execute(text(statement), {"members": members, **({"now": NOW} if ":now" in statement else {})})
    with hand.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    hand.dispose()
    return url


def begins(number: int) -> datetime:
    """When this member's month began."""
    return NOW - timedelta(days=number % 27)


def charge(number: int) -> InvoiceFacts:
    """The month's charge as Stripe has it: as we have it."""
    at = begins(number)
    return InvoiceFacts(
        id=f"in_{number}",
        subscription_id=f"sub_{number}",
        status="paid",
        amount_due_cents=CENTS,
        amount_paid_cents=CENTS,
        issued_at=at,
        paid_at=at,
        attempts=1,
        number=f"HW-{number}",
        occasion="renewal",
        subtotal_cents=CENTS,
        payment_id=f"pi_{number}",
        lines=(LineFacts(f"il_{number}", "month", CENTS, at, at + timedelta(days=30)),),
    )


def subscription(number: int) -> SubscriptionFacts:
    """The subscription as Stripe has it: as we have it."""
    at = begins(number)
    return SubscriptionFacts(
        id=f"sub_{number}",
        customer_id=f"cus_{number}",
        membership_id=None,
        status="active",
        price_key="homeward_monthly",
        price_cents=CENTS,
        period_starts_at=at,
        period_ends_at=at + timedelta(days=30),
        cancels_at_period_end=False,
        latest_invoice=charge(number),
        card_brand="visa",
        card_last4="4242",
        anchor_at=at,
    )
