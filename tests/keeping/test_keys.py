"""Turning the keys while people are using the house."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, text, update

from config.settings import HOUSE
from service.accounts.models import Patient
from service.audit.models import AuditEntry
from service.cli import main
from service.keeping.owner import owner, tables
from service.kit import crypto, db, sealed
from tests.conftest import House, role_url

OLD = "test"
NEW = "n2:" + "QkJC" * 10 + "QkI="


def homeward(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def both_keys(house: House) -> str:
    return f"{NEW},{house.settings.seal_keys.get_secret_value()}"


def use(seal_keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEWARD_SEAL_KEYS", seal_keys)


@pytest.fixture
def engine(own_database: str) -> Any:
    with owner(role_url("owner", own_database)) as engine:
        yield engine


def standing(engine: Engine) -> dict[str, dict[str, int]]:
    return {str(place): sealed.keys_in(engine, place) for place in sealed.places(tables())}


def test_the_marked_house_leaves_no_sealed_column_empty(written: House, engine: Engine) -> None:
    assert [place for place, counts in standing(engine).items() if not counts] == []


def test_every_value_moves_to_the_first_key_and_still_opens_in_its_place(
    written: House, environ: None, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(both_keys(written), monkeypatch)
    before = homeward("keys", "status")
    assert f"Keep {OLD}" in before.output
    assert before.exit_code == 0

    done = homeward("keys", "rotate", "--batch", "2")

    assert done.exit_code == 0, done.output
    assert f"{OLD} may leave HOMEWARD_SEAL_KEYS" in done.output
    assert all(set(counts) == {"n2"} for counts in standing(engine).values())
    crypto.use(crypto.parse(NEW, os.environ["HOMEWARD_INDEX_KEY"]))
    assert [bad for place in sealed.places(tables()) for bad in sealed.sample(engine, place, 1000)] == []
    with db.reading() as session:
        noted = set(session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "keys")))
    assert noted == {"keys.rotation_begun", "keys.rotated"}


def test_a_second_turn_finds_nothing_to_do(
    written: House, environ: None, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(both_keys(written), monkeypatch)
    homeward("keys", "rotate")
    place = sealed.places(tables())[0]
    with engine.connect() as connection:
        once = connection.execute(select(place.column)).scalars().all()

    again = homeward("keys", "rotate")

    assert again.exit_code == 0
    assert f"{place}: 0 sealed again" in again.output
    with engine.connect() as connection:
        assert connection.execute(select(place.column)).scalars().all() == once


def test_what_a_request_writes_meanwhile_is_kept(written: House, engine: Engine) -> None:
    crypto.use(crypto.parse(both_keys(written), written.settings.index_key.get_secret_value()))
    (place,) = [one for one in sealed.places(tables()) if str(one) == "patients.given_name_sealed"]
    with engine.connect() as connection:
        row_id = connection.execute(select(Patient.id).limit(1)).scalar_one()
    newer = crypto.seal("Newer", "patients", "given_name", row_id)
    real = crypto.unseal_bytes

    def slowly(value: bytes, table: str, column: str, at: Any) -> bytes:
        if at == row_id:
            with db.transaction() as session:
                session.execute(update(Patient).where(Patient.id == row_id).values(given_name_sealed=newer))
        return real(value, table, column, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crypto, "unseal_bytes", slowly)
        done = list(sealed.reseal(engine, place))

    assert sum(one.overtaken for one in done) == 1
    with db.reading() as session:
        kept = session.scalars(select(Patient.given_name_sealed).where(Patient.id == row_id)).one()
    assert kept == newer


def test_a_value_that_does_not_open_is_named_and_stops_nobody_else(
    written: House, environ: None, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        row_id = connection.execute(select(Patient.id).limit(1)).scalar_one()
        moved = crypto.seal("Moved", "patients", "given_name", uuid4())
        connection.execute(update(Patient).where(Patient.id == row_id).values(given_name_sealed=moved))
    use(both_keys(written), monkeypatch)

    done = homeward("keys", "rotate")

    assert done.exit_code == 1
    assert f"patients.given_name_sealed {row_id}: not opened, changed or moved (key {OLD})" in done.output
    assert f"Keep {OLD}: 1 values" in done.output
    left = {place: counts[OLD] for place, counts in standing(engine).items() if OLD in counts}
    assert left == {"patients.given_name_sealed": 1}


def test_a_key_that_is_gone_is_said_in_words(
    written: House, environ: None, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(NEW, monkeypatch)
    for command in ("status", "rotate"):
        done = homeward("keys", command)
        assert done.exit_code == 1
        assert f"values stand under a key named {OLD}, which is not in HOMEWARD_SEAL_KEYS" in done.output
    assert "its key is not here" in done.output
    assert all(set(counts) == {OLD} for counts in standing(engine).values())


@pytest.mark.parametrize("name", ["HOMEWARD_OWNER_DATABASE_URL", "HOMEWARD_SEAL_KEYS", "HOMEWARD_INDEX_KEY"])
def test_a_name_that_is_missing_is_named(environ: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    done = homeward("keys", "status")
    assert (done.exit_code, done.output.strip()) == (1, f"Error: {name} is not set.")


def test_after_a_kill_in_the_middle_the_next_turn_completes_it(
    written: House, environ: None, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _many_patients(engine, 3000)
    use(both_keys(written), monkeypatch)
    command = [sys.executable, "-m", "service.cli", "keys", "rotate", "--batch", "5"]
    process = subprocess.Popen(command, cwd=HOUSE, env=dict(os.environ), stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while not _moved(engine) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    halfway = standing(engine)["patients.given_name_sealed"]
    assert set(halfway) == {OLD, "n2"}

    assert homeward("keys", "rotate").exit_code == 0
    assert all(set(counts) == {"n2"} for counts in standing(engine).values())


def _many_patients(engine: Engine, count: int) -> None:
    """As many users and patients more, each with names sealed for its own row."""
    ids = [uuid4() for _ in range(count)]
    with engine.begin() as connection:
        user = connection.execute(text("SELECT * FROM users WHERE kind = 'patient' LIMIT 1")).mappings().one()
        patient = connection.execute(text("SELECT * FROM patients LIMIT 1")).mappings().one()
        metadata = tables().tables
        connection.execute(
            metadata["users"].insert(),
            [
                dict(user)
                | {"id": one, "email_confirmed_at": None, "totp_sealed": None, "totp_pending_sealed": None}
                | {"email_sealed": crypto.seal("a@b.example", "users", "email", one)}
                | {"display_name_sealed": None}
                for one in ids
            ],
        )
        sealed_names = [name for name in patient if name.endswith("_sealed")]
        connection.execute(
            metadata["patients"].insert(),
            [
                dict(patient)
                | {"id": one, "user_id": one}
                | {name: crypto.seal("x", "patients", name.removesuffix("_sealed"), one) for name in sealed_names}
                for one in ids
            ],
        )


def _moved(engine: Engine) -> bool:
    with engine.connect() as connection:
        count = text("SELECT count(*) FROM patients WHERE substring(given_name_sealed, 1, 3) = '\\x026e32'")
        return bool(connection.execute(count).scalar())
