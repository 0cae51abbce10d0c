"""Whether a typed name is a signature, and whether it looks like this person's. Pure."""

from __future__ import annotations

import re
import unicodedata


def is_a_name(typed: str) -> bool:
    """At least two letters of any script: one letter, a number or a dash is nobody's name."""
    return sum(letter.isalpha() for letter in typed) >= 2


def looks_like(typed: str, *names: str) -> bool:
    """Does what was typed have a first and a last name of this person in it, however they are written?

    Accents, capitals, dots and hyphens do not matter, nor the order, nor a middle name. `names` are what the account
    knows: first, last, and what they like to be called; at least the last and one other have to be there.
    """
    said = _words(typed)
    given, family, *others = [_words(name) for name in names]
    return family <= said and any(part and part <= said for part in (given, *others))


def _words(text: str) -> set[str]:
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)
    )
    return set(re.findall(r"\w+", plain))
