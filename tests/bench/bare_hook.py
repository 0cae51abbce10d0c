"""The peer of the webhook's intake: a Flask view that verifies and inserts, and nothing else."""

from __future__ import annotations

import json
import os
import threading

import psycopg
import stripe
from flask import Flask, request

app = Flask(__name__)
TABLE = "CREATE TABLE IF NOT EXISTS bare_events (id text PRIMARY KEY, body text NOT NULL)"
_mine = threading.local()


def connection() -> psycopg.Connection:
    """This thread's own, opened once."""
    if not hasattr(_mine, "line"):
        _mine.line = psycopg.connect(os.environ["BARE_DATABASE_URL"])
    line: psycopg.Connection = _mine.line
    return line


@app.post("/hook")
def hook() -> str:
    """Verified, inserted, committed."""
    raw = request.get_data()
    stripe.WebhookSignature.verify_header(raw, request.headers["Stripe-Signature"], os.environ["BARE_SECRET"])
    line = connection()
    values = (json.loads(raw)["id"], raw.decode())
    line.execute("INSERT INTO bare_events VALUES (%s, %s) ON CONFLICT DO NOTHING", values)
    line.commit()
    return "kept"
