"""Of a copy: what was signed, what was taken back, and what care was estimated to cost."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from service.consent import queries
from service.consent.queries import Evidence
from service.enrollment.queries.papers import filled_in
from service.privacy.rules import Entry, Section


def _entry(one: Evidence) -> Entry:
    """One answer to one text, with the text."""
    return {
        "document": one.key,
        "title": one.title,
        "version": one.version,
        "language": one.language,
        "signed_at": one.accepted_at,
        "not_signed": one.declined,
        "statement": one.statement,
        "typed_name": one.typed_name,
        "filled_in": [{"what": label, "answer": said} for label, said in filled_in(one)],
        "counts_until": one.ends_on,
        "taken_back_at": one.withdrawn_at,
        "taken_back_because": one.why,
        "opened_at": one.opened_at,
        "network_address": one.address,
        "browser": one.user_agent,
        "sha256_of_the_text": one.sha256,
        "wording": one.text,
    }


def consents(session: Session, patient_id: UUID) -> Section:
    """What you signed: which text, how, and the text itself; and what you took back."""
    found = reversed(queries.evidences(session, patient_id))
    return Section("consents", "What you signed", [_entry(one) for one in found])


def estimates(session: Session, patient_id: UUID) -> Section:
    """What we expected your care to cost, word for word."""
    entries: list[Entry] = [
        {
            "given_at": one.issued_at,
            "occasion": one.occasion,
            "first_on": one.first_on,
            "last_on": one.last_on,
            "total_cents": one.total_cents,
            "sha256_of_the_text": one.sha256,
            "wording": one.text,
        }
        for one in reversed(queries.estimates(session, patient_id))
    ]
    return Section("estimates", "Estimates of what care costs", entries)
