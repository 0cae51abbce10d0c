"""Whatever somebody does to the trail who may do anything, the auditor's look names it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.audit import actions, gateway
from service.kit.clock import wall_now
from tests.audit.conftest import Trail


@pytest.fixture
def sealed(trail: Trail) -> Trail:
    """Ten entries in the chain."""
    trail.note(10)
    actions.seal(wall_now=wall_now())
    return trail


@pytest.fixture
def anchors(sealed: Trail, tmp_path: Path) -> Path:
    """The head, anchored after eight and after ten links."""
    path = tmp_path / "kept" / "anchors.jsonl"
    actions.anchor(path=path, wall_now=wall_now() - timedelta(days=1))
    return path


def kinds(trail: Trail, anchors: Path | None = None) -> list[str]:
    return [finding.kind for finding in trail.verify(anchors).findings]


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'care'",
        "action = 'record.change'",
        "outcome = 'refused'",
        "actor_id = NULL",
        "patient_id = gen_random_uuid()",
        "address = '198.51.100.1'",
        "at = at + interval '1 microsecond'",
    ],
)
def test_a_changed_entry_is_the_first_broken_link(sealed: Trail, change: str) -> None:
    sealed.tamper(f"UPDATE audit_entries SET {change} WHERE id = 4")
    (found,) = sealed.verify().findings
    assert (found.kind, found.position, found.entry_id) == ("broken", 4, 4)


def test_a_changed_hash_is_the_first_broken_link(sealed: Trail) -> None:
    sealed.tamper("UPDATE audit_links SET hash = sha256('x') WHERE position = 6")
    assert kinds(sealed)[0] == "broken"
    assert sealed.verify().findings[0].position == 6


def test_a_removed_entry_a_removed_link_and_both_are_named(sealed: Trail) -> None:
    sealed.tamper("DELETE FROM audit_entries WHERE id = 3")
    assert kinds(sealed) == ["entry_removed"]
    sealed.tamper("DELETE FROM audit_links WHERE position = 3")
    assert kinds(sealed) == ["missing"]


def test_closing_the_gap_does_not_hide_it(sealed: Trail) -> None:
    sealed.tamper("DELETE FROM audit_links WHERE position = 5")
    sealed.tamper("DELETE FROM audit_entries WHERE id = 5")
    for position in range(6, 11):
        sealed.tamper("UPDATE audit_links SET position = position - 1 WHERE position = :p", p=position)
    assert sealed.verify().findings[0].position == 5


def test_links_that_changed_places_are_named(sealed: Trail) -> None:
    sealed.tamper("UPDATE audit_links SET entry_id = -1 WHERE position = 3")
    sealed.tamper("UPDATE audit_links SET entry_id = 3 WHERE position = 7")
    sealed.tamper("UPDATE audit_links SET entry_id = 7 WHERE position = 3")
    assert kinds(sealed) == ["broken", "reordered"]


def test_an_old_entry_that_was_never_sealed_is_named_a_new_one_is_not(sealed: Trail) -> None:
    sealed.note(1)
    assert sealed.verify().holds
    (found,) = sealed.verify(later=timedelta(seconds=61)).findings
    assert (found.kind, found.entry_id) == ("never_sealed", 11)


def test_a_cut_tail_is_named_with_the_anchors_and_only_with_them(sealed: Trail, anchors: Path) -> None:
    sealed.tamper("DELETE FROM audit_links WHERE position > 7")
    sealed.tamper("DELETE FROM audit_entries WHERE id > 7")
    assert kinds(sealed) == []
    assert kinds(sealed, anchors) == ["cut_tail"]


def test_an_older_chain_that_went_on_differently_is_a_rollback(sealed: Trail, anchors: Path) -> None:
    sealed.tamper("DELETE FROM audit_links WHERE position > 7")
    sealed.tamper("DELETE FROM audit_entries WHERE id > 7")
    sealed.note(5)
    actions.seal(wall_now=wall_now())
    assert kinds(sealed) == []
    assert kinds(sealed, anchors) == ["rollback"]


def test_a_chain_written_anew_after_a_change_is_a_rollback(sealed: Trail, anchors: Path) -> None:
    sealed.tamper("UPDATE audit_entries SET reason = 'care' WHERE id = 2")
    sealed.tamper("DELETE FROM audit_links")
    actions.seal(wall_now=wall_now())
    assert kinds(sealed) == []
    assert kinds(sealed, anchors) == ["rollback"]


def test_removing_everything_is_a_cut_tail(sealed: Trail, anchors: Path) -> None:
    sealed.tamper("DELETE FROM audit_links")
    sealed.tamper("DELETE FROM audit_entries")
    assert kinds(sealed, anchors) == ["cut_tail"]


def test_a_front_without_a_checkpoint_and_a_made_up_checkpoint_are_named(sealed: Trail) -> None:
    sealed.tamper("DELETE FROM audit_links WHERE position <= 4")
    sealed.tamper("DELETE FROM audit_entries WHERE id <= 4")
    assert kinds(sealed) == ["missing"]
    (row,) = sealed.rows("SELECT hash FROM audit_links WHERE position = 5")
    with sealed.hand.begin() as connection:
        connection.execute(
            text("INSERT INTO audit_checkpoints VALUES (5, :hash, 5, now(), sha256('mine'))"), {"hash": row.hash}
        )
    sealed.tamper("DELETE FROM audit_links WHERE position = 5")
    sealed.tamper("DELETE FROM audit_entries WHERE id = 5")
    assert kinds(sealed) == ["forged_checkpoint"]


def test_an_anchor_nobody_of_us_wrote_is_named(sealed: Trail, anchors: Path) -> None:
    line = json.loads(anchors.read_text())
    anchors.write_text(json.dumps({**line, "position": 9}) + "\n")
    assert kinds(sealed, anchors) == ["forged_anchor"]
    anchors.write_text('{"day": "2026-')
    assert kinds(sealed, anchors) == ["forged_anchor"]


def test_one_anchor_a_day_and_each_is_on_the_disk(sealed: Trail, anchors: Path) -> None:
    now = wall_now()
    assert actions.anchor(path=anchors, wall_now=now) is not None
    assert actions.anchor(path=anchors, wall_now=now) is None, "twice in a day is once"
    lines = list(gateway.lines(anchors))
    assert [line.day for line in lines] == [(now - timedelta(days=1)).date().isoformat(), now.date().isoformat()]
    assert (lines[1].position, lines[1].links) == (10, 10)
    found = sealed.verify(anchors)
    assert (found.anchors, found.compared, found.findings) == (2, 2, ())
    assert sealed.rows("SELECT reason FROM audit_entries WHERE action = 'trail.anchor'") == [("10",), ("10",)]


def test_no_anchor_is_written_over_a_chain_that_lost_its_tail(sealed: Trail, anchors: Path) -> None:
    sealed.tamper("DELETE FROM audit_links WHERE position > 7")
    with pytest.raises(actions.AnchorBehind):
        actions.anchor(path=anchors, wall_now=wall_now())


def test_nothing_sealed_is_nothing_to_anchor(trail: Trail, tmp_path: Path) -> None:
    assert actions.anchor(path=tmp_path / "a.jsonl", wall_now=wall_now()) is None
    assert trail.verify().holds


def test_a_file_that_cannot_be_written_is_an_error(sealed: Trail, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(OSError):
        actions.anchor(path=tmp_path / "taken" / "a.jsonl", wall_now=wall_now())
