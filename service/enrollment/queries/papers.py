"""Signed texts and estimates as pages show them and files hold them."""

from __future__ import annotations

from typing import Any

from service.accounts.rules.contact import spoken_phone
from service.consent.queries import Evidence
from service.enrollment.rules.signing import SCOPES


def filled_in(one: Evidence) -> list[tuple[str, str]]:
    """What was filled in below a text, as labels with words."""
    kept: dict[str, Any] = one.details
    words = {
        "Name": str(kept.get("name", "")),
        "Relation": str(kept.get("relation", "")),
        "Telephone": spoken_phone(str(kept["phone"])) if kept.get("phone") else "",
        "What may be shared": "; ".join(SCOPES.get(key, str(key)) for key in kept.get("scope", ())),
    }
    return [(label, said) for label, said in words.items() if said]
