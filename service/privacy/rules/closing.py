"""Closing an account: when a person must call."""

from __future__ import annotations

CLOSED_ALERT = "CLOSED-ACCOUNT"  # config/alerts.toml
# From the first visit on there is a clinician who answers for somebody (service/enrollment/rules/status.py).
IN_CARE = ("more_info", "decided", "approved", "consented", "active")
