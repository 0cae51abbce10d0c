"""A dump of the database shows nothing of what is sealed, in any spelling."""

from __future__ import annotations

import subprocess

import pytest
from sqlalchemy import text, update

from service.accounts.models import Patient
from service.keeping import programs
from service.keeping.clear import in_the_clear
from service.keeping.owner import owner, tables
from service.kit import db, sealed
from tests.conftest import House, role_url
from tests.keeping.filled import MARKS
from tests.marks import Mark, found

EVERYTHING = [*MARKS.values(), Mark("birth date in words", "July 23, 1931", also=("07/23/1931",))]


def dump(url: str, how: str = "plain") -> bytes:
    """What `pg_dump` of the server's own version writes, uncompressed."""
    command = [programs.find("pg_dump", url), f"--format={how}", "--compress=0"]
    return subprocess.run(command, env=programs.environ(url), check=True, capture_output=True).stdout


@pytest.mark.parametrize("how", ["plain", "custom", "tar"])
def test_a_dump_shows_no_marked_value(written: House, own_database: str, how: str) -> None:
    content = dump(role_url("owner", own_database), how)
    assert len(content) > 50_000
    assert found(EVERYTHING, content) == set()


def test_nothing_stands_in_the_clear_beside_what_seals_it(written: House, own_database: str) -> None:
    with owner(role_url("owner", own_database)) as engine:
        assert in_the_clear(engine) == {}


def test_every_sealed_column_has_its_rows_in_that_dump(written: House, own_database: str) -> None:
    with owner(role_url("owner", own_database)) as engine:
        empty = [str(place) for place in sealed.places(tables()) if not sealed.keys_in(engine, place)]
    assert empty == []


@pytest.mark.parametrize("spelling", ["plain", "base64", "hex"])
def test_a_column_left_open_is_noticed(written: House, own_database: str, spelling: str) -> None:
    """The same dump, after somebody forgot to seal one name."""
    value = MARKS["given name"].value.encode()
    with db.transaction() as session:
        if spelling == "plain":  # as bytes, which a dump writes in hex
            session.execute(update(Patient).values(given_name_sealed=value))
        else:
            session.execute(
                text("UPDATE outbox SET last_error = encode(:value, :how)"), {"value": value, "how": spelling}
            )
    assert found(EVERYTHING, dump(role_url("owner", own_database))) == {"given name"}


def test_the_search_knows_every_spelling() -> None:
    import base64
    from urllib.parse import quote_plus

    mark = Mark("it", "Zq Ävalue")
    raw = mark.value.encode()
    spelled = [raw, raw.lower(), raw.hex().encode(), raw.hex().upper().encode(), quote_plus(mark.value).encode()]
    spelled += [base64.b64encode(lead + raw + b"tail") for lead in (b"", b"1", b"12")]
    spelled += [base64.urlsafe_b64encode(b"1" + raw)]
    for one in spelled:
        assert mark.is_in(b"before " + one + b" after"), one
    assert not mark.is_in(b"Zq Avalue")


def test_a_short_number_is_found_alone_and_not_inside_another() -> None:
    mark = Mark("zip", "33109")
    assert mark.is_in(b'"zip": "33109"')
    assert not mark.is_in(b"a33109b")
