"""A person is called when the trail is not kept as it should be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.audit import actions, gateway, writes
from service.audit.models import AuditEntry, AuditLink
from service.audit.rules.chain import anchor_text
from service.kit import crypto, db
from service.kit.actor import SYSTEM
from service.kit.clock import wall_now
from service.safety.actions import acknowledge, open_list, watch_trail
from service.safety.models import Alert
from tests.audit.conftest import STAFF
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import Person, a_staff_member
from tests.factories.safety import called


@pytest.fixture
def owner(house: House) -> Person:
    return a_staff_member("owner")


def note() -> None:
    with db.transaction() as session:
        writes.record(session, SYSTEM, "alert.escalate", "alert")


def watch(house: House, anchors: Path | None = None, *, later: float = 0) -> None:
    watch_trail(catalog=house.catalog, anchors=anchors, now=house.now, wall_now=wall_now() + timedelta(seconds=later))


def alerts() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Alert.code).order_by(Alert.raised_at, Alert.code)))


def written(folder: Path, *, position: int, days: int = -30, hash_: bytes | None = None, signed: bool = True) -> Path:
    """A file with one line: of so many days from today, over the hash that stands there if none is given."""
    with db.reading() as session:
        standing = session.scalar(select(AuditLink.hash).where(AuditLink.position == position))
    day = (wall_now() + timedelta(days=days)).date().isoformat()
    text = anchor_text(day, position, (hash_ or standing or bytes(32)).hex(), 1)
    signature = crypto.index(text, "audit").hex() if signed else "00" * 32
    path = folder / "anchors.jsonl"
    gateway.append(path, lambda _: gateway.Line(day, position, (hash_ or standing or bytes(32)).hex(), 1, signature))
    return path


def test_rows_that_stay_unsealed_for_a_minute_call_the_owner_once(house: House, owner: Person) -> None:
    note()
    watch(house, later=55)
    assert alerts() == []
    watch(house, later=61)
    watch(house, later=120)
    assert alerts() == ["AUDIT-UNSEALED"]
    assert called("alert_raised") == [owner.user_id]


def test_a_sealed_trail_calls_nobody(house: House, owner: Person) -> None:
    note()
    actions.seal(wall_now=wall_now())
    watch(house, later=3600)
    assert alerts() == []


def test_after_it_was_taken_the_same_trouble_calls_again(house: House, owner: Person) -> None:
    from service.kit.actor import Actor

    note()
    watch(house, later=61)
    with db.reading() as session:
        alert_id = session.scalars(select(Alert.id)).one()
    note()
    acknowledge(alert_id=alert_id, actor=Actor("staff", owner.user_id, role="owner"), now=house.now)
    watch(house, later=180)
    assert alerts() == ["AUDIT-UNSEALED", "AUDIT-UNSEALED"]


def test_the_head_is_anchored_once_a_day_by_the_watch(house: House, owner: Person, tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    note()
    actions.seal(wall_now=wall_now())
    watch(house, path)
    watch(house, path)
    assert len(list(gateway.lines(path))) == 1
    assert alerts() == []


def test_an_anchor_that_fails_calls_the_owner_and_the_watch_goes_on(
    house: House, owner: Person, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    note()
    watch(house, tmp_path / "taken" / "anchors.jsonl", later=61)
    assert sorted(alerts()) == ["AUDIT-ANCHOR", "AUDIT-UNSEALED"]


def test_what_the_sealer_missed_is_chained_by_the_watch_after_it_called(house: House, owner: Person) -> None:
    note()
    actions.seal(wall_now=wall_now())
    with db.transaction() as session:
        session.add(
            AuditEntry(
                at=wall_now() - timedelta(minutes=30), actor_kind="system", action="x", subject_kind="x", outcome="done"
            )
        )
    assert actions.seal(wall_now=wall_now()) == 0, "older than any transaction lives"
    watch(house)
    assert alerts() == ["AUDIT-UNSEALED"]
    with db.reading() as session:
        assert not session.scalar(
            select(AuditEntry.id).where(AuditEntry.id.not_in(select(AuditLink.entry_id)), AuditEntry.action == "x")
        )


def test_a_file_of_anchors_that_vanished_calls_the_owner_and_begins_anew(
    house: House, owner: Person, tmp_path: Path
) -> None:
    path = tmp_path / "anchors.jsonl"
    note()
    actions.seal(wall_now=wall_now())
    watch(house, path)
    path.unlink()
    watch(house, path)
    assert alerts() == ["AUDIT-ANCHOR"]
    assert len(list(gateway.lines(path))) == 1


def test_a_chain_behind_its_anchor_calls_the_owner(house: House, owner: Person, tmp_path: Path) -> None:
    note()
    actions.seal(wall_now=wall_now())
    watch(house, written(tmp_path, position=99))
    assert alerts() == ["AUDIT-ANCHOR"]


@pytest.mark.parametrize("days", [0, 1, 3000])
def test_a_line_that_is_not_ours_or_dated_ahead_calls_the_owner(
    house: House, owner: Person, tmp_path: Path, days: int
) -> None:
    note()
    actions.seal(wall_now=wall_now())
    watch(house, written(tmp_path, days=days, position=1, signed=days > 0))
    assert alerts() == ["AUDIT-ANCHOR"]


def test_a_line_of_today_does_not_hide_that_the_chain_is_shorter(house: House, owner: Person, tmp_path: Path) -> None:
    note()
    actions.seal(wall_now=wall_now())
    watch(house, written(tmp_path, days=0, position=2))
    assert alerts() == ["AUDIT-ANCHOR"]


def test_a_chain_computed_anew_to_the_same_length_calls_the_owner_the_same_day(
    house: House, owner: Person, tmp_path: Path
) -> None:
    note()
    actions.seal(wall_now=wall_now())
    watch(house, written(tmp_path, days=0, position=1, hash_=bytes(range(32))))
    assert alerts() == ["AUDIT-ANCHOR"]


def test_a_day_whose_anchor_the_trail_does_not_know_calls_the_owner(
    house: House, owner: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note()
    actions.seal(wall_now=wall_now())
    monkeypatch.setattr("service.safety.actions.trail.anchor", lambda **_: None)
    watch(house, tmp_path / "anchors.jsonl")
    assert alerts() == ["AUDIT-ANCHOR"]


def test_the_alert_page_says_that_it_is_about_the_service(house: House, owner: Person, client: Browser) -> None:
    note()
    watch(house, later=61)
    client.sign_in(owner.user_id)
    page = client.get("/staff/alerts").text
    assert "The audit trail is not being sealed" in page
    assert "The service itself, no patient" in page
    assert "Visitors without an account" not in page
    found = open_list(actor=STAFF)
    assert [alert.of_system for alert in found.open] == [True]


def test_sealing_has_a_queue_of_its_own_and_comes_every_two_seconds(house: House) -> None:
    from service.kit.queue import queue_of
    from workers.schedule import beat_schedule

    entry = beat_schedule(house.settings)["audit.seal"]
    assert entry["schedule"] == 2.0
    assert entry["options"]["queue"] == queue_of("audit.seal") == "audit"
    assert [name for name, other in beat_schedule(house.settings).items() if other["options"]["queue"] == "audit"] == [
        "audit.seal",
        "audit.watch",
        "health.beat:audit",
    ]
