"""What codes in a visit's record mean, in words for staff."""

from __future__ import annotations

from flask_babel import gettext as _


def encounter_words() -> dict[str, dict[str, str]]:
    """Code to words, by the field it stands in."""
    return {
        "kind": {"consultation": _("Consultation"), "follow_up": _("Follow-up"), "transfer": _("Visit after a move")},
        "modality": {"video": _("By video"), "audio": _("By audio alone"), "in_person": _("In person")},
        "method": {
            "photo_id": _("By a photo ID"),
            "recognised": _("Known from an earlier visit"),
            "questions": _("By questions alone"),
            "none": _("Not made sure"),
        },
        "document": {
            "drivers_license": _("Driver's license"),
            "state_id": _("State ID card"),
            "passport": _("Passport"),
            "military_id": _("Military ID"),
            "tribal_id": _("Tribal ID"),
            "residence_card": _("Permanent resident card"),
            "other": _("Another with a photo"),
        },
        "match": {"name": _("name"), "birth_date": _("date of birth"), "address": _("address")},
        "finding": {"none": _("Nothing of concern"), "concern": _("Something of concern")},
        "settled": {"settled": _("Settled"), "open": _("Still open")},
        "settles": {"sitter": _("who stays with the patient"), "monitor": _("the blood pressure monitor")},
        "payment": {
            "self_pay": _("The patient"),
            "insurance": _("An insurance"),
            "medicare": _("Medicare"),
            "medicaid": _("Medicaid"),
            "other": _("Somebody else"),
        },
        "credential": {
            "physician": _("Physician license"),
            "advanced_practice_nurse": _("Advanced practice nurse license"),
            "physician_assistant": _("Physician assistant license"),
            "out_of_state_telehealth": _("Out-of-state telehealth registration"),
            "dea": _("DEA registration"),
            "cds": _("CDS registration"),
        },
    }
