"""What a password may be: long enough, and not one that strangers try. No rule about digits or capitals. Pure.

ASVS 5.0 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11 and 6.2.12. The list is the zxcvbn package's, gathered from leaks: some
30,000 passwords, 11,000 of them of eight characters or more. Nothing leaves this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from zxcvbn import matching, scoring
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from service.kit.errors import words

PASSWORD_MIN, PASSWORD_MAX = 8, 128  # ASVS 5.0 6.2.1, 6.2.9
LEAST_GUESSES = 10**6  # below, somebody patient gets in by guessing, back-off or not
LEAST_GUESSES_PERSONAL = 10**8  # with one's own name in it: whoever knows the name has a head start
LOOKED_AT = 24  # characters: made to be hard to judge, a long one would cost seconds
OUR_WORDS = ("homeward", "telehealth", "clinic", "doctor", "health", "patient", "password")
COMMON = frozenset(FREQUENCY_LISTS["passwords"])

TOO_SHORT = words("Use 8 characters or more")
TOO_LONG = words("Use 128 characters or fewer")
TOO_COMMON = words("This password is one of the first that strangers try. Choose another one.")
TOO_CLOSE = words("This password is too close to your own name or address. Choose another one.")
TOO_EASY = words("This password is easy to guess. Add a word or two that nobody would expect.")


def password_problem(password: str, about: Iterable[str] = ()) -> str | None:
    """Why `password` will not do, as an English sentence to translate; None when it will.

    `about` is what a stranger may know of the person: names, e-mail address.
    It takes a millisecond, a tenth of a second at worst.
    """
    if len(password) < PASSWORD_MIN:
        return TOO_SHORT
    if len(password) > PASSWORD_MAX:
        return TOO_LONG
    if password.strip().lower() in COMMON:
        return TOO_COMMON
    guesses, personal = _judged(password[:LOOKED_AT], sorted(_known(about)))
    if guesses < LEAST_GUESSES_PERSONAL and personal:
        return TOO_CLOSE
    return TOO_EASY if guesses < LEAST_GUESSES else None


def _judged(password: str, known: list[str]) -> tuple[float, bool]:
    """About how many guesses it takes, and whether what is known of the person is part of it."""
    # Not zxcvbn.zxcvbn(): it keeps one person's words in the module, where another thread's judgement would read them.
    listed = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict([*OUR_WORDS, *known])}
    found = scoring.most_guessable_match_sequence(password, matching.omnimatch(password, listed))
    personal = any(part.get("matched_word") in known for part in found["sequence"])
    return float(found["guesses"]), personal


def _known(about: Iterable[str]) -> set[str]:
    """What is known, whole and in pieces: of jo.lee@example.org also jo.lee, jo and lee."""
    whole = {text.strip().lower() for text in about}
    names = whole | {text.partition("@")[0] for text in whole}
    pieces = {piece for name in names for piece in re.split(r"[^\w]+|_", name)}
    joined = {re.sub(r"[\W_]+", "", name) for name in names}
    return {text for text in names | pieces | joined if len(text) > 2}
