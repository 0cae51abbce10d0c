"""Names, telephones, languages and zones as people type and choose them. Pure."""

from __future__ import annotations

import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from service.kit.errors import Rejected, words

NAME_MAX = 100
PRONOUNS_MAX = 40
JOINERS = "\u200c\u200d"  # some scripts need them inside a word

# The zones of the United States and its territories, from east to west, in the words people use for them.
US_ZONES = {
    "America/Puerto_Rico": words("Atlantic, no daylight saving (Puerto Rico, U.S. Virgin Islands)"),
    "America/New_York": words("Eastern"),
    "America/Chicago": words("Central"),
    "America/Denver": words("Mountain"),
    "America/Phoenix": words("Mountain, no daylight saving (Arizona)"),
    "America/Los_Angeles": words("Pacific"),
    "America/Anchorage": words("Alaska"),
    "America/Adak": words("Aleutian Islands"),
    "Pacific/Honolulu": words("Hawaii"),
    "Pacific/Pago_Pago": words("American Samoa"),
    "Pacific/Guam": words("Guam and the Northern Mariana Islands"),
}
# What we ask about speaking, as BCP 47 tags: the languages most spoken in US homes (Census, ACS), English first.
CARE_LANGUAGES = (
    "en", "es", "zh-Hans", "zh-Hant", "fil", "vi", "ar", "fr", "ko", "ru", "pt", "ht", "hi", "de", "pl", "it", "ur",
    "fa", "bn", "gu", "he", "yi", "uk", "ase",
)  # fmt: skip


def one_line(text: str | None) -> str:
    """What was typed, on one line: no line breaks, no invisible letters, no change of direction; composed (NFC)."""
    kept = (
        " " if letter.isspace() else letter
        for letter in unicodedata.normalize("NFC", text or "")
        if letter.isspace() or letter in JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co")
    )
    return " ".join("".join(kept).split())


def phone_number(text: str) -> str:
    """A telephone number as we keep it (E.164), American where it names no country. Raises Rejected."""
    try:
        number = phonenumbers.parse(text, "US")
    except NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number) or number.extension:
        raise Rejected("phone_unreadable", words("Enter a phone number with area code, like (305) 555-0123"))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def spoken_phone(number: str) -> str:
    """A kept number as people read it: (305) 555-0123; abroad +44 20 7946 0018."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return number
    american = parsed.country_code == 1
    return phonenumbers.format_number(
        parsed, PhoneNumberFormat.NATIONAL if american else PhoneNumberFormat.INTERNATIONAL
    )
