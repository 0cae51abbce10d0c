"""Sealing: AES-256-GCM for fields that a stolen database must not show, and keyed look-ups on them.

A sealed value is bound to its table, column and row, so that it cannot be moved to another place. Layout:
one byte of key-id length, the key id, a 12-byte nonce, the ciphertext with its tag.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import zlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config.settings import Settings


class Unsealable(Exception):
    """A sealed value was changed, moved, or sealed with a key that is not here."""


@dataclass(frozen=True, slots=True)
class Keys:
    """`seal` maps key ids to 32-byte keys, `current` seals, `index` makes look-ups."""

    current: str
    seal: dict[str, bytes]
    index: bytes


_PACKED: Final = b"\0"  # no text that Postgres or JSON knows begins with it
_keys: Keys | None = None
_ciphers: dict[str, AESGCM] = {}  # by key id, made once: a page opens some ten sealed values


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not base64") from None
    if len(key) != 32:
        raise ValueError(f"{name} must be 32 bytes, base64; it has {len(key)}")
    return key


def named_keys(name: str, text: str) -> dict[str, bytes]:
    """Keys by id from "id:base64,id:base64", in order. Raises ValueError, which says `name`."""
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        key_id, _, encoded = part.strip().partition(":")
        if not key_id or len(key_id) > 32 or key_id in keys:
            raise ValueError(f"{name}: each key is id:base64, and each id stands once")
        keys[key_id] = _key(f"{name} {key_id}", encoded)
    return keys


def parse(seal_keys: str, index_key: str) -> Keys:
    """Keys from "id:base64,id:base64" (the first seals) and a base64 index key. Raises ValueError."""
    seal = named_keys("HOMEWARD_SEAL_KEYS", seal_keys)
    return Keys(current=next(iter(seal)), seal=seal, index=_key("HOMEWARD_INDEX_KEY", index_key))


def configure(settings: Settings) -> None:
    """Use the settings' keys in this process."""
    use(parse(settings.seal_keys.get_secret_value(), settings.index_key.get_secret_value()))


def use(keys: Keys) -> None:
    """Use `keys` from now on."""
    global _keys, _ciphers
    _keys, _ciphers = keys, {key_id: AESGCM(key) for key_id, key in keys.seal.items()}


def _current() -> Keys:
    if _keys is None:
        raise RuntimeError("no keys: call kit.crypto.configure(settings) first")
    return _keys


def current() -> str:
    """The id of the key that seals."""
    return _current().current


def ids() -> tuple[str, ...]:
    """The ids of every key that is here, the sealing one first."""
    return tuple(_current().seal)


def _place(key_id: str, table: str, column: str, row_id: UUID) -> bytes:
    return "\x1f".join((key_id, table, column, str(row_id))).encode()


def key_of(sealed: bytes) -> str:
    """The id of the key that sealed a value, whether or not that key is here; empty where no id can be read."""
    sealed = bytes(sealed)
    length = sealed[0] if sealed else 0
    return sealed[1 : 1 + length].decode(errors="replace") if length < len(sealed) else ""


def seal_bytes(value: bytes, table: str, column: str, row_id: UUID) -> bytes:
    """Seal bytes for one field of one row."""
    keys = _current()
    nonce = os.urandom(12)
    body = _ciphers[keys.current].encrypt(nonce, value, _place(keys.current, table, column, row_id))
    key_id = keys.current.encode()
    return bytes([len(key_id)]) + key_id + nonce + body


def unseal_bytes(sealed: bytes, table: str, column: str, row_id: UUID) -> bytes:
    """Open what `seal_bytes` made for the same place. Raises Unsealable."""
    _current()  # raises where there are no keys at all
    sealed = bytes(sealed)
    key_id = key_of(sealed)
    cipher = _ciphers.get(key_id)
    if cipher is None:
        raise Unsealable(f"{table}.{column}: no such key")
    start = 1 + sealed[0]
    nonce, body = sealed[start : start + 12], sealed[start + 12 :]
    try:
        return cipher.decrypt(nonce, body, _place(key_id, table, column, row_id))
    except (InvalidTag, ValueError):
        raise Unsealable(f"{table}.{column}: changed or moved") from None


def seal(value: str, table: str, column: str, row_id: UUID) -> bytes:
    """Seal text for one field of one row."""
    return seal_bytes(value.encode(), table, column, row_id)


def seal_long(value: str, table: str, column: str, row_id: UUID) -> bytes:
    """As `seal`, made small first: what is sealed Postgres cannot make smaller, and keeps it in a place of its own."""
    return seal_bytes(_PACKED + zlib.compress(value.encode(), 1), table, column, row_id)


def unseal(sealed: bytes, table: str, column: str, row_id: UUID) -> str:
    """Open what `seal` or `seal_long` made for the same place. Raises Unsealable."""
    value = unseal_bytes(sealed, table, column, row_id)
    return (zlib.decompress(value[1:]) if value.startswith(_PACKED) else value).decode()


def seal_json(value: Any, table: str, column: str, row_id: UUID) -> bytes:
    """Seal a JSON value."""
    return seal(json.dumps(value, sort_keys=True, ensure_ascii=False), table, column, row_id)


def unseal_json(sealed: bytes, table: str, column: str, row_id: UUID) -> Any:
    """Open what `seal_json` made. Raises Unsealable."""
    return json.loads(unseal(sealed, table, column, row_id))


def index(value: str, purpose: str) -> bytes:
    """A keyed digest for looking up a sealed value, separate for each purpose ("email", "phone").

    The caller normalises `value` first.
    """
    return hmac.new(_current().index, f"{purpose}\x1f{value}".encode(), hashlib.sha256).digest()
