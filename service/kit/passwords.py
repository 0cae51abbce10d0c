"""Passwords: argon2id, with the library's own current parameters. Slow on purpose: never inside a transaction.

One keyboard sends é as one sign and another as an e and an accent: both are the same password (Unicode's NFC).
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
# Verified against when there is no such account, so that an unknown address takes as long as a known one.
_nobody = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(_composed(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Does `password` match? With no hash it takes the same time and says no."""
    try:
        return _hasher.verify(password_hash or _nobody, _composed(password)) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def _composed(password: str) -> str:
    return unicodedata.normalize("NFC", password)
