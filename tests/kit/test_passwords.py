"""Passwords as people type them: on another keyboard the same letters come as other signs."""

from __future__ import annotations

import unicodedata

import pytest

from service.kit.passwords import hash_password, verify_password


@pytest.mark.parametrize(("chosen", "typed"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_letters_with_accents_are_the_same_however_a_keyboard_sends_them(chosen: str, typed: str) -> None:
    password = "sieben stille Fischreiher über dem Café"
    stored = hash_password(unicodedata.normalize(chosen, password))
    assert verify_password(stored, unicodedata.normalize(typed, password))
    assert not verify_password(stored, password.replace("é", "e"))
