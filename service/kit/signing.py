"""Signed cookies and tokens as Flask and Flask-WTF make them, by signers made once: their key is derived once too."""

from __future__ import annotations

from typing import Any

from itsdangerous import TimedSerializer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

SHORT = 512  # bytes that are not worth the attempt to compress them


class _Signer(TimestampSigner):
    """Remembers what its keys come to. Which key and which salt is as before."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._derived: dict[str | bytes | None, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        """The key made of `secret_key` (default: the newest)."""
        found = self._derived.get(secret_key)
        if found is None:
            found = self._derived[secret_key] = super().derive_key(secret_key)
        return found


class KeptSerializer(URLSafeTimedSerializer):
    """Itsdangerous' own, with one signer for as long as it lives. What it accepts is the same, and what it signs, but
    that it compresses only what is long: a token has some forty letters, and each page carries one.
    """

    _kept: TimestampSigner | None = None

    def dump_payload(self, obj: Any) -> bytes:
        """`obj` as it stands before the signature."""
        plain = TimedSerializer.dump_payload(self, obj)
        return base64_encode(plain) if len(plain) <= SHORT else super().dump_payload(obj)

    def make_signer(self, salt: str | bytes | None = None) -> TimestampSigner:
        """The signer for `salt`: the kept one for our own salt."""
        if salt is not None and salt != self.salt:
            return _Signer(self.secret_keys, salt=salt, **self.signer_kwargs)
        if self._kept is None:
            self._kept = _Signer(self.secret_keys, salt=self.salt, **self.signer_kwargs)
        return self._kept
