"""Sealed fields stay where they were put."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from service.kit import crypto

ROW = uuid4()


def encoded(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * 32).decode()


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    crypto.use(crypto.parse(f"k2:{encoded(2)},k1:{encoded(1)}", encoded(9)))
    yield
    crypto._keys = None


def test_what_was_sealed_opens_in_its_own_place() -> None:
    sealed = crypto.seal("Ana Rivera", "patients", "given_name", ROW)
    assert b"Ana" not in sealed
    assert crypto.unseal(sealed, "patients", "given_name", ROW) == "Ana Rivera"


@pytest.mark.parametrize(
    "place", [("users", "given_name", ROW), ("patients", "family_name", ROW), ("patients", "given_name", uuid4())]
)
def test_a_sealed_value_cannot_be_moved(place: tuple[str, str, object]) -> None:
    sealed = crypto.seal("Ana", "patients", "given_name", ROW)
    with pytest.raises(crypto.Unsealable):
        crypto.unseal(sealed, *place)  # type: ignore[arg-type]


def test_any_changed_byte_is_noticed() -> None:
    sealed = crypto.seal("Ana", "patients", "given_name", ROW)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(crypto.Unsealable):
            crypto.unseal(bytes(changed), "patients", "given_name", ROW)
    for short in (b"", sealed[:1], sealed[:10], os.urandom(3)):
        with pytest.raises(crypto.Unsealable):
            crypto.unseal(short, "patients", "given_name", ROW)


def test_an_older_key_still_opens_and_the_first_one_seals() -> None:
    crypto.use(crypto.parse(f"k1:{encoded(1)}", encoded(9)))
    old = crypto.seal("Ana", "patients", "given_name", ROW)
    crypto.use(crypto.parse(f"k2:{encoded(2)},k1:{encoded(1)}", encoded(9)))
    assert crypto.unseal(old, "patients", "given_name", ROW) == "Ana"
    assert crypto.seal("Ana", "patients", "given_name", ROW)[1:3] == b"k2"


def test_the_same_value_never_seals_the_same_twice_and_its_index_is_always_the_same() -> None:
    assert crypto.seal("a", "t", "c", ROW) != crypto.seal("a", "t", "c", ROW)
    assert crypto.index("a@example.com", "email") == crypto.index("a@example.com", "email")
    assert crypto.index("a@example.com", "email") != crypto.index("a@example.com", "phone")


@pytest.mark.parametrize("keys", ["", "k1", "k1:short", f":{encoded(1)}", "k1:" + base64.b64encode(b"x").decode()])
def test_unfit_keys_are_refused_with_their_name(keys: str) -> None:
    with pytest.raises(ValueError, match="HOMEWARD_SEAL_KEYS"):
        crypto.parse(keys, encoded(9))


def test_bytes_come_back_as_they_went_in() -> None:
    page = b"%PDF-1.7\x00\xff"
    assert crypto.unseal_bytes(crypto.seal_bytes(page, "data_exports", "pdf", ROW), "data_exports", "pdf", ROW) == page


def test_the_key_of_a_value_can_be_read_without_having_it() -> None:
    sealed = crypto.seal("Ana", "patients", "given_name", ROW)
    assert [crypto.key_of(sealed), crypto.key_of(b""), crypto.key_of(b"\x09abc")] == [sealed[1:3].decode(), "", ""]


@pytest.mark.parametrize("text", ["", "Ana", "x" * 5000, '{"id": "evt_1"}' * 400, "ü€😀" * 300])
def test_a_long_text_is_sealed_small_and_opens_as_any_other(text: str) -> None:
    sealed = crypto.seal_long(text, "stripe_events", "body", ROW)
    assert crypto.unseal(sealed, "stripe_events", "body", ROW) == text
    assert crypto.unseal(crypto.seal(text, "stripe_events", "body", ROW), "stripe_events", "body", ROW) == text
    assert len(text.encode()) < 1000 or len(sealed) < len(text.encode()) / 4
