"""What codes in a visit's record mean, in words for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from service.accounts.rules.contact import spoken_phone
from service.catalog.rules.whole import Catalog
from service.enrollment.rules.regions import REGIONS
from service.visits.rules.encounters.record import DOCUMENTS, FINDINGS, MODALITIES, PAYMENT_SOURCES, SETTLED
from service.visits.rules.licenses import KIND_WORDS


def encounter_context() -> dict[str, Any]:
    """What the pages that show a visit's record need to say its codes in words."""
    catalog: Catalog = current_app.config["CATALOG"]
    titles = {document.key: document.title for document in catalog.consents}
    return {"words": _words(), "titles": titles, "place": place_name, "phone": spoken_phone}


def place_name(state: str, county_fips: str = "") -> str:
    """Where somebody was: "Hudson County, New Jersey", as far as it is known."""
    name, place = (
        REGIONS.get(state) or _("outside of the United States"),
        current_app.config["CATALOG"].states.get(state),
    )
    county = place.county(county_fips) if place else None
    return _("%(county)s County, %(state)s", county=county.name, state=name) if county else name


def _words() -> dict[str, dict[str, str]]:
    """Code to words, by the field it stands in."""
    return {
        "kind": {"consultation": _("Consultation"), "follow_up": _("Follow-up"), "transfer": _("Visit after a move")},
        "modality": _said(MODALITIES),
        "method": {
            "photo_id": _("By a photo ID"),
            "recognised": _("Known from an earlier visit"),
            "questions": _("By questions alone"),
            "none": _("Not made sure"),
        },
        "document": _said(DOCUMENTS),
        "match": {"name": _("name"), "birth_date": _("date of birth"), "address": _("address")},
        "finding": _said(FINDINGS),
        "settled": _said(SETTLED),
        "settles": {"sitter": _("who stays with the patient"), "monitor": _("the blood pressure monitor")},
        "payment": _said(PAYMENT_SOURCES),
        "credential": _said(KIND_WORDS),
    }


def _said(codes: Mapping[str, str]) -> dict[str, str]:
    return {code: _(text) for code, text in codes.items()}
