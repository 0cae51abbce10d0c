"""Identifiers that leave the house are random; tokens are stored only as hashes."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import datetime
from uuid import UUID


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of wall-clock milliseconds, then 74 random bits, so that indexes stay compact."""
    millis = time.time_ns() // 1_000_000
    value = (millis & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def first_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: rows made from then on have greater ids."""
    return UUID(int=(int(at.timestamp() * 1000) & (1 << 48) - 1) << 80)


def new_token() -> str:
    """A URL-safe secret of 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token. Tokens are random, so a plain hash is enough to make a stolen table useless."""
    return hashlib.sha256(token.encode()).digest()
