"""Passwords: argon2id, with the library's own current parameters. Slow on purpose: never inside a transaction."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
# Verified against when there is no such account, so that an unknown address takes as long as a known one.
_nobody = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Does `password` match? With no hash it takes the same time and says no."""
    try:
        return _hasher.verify(password_hash or _nobody, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False
