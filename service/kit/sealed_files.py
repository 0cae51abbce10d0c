"""Sealed files: a stream cut into chunks, each under AES-256-GCM, in constant memory.

Layout: a line `HOMEWARD SEALED 1`, a line of JSON (the key's id, a salt, the size of a chunk), then the chunks. Each
file has a key of its own, derived from the named one by HKDF over the salt; a chunk's nonce is its number and whether
it is the last, and the header goes with every chunk as associated data. So no chunk can be changed, moved, repeated,
left out, or taken from another file, and a file that was cut off does not end.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"HOMEWARD SEALED 1\n"
CHUNK = 1 << 20
_TAG = 16
_LONGEST_HEADER = 4096


class BadFile(Exception):
    """The file is none of ours, was changed or cut off, or is sealed with a key that is not here."""


class Sealer:
    """Write into it as into a file; `close` writes the end, without which the file does not open."""

    def __init__(self, target: BinaryIO, key_id: str, key: bytes, *, chunk: int = CHUNK) -> None:
        salt = os.urandom(32)
        header = {"key": key_id, "salt": base64.b64encode(salt).decode(), "chunk": chunk}
        self._header = MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n"
        self._target, self._chunk, self._cipher = target, chunk, _cipher(key, salt)
        self._waiting, self._number = bytearray(), 0
        target.write(self._header)

    def write(self, data: bytes) -> None:
        """Seal `data` after what came before it."""
        self._waiting += data
        while len(self._waiting) > self._chunk:  # one chunk is always held back: it may be the last
            self._put(bytes(self._waiting[: self._chunk]), last=False)
            del self._waiting[: self._chunk]

    def close(self) -> None:
        """Write the last chunk. Does not close the target."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), plain, self._header))
        self._number += 1


def key_of(source: BinaryIO) -> str:
    """The id of the key that `source` is sealed with. Raises BadFile."""
    return str(_header(source)[1]["key"])


def opened(source: BinaryIO, keys: Mapping[str, bytes]) -> Iterator[bytes]:
    """The plain chunks of `source`, in order. Raises BadFile: at a cut only after the chunks that are whole."""
    header, told = _header(source)
    key_id, chunk = str(told["key"]), int(told["chunk"])
    if key_id not in keys:
        raise BadFile(f"The file is sealed with the key {key_id}, which is not here.")
    cipher = _cipher(keys[key_id], base64.b64decode(told["salt"]))
    number, piece = 0, source.read(chunk + _TAG)
    while True:
        after = source.read(chunk + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, not after), piece, header)
        except (InvalidTag, ValueError):
            raise BadFile("The file was changed or cut off: it is not what was written.") from None
        if not after:
            return
        number, piece = number + 1, after


def _header(source: BinaryIO) -> tuple[bytes, dict[str, str]]:
    magic = source.read(len(MAGIC))
    if magic != MAGIC:
        raise BadFile("This is no sealed file of Homeward's, or of a later version.")
    line = source.readline(_LONGEST_HEADER)
    try:
        told = json.loads(line)
        if not 0 < int(told["chunk"]) <= 64 * CHUNK or len(base64.b64decode(told["salt"], validate=True)) != 32:
            raise ValueError
        str(told["key"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise BadFile("The file's header was changed.") from None
    return magic + line, told


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"homeward sealed file 1").derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
