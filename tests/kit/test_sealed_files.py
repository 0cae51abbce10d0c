"""A sealed file opens whole or not at all."""

from __future__ import annotations

import io
import os
import tracemalloc

import pytest

from service.kit import sealed_files
from service.kit.sealed_files import BadFile, Sealer

KEY = bytes(range(32))
CHUNK = 64


def sealed(content: bytes, *, piece: int = 7, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    sealer = Sealer(target, "b1", key, chunk=CHUNK)
    for start in range(0, len(content), piece):
        sealer.write(content[start : start + piece])
    sealer.close()
    return target.getvalue()


def plain(file: bytes, key: bytes = KEY) -> bytes:
    return b"".join(sealed_files.opened(io.BytesIO(file), {"b1": key}))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 1000])
def test_what_goes_in_comes_out(size: int) -> None:
    content = os.urandom(size)
    assert plain(sealed(content)) == content


def test_every_changed_byte_is_noticed() -> None:
    file = sealed(os.urandom(200))
    for at in range(len(file)):
        with pytest.raises(BadFile):
            plain(file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :])


def test_a_file_that_was_cut_off_does_not_open_wherever_it_was_cut() -> None:
    file = sealed(os.urandom(200))
    for end in range(len(file)):
        with pytest.raises(BadFile):
            plain(file[:end])
    with pytest.raises(BadFile):
        plain(file + b"\0")


def test_chunks_cannot_change_places_be_repeated_or_come_from_another_file() -> None:
    file, other = sealed(os.urandom(4 * CHUNK)), sealed(os.urandom(4 * CHUNK))
    size = CHUNK + 16
    start = len(file) - 4 * size
    head, chunks = file[:start], [file[start + n * size : start + (n + 1) * size] for n in range(4)]
    foreign = other[start : start + size]
    assert plain(head + b"".join(chunks))
    for order in ([1, 0, 2, 3], [0, 2, 3], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3], [3]):
        with pytest.raises(BadFile):
            plain(head + b"".join(chunks[n] for n in order))
    with pytest.raises(BadFile):
        plain(head + foreign + b"".join(chunks[1:]))


def test_a_key_that_is_not_here_is_named() -> None:
    with pytest.raises(BadFile, match="the key b1, which is not here"):
        list(sealed_files.opened(io.BytesIO(sealed(b"x")), {"b2": KEY}))
    with pytest.raises(BadFile):
        plain(sealed(b"x"), bytes(32))


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(chunks: int) -> int:
        with open(os.devnull, "wb") as nowhere:
            tracemalloc.start()
            sealer = Sealer(nowhere, "b1", KEY)
            for _ in range(chunks):
                sealer.write(bytes(sealed_files.CHUNK))
            sealer.close()
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(2)
    assert peak(60) < 1.1 * peak(6)
