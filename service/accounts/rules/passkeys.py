"""Passkeys (WebAuthn level 2): what a browser is asked, and whether its answer holds. Pure, through the library.

User verification is always asked for, so that a passkey is two things at once: something one has, and a finger, face
or PIN. Nothing is attested: which maker built somebody's phone is not our business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGE_LEAST = 16  # bytes: fewer were never given by us, and none at all means that nothing was asked
_MILLISECONDS = 1000


class Unfit(Exception):
    """An answer that does not hold. The text is a code for the trail, never content."""


@dataclass(frozen=True, slots=True)
class Site:
    """Who asks: the host that passkeys are bound to, the origin of our pages, and the name a browser shows."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A passkey that was just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent, unchecked: which passkey it says it is, and whose."""

    credential_id: bytes
    user_handle: bytes | None


def site_of(public_url: str, name: str) -> Site:
    """The site behind our public address."""
    parts = urlsplit(public_url)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}", name)


def to_make(
    site: Site, challenge: bytes, *, user_handle: bytes, address: str, name: str, known: Iterable[bytes]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is given. `known` are the passkeys the person has already."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=user_handle,
        user_name=address,
        user_display_name=name,
        challenge=challenge,
        timeout=int(CHALLENGE_LIFE.total_seconds()) * _MILLISECONDS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_named(known),
    )
    return cast(dict[str, Any], json.loads(webauthn.options_to_json(options)))


def to_ask(site: Site, challenge: bytes, allowed: Sequence[bytes]) -> dict[str, Any]:
    """What `navigator.credentials.get` is given. With nothing allowed the browser offers what it has."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=int(CHALLENGE_LIFE.total_seconds()) * _MILLISECONDS,
        allow_credentials=_named(allowed) or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return cast(dict[str, Any], json.loads(webauthn.options_to_json(options)))


def _named(credential_ids: Iterable[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in credential_ids]


def made(site: Site, credential: str, challenge: bytes) -> NewKey:
    """The passkey in what `create` gave back. Raises Unfit."""
    _check_asked(challenge)
    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:  # bytes from outside reach parsers of the library: whatever they raise is a no
        raise Unfit(_code(error)) from None
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def read(credential: str) -> Answer:
    """Which passkey an answer names. Says nothing about whether it is right. Raises Unfit."""
    try:
        found = parse_authentication_credential_json(credential)
    except Exception as error:
        raise Unfit(_code(error)) from None
    return Answer(found.raw_id, found.response.user_handle)


def answered(site: Site, credential: str, challenge: bytes, *, public_key: bytes, sign_count: int) -> int:
    """Check a signed answer. Returns the new count of signatures. Raises Unfit.

    A count that did not grow means that somebody holds a copy of the key: refused. (Synced passkeys count nothing: 0.)
    """
    _check_asked(challenge)
    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise Unfit(_code(error)) from None
    return int(found.new_sign_count)


def _check_asked(challenge: bytes) -> None:
    """An answer to no question is none: whoever has it could show it for ever."""
    if len(challenge) < CHALLENGE_LEAST:
        raise Unfit("challenge")


def _code(error: Exception) -> str:
    """A word for the trail. The library has sentences only, and they may carry what was sent."""
    if not isinstance(error, WebAuthnException):
        return "unreadable"
    said = str(error).lower()
    known = {"sign count": "counter", "challenge": "challenge", "origin": "origin", "rp id": "rp", "verif": "signature"}
    return next((code for words, code in known.items() if words in said), "unfit")
