"""What a patient has signed, what is still to sign, who has not, and what care was estimated to cost."""

from __future__ import annotations

from service.consent.queries.estimates import Estimate, estimate, estimates
from service.consent.queries.evidence import Evidence, evidence, evidences
from service.consent.queries.signed import (
    all_blocking_signed,
    coming,
    holds,
    ready_for_session,
    ready_for_visit,
    signatures,
    signed_version,
    tasks,
)

__all__ = [
    "Estimate",
    "Evidence",
    "all_blocking_signed",
    "coming",
    "estimate",
    "estimates",
    "evidence",
    "evidences",
    "holds",
    "ready_for_session",
    "ready_for_visit",
    "signatures",
    "signed_version",
    "tasks",
]
