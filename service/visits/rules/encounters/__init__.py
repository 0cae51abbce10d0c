"""What is recorded of a visit, what stands in the way of a signature, and the fingerprint of what was signed."""

from __future__ import annotations

from service.catalog.rules.dated import LICENSE_KINDS
from service.visits.rules.encounters.record import (
    SETTLES,
    Credential,
    Decision,
    Identity,
    Kind,
    Modality,
    Reading,
    VisitRecord,
)
from service.visits.rules.encounters.signing import addendum_content, fingerprint, from_json, signed_content, to_json
from service.visits.rules.encounters.why import Circumstances, Why, why_not, why_not_added

# Licences and registrations that let somebody see patients in a state; a DEA or CDS registration alone does not.
PRACTICE_KINDS = LICENSE_KINDS

__all__ = [
    "PRACTICE_KINDS",
    "SETTLES",
    "Circumstances",
    "Credential",
    "Decision",
    "Identity",
    "Kind",
    "Modality",
    "Reading",
    "VisitRecord",
    "Why",
    "addendum_content",
    "fingerprint",
    "from_json",
    "signed_content",
    "to_json",
    "why_not",
    "why_not_added",
]
