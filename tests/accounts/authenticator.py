"""A small authenticator in software: makes ES256 passkeys without attestation, and signs what it is asked to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "https://localhost"
USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def text(value: bytes) -> str:
    """Bytes as WebAuthn writes them in JSON."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def raw(value: str) -> bytes:
    """The way back."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class Authenticator:
    """One passkey. `origin` is the page it believes to be on; `flags` what it says about the person."""

    origin: str = ORIGIN
    host: str | None = None
    flags: int = USER_PRESENT | USER_VERIFIED
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user_handle: bytes = b""

    def make(self, options: dict[str, Any], *, challenge: str | None = None) -> str:
        """What `navigator.credentials.create` would give back for `options`."""
        self.user_handle = raw(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._about(options["rp"]["id"], HAS_KEY) + attested
        return self._answer(
            {
                "clientDataJSON": text(self._client("webauthn.create", challenge or options["challenge"])),
                "attestationObject": text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            }
        )

    def show(self, options: dict[str, Any], *, user_handle: bytes | None = None, challenge: str | None = None) -> str:
        """What `navigator.credentials.get` would give back for `options`."""
        self.count += 1
        data = self._about(options["rpId"], 0)
        client = self._client("webauthn.get", challenge or options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": text(self.user_handle if user_handle is None else user_handle),
            }
        )

    def _about(self, host: str, more: int) -> bytes:
        host_hash = hashlib.sha256((self.host or host).encode()).digest()
        return host_hash + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        shown = text(self.credential_id)
        return json.dumps({"id": shown, "rawId": shown, "type": "public-key", "response": response})
