"""What the law no longer keeps leaves from the front, signed; a legal hold stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from config.settings import Settings, as_environment
from service.audit import actions, queries
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.errors import Rejected
from service.kit.ids import new_id
from service.privacy.models import LegalHold
from tests.audit.conftest import Trail
from tests.conftest import settings_for
from tests.factories.accounts import a_patient, a_staff_member

DAY = date(2018, 1, 1)


@pytest.fixture
def old(trail: Trail) -> Trail:
    """Six entries of 2017 and four of today, sealed."""
    trail.note(10)
    trail.tamper(
        "UPDATE audit_entries SET at = '2017-06-01T12:00:00Z'::timestamptz + id * interval '1 day' WHERE id < 7"
    )
    actions.seal(wall_now=wall_now())
    return trail


def purge(trail: Trail, before: date = DAY) -> actions.Purged:
    return actions.purge(owner_url=trail.url("owner"), before=before, wall_now=wall_now())


def test_old_entries_leave_and_the_chain_still_holds(old: Trail, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.jsonl"
    actions.anchor(path=anchors, wall_now=wall_now())
    assert purge(old) == actions.Purged(6, 6)
    assert [row.id for row in old.rows("SELECT id FROM audit_entries ORDER BY id")][:4] == [7, 8, 9, 10]
    actions.seal(wall_now=wall_now())
    found = old.verify(anchors)
    assert (found.purged, found.findings) == (6, ())
    assert old.rows("SELECT reason FROM audit_entries WHERE action = 'trail.purge'") == [("6",)]
    tomorrow = actions.anchor(path=anchors, wall_now=wall_now() + timedelta(days=1))
    assert tomorrow is not None, "the anchor from before the purge still fits"


def test_an_anchor_whose_place_was_purged_is_compared_with_the_checkpoint(old: Trail) -> None:
    purge(old)
    with db.reading() as session:
        made = bytes(session.execute(text("SELECT hash FROM audit_checkpoints")).scalar_one())
        assert queries.stands(session, 6, made)
        assert not queries.stands(session, 6, bytes(32))
        assert queries.stands(session, 3, bytes(32)), "older than the checkpoint: nothing is left to compare"
    old.tamper("DELETE FROM audit_checkpoints")
    with db.reading() as session:
        assert not queries.stands(session, 3, bytes(32)), "gone, and nobody signed for it"


def test_a_second_purge_adds_a_second_checkpoint_and_a_repeated_one_nothing(old: Trail) -> None:
    assert purge(old, date(2017, 6, 4)).removed == 2
    assert purge(old) == actions.Purged(4, 6)
    assert purge(old).position is None
    assert old.rows("SELECT position, removed FROM audit_checkpoints ORDER BY position") == [(2, 2), (6, 4)]
    actions.seal(wall_now=wall_now())
    assert old.verify().holds


def test_nothing_younger_than_seven_years_leaves(old: Trail) -> None:
    with pytest.raises(Rejected):
        purge(old, (wall_now() - timedelta(days=6 * 365)).date())


def test_the_newest_link_stays_so_that_the_chain_goes_on(trail: Trail) -> None:
    trail.note(3)
    trail.tamper("UPDATE audit_entries SET at = '2017-06-01T12:00:00Z'")
    actions.seal(wall_now=wall_now())
    assert purge(trail) == actions.Purged(2, 2)
    trail.note(1)
    actions.seal(wall_now=wall_now(), look_back=timedelta(days=4000))
    assert trail.verify().holds


def test_an_entry_out_of_time_order_stops_the_purge_where_it_stands(old: Trail) -> None:
    old.tamper("DELETE FROM audit_links")
    old.tamper("UPDATE audit_entries SET at = now() WHERE id = 3")
    actions.seal(wall_now=wall_now())
    first = [row.entry_id for row in old.rows("SELECT entry_id FROM audit_links ORDER BY position")]
    assert purge(old).position == first.index(3)


@pytest.mark.parametrize("whose", ["record", "own act", "account"])
def test_a_legal_hold_stops_the_purge_before_the_first_entry_about_its_patient(trail: Trail, whose: str) -> None:
    ana, owner = a_patient(), a_staff_member("owner")
    trail.note(5)
    column, value = {
        "record": ("patient_id", ana.patient_id),
        "own act": ("actor_id", ana.user_id),
        "account": ("subject_id", ana.user_id),
    }[whose]
    trail.tamper(f"UPDATE audit_entries SET {column} = :value WHERE id = 4", value=value)
    trail.tamper("UPDATE audit_entries SET at = '2017-06-01T12:00:00Z'::timestamptz + id * interval '1 day'")
    actions.seal(wall_now=wall_now())
    hold = new_id()
    with db.transaction() as session:
        assert ana.patient_id is not None
        session.add(
            LegalHold(
                id=hold,
                patient_id=ana.patient_id,
                reason_sealed=crypto.seal("a letter from a court", "legal_holds", "reason", hold),
                placed_by=owner.user_id,
                placed_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
    assert purge(trail).position == 3
    assert purge(trail).position is None
    with trail.hand.begin() as connection:
        connection.execute(text("UPDATE legal_holds SET lifted_at = now(), lifted_by = placed_by"))
    assert purge(trail).position == 4, "lifted: all but the newest"


def test_a_purge_that_fails_leaves_everything(old: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object) -> bytes:
        raise RuntimeError("no key")

    monkeypatch.setattr(crypto, "index", cannot)
    with pytest.raises(RuntimeError):
        purge(old)
    monkeypatch.undo()
    assert old.verify().links == 10


def run(settings: Settings, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env={**as_environment(settings), **environ, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_verifies_as_the_reader_and_purges_as_the_owner(old: Trail, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.jsonl"
    actions.anchor(path=anchors, wall_now=wall_now())
    settings = settings_for(old.url("app"))
    reader = {"HOMEWARD_AUDIT_DATABASE_URL": old.url("audit")}
    whole = run(settings, "audit", "verify", "--anchors", str(anchors), **reader)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "10 links read" in whole.stdout
    assert "The chain holds." in whole.stdout

    gone = run(settings, "audit", "purge", "--before", "2018-01-01", HOMEWARD_OWNER_DATABASE_URL=old.url("owner"))
    assert gone.returncode == 0, gone.stderr
    assert "6 entries removed, up to position 6." in gone.stdout
    young = run(settings, "audit", "purge", "--before", "2026-01-01", HOMEWARD_OWNER_DATABASE_URL=old.url("owner"))
    assert young.returncode == 1
    assert "seven years" in young.stderr

    old.tamper("UPDATE audit_entries SET reason = 'care' WHERE id = 8")
    broken = run(settings, "audit", "verify", **reader)
    assert broken.returncode == 1
    assert "position 8: entry 8" in broken.stdout
    assert "a cut tail" in broken.stderr
    assert "Traceback" not in broken.stderr
