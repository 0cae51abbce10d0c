"""The bound of storing and applying: verify, insert, and six statements in one transaction, by the driver alone."""

from __future__ import annotations

import json
from datetime import datetime

import psycopg
import stripe

from service.billing.gateway import SubscriptionFacts

TABLES = """
CREATE TABLE bare_inbox (id text PRIMARY KEY, kind text NOT NULL, object_id text NOT NULL, body bytea NOT NULL,
  received_at timestamptz NOT NULL, handled_at timestamptz);
CREATE TABLE bare_memberships (id text PRIMARY KEY, status text NOT NULL, period_ends_at timestamptz, price_cents int);
CREATE TABLE bare_invoices (id text PRIMARY KEY, membership_id text NOT NULL, status text NOT NULL, due_cents int,
  paid_cents int, paid_at timestamptz);
CREATE TABLE bare_ledger (id text PRIMARY KEY, membership_id text NOT NULL, cents int NOT NULL);
"""


def handle(line: psycopg.Connection, raw: bytes, signature: str, secret: str, facts: SubscriptionFacts) -> None:
    """One message: what has to be done at the least so that it is stored once, and what is true is written."""
    stripe.WebhookSignature.verify_header(raw, signature, secret)
    event, now, invoice = json.loads(raw), datetime.now().astimezone(), facts.latest_invoice
    assert invoice is not None
    line.execute(
        "INSERT INTO bare_inbox VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (event["id"], event["type"], event["data"]["object"]["id"], raw, now),
    )
    line.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (facts.id,))
    line.execute("SELECT * FROM bare_memberships WHERE id = %s FOR UPDATE", (facts.id,)).fetchone()
    line.execute(
        "UPDATE bare_memberships SET status = %s, period_ends_at = %s, price_cents = %s WHERE id = %s",
        (facts.status, facts.period_ends_at, facts.price_cents, facts.id),
    )
    line.execute(
        "INSERT INTO bare_invoices VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE"
        " SET status = excluded.status, paid_cents = excluded.paid_cents, paid_at = excluded.paid_at",
        (
            invoice.id,
            facts.id,
            invoice.status,
            invoice.amount_due_cents,
            invoice.amount_paid_cents,
            invoice.paid_at,
        ),
    )
    line.execute(
        "INSERT INTO bare_ledger VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (invoice.id, facts.id, invoice.amount_paid_cents),
    )
    line.execute("UPDATE bare_inbox SET handled_at = %s WHERE id = %s", (now, event["id"]))
    line.commit()
