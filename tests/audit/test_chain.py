"""The sealer at work, with several real connections."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from service.audit import actions, queries, writes
from service.audit.actions.seal import LOCK
from service.kit import db
from service.kit.clock import wall_now
from service.kit.ids import new_id
from tests.audit.conftest import STAFF, Trail


def seal() -> int:
    return actions.seal(wall_now=wall_now())


def test_what_was_committed_is_sealed_once_and_the_chain_holds(trail: Trail) -> None:
    trail.note(5)
    assert seal() == 5
    assert seal() == 0
    trail.note(2)
    assert seal() == 2
    found = trail.verify()
    assert (found.links, found.head, found.findings) == (7, 7, ())


def test_batches_join_into_one_chain(trail: Trail) -> None:
    trail.note(11)
    assert actions.seal(wall_now=wall_now(), batch=3) == 11
    assert trail.verify().links == 11


def test_an_entry_that_is_committed_late_comes_later_in_the_chain(trail: Trail) -> None:
    late = db.connect(trail.url("app"))
    with Session(late) as session:
        writes.record(session, STAFF, "record.view", "membership")
        session.flush()  # it has the lower id, and is not committed yet
        trail.note(2)
        assert seal() == 2
        session.commit()
    assert seal() == 1
    late.dispose()
    assert [row.entry_id for row in trail.rows("SELECT entry_id FROM audit_links ORDER BY position")] == [2, 3, 1]
    assert trail.verify().holds


def test_requests_in_many_connections_lose_nothing_while_the_sealer_runs(trail: Trail) -> None:
    done = threading.Event()

    def sealing() -> None:
        while not done.is_set():
            actions.seal(wall_now=wall_now(), batch=7)

    with ThreadPoolExecutor(8) as pool:
        sealers = [pool.submit(sealing) for _ in range(2)]
        for request in [pool.submit(trail.note, 40) for _ in range(6)]:
            request.result()
        done.set()
        for one in sealers:
            one.result()
    seal()
    found = trail.verify()
    assert (found.links, found.findings) == (240, ())


def test_two_sealers_take_turns_and_the_second_does_not_wait(trail: Trail) -> None:
    trail.note(3)
    with trail.hand.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        assert seal() == 0
    assert seal() == 3


def test_a_sealer_that_is_killed_in_the_middle_leaves_nothing_half_done(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.note(6)
    unsealed = queries.unsealed

    def and_die(session: Session, *rest: object) -> object:
        found = unsealed(session, *rest)  # type: ignore[arg-type]
        if len(found) < 3:  # the second batch
            return found
        if trail.rows("SELECT count(*) AS n FROM audit_links")[0].n:
            own = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
            trail.rows(f"SELECT pg_terminate_backend({own})")
        return found

    monkeypatch.setattr(queries, "unsealed", and_die)
    with pytest.raises(Exception, match=r"terminat|closed|server"):
        actions.seal(wall_now=wall_now(), batch=3)
    monkeypatch.undo()
    assert trail.rows("SELECT count(*) AS n FROM audit_links")[0].n == 3
    assert seal() == 3
    assert trail.verify().holds


def test_requests_never_wait_for_the_sealer(trail: Trail) -> None:
    trail.note(2)
    with trail.hand.begin() as sealing:
        sealing.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        sealing.execute(text("LOCK TABLE audit_links IN ROW EXCLUSIVE MODE"))
        trail.note(1)
    assert seal() == 3


def test_after_a_long_pause_everything_is_sealed_all_the_same(trail: Trail) -> None:
    trail.note(2)
    seal()
    trail.tamper("UPDATE audit_entries SET at = at - interval '3 days'")
    trail.tamper("DELETE FROM audit_links")
    seal()
    trail.note(1)  # three days later
    assert seal() == 1


def test_a_machine_whose_clock_runs_ahead_does_not_hide_what_others_write(trail: Trail) -> None:
    trail.note(1)
    trail.tamper("UPDATE audit_entries SET at = at + interval '2 hours'")
    seal()
    trail.note(1)
    assert seal() == 1


def test_a_long_chain_is_not_read_to_find_what_is_new(trail: Trail) -> None:
    """The work of an empty tick is the same after a hundred entries and after many thousands."""
    fill = text(
        "INSERT INTO audit_entries (at, actor_kind, action, subject_kind, outcome)"
        " SELECT now() - interval '30 days' + n * interval '20 seconds', 'system', 'x', 'x', 'done'"
        " FROM generate_series(1, :n) n"
    )
    link = text(
        "INSERT INTO audit_links (position, entry_id, hash, sealed_at)"
        " SELECT row_number() OVER (ORDER BY id), id, sha256(id::text::bytea), at FROM audit_entries"
    )
    # What an ANALYZE says that ran while the first links were being written, and were not yet to be seen.
    empty = text("UPDATE pg_class SET reltuples = 0, relpages = 700 WHERE relname = 'audit_links'")
    touched = []
    for number, misled in ((100, False), (60_000, False), (60_000, True)):
        with trail.hand.begin() as connection:
            connection.execute(text("TRUNCATE audit_links, audit_entries"))
            connection.execute(fill, {"n": number})
            connection.execute(link)  # without ANALYZE: the plan must not depend on fresh statistics
            if misled:
                connection.execute(empty)
        with db.reading() as session:
            queries.read_only_the_window(session)
            since = queries.newest(session).since
            assert queries.unsealed(session, since, 2000) == []
            query = queries._unsealed(since, *queries.COLUMNS).order_by(queries.AuditEntry.at, queries.AuditEntry.id)
            compiled = query.limit(2000).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            plan = session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}")).scalar_one()
            top = plan[0]["Plan"]
            touched.append(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
    assert max(touched) < 400, "of about 1,000 pages of entries and 700 of links"
    assert max(touched) <= touched[0] * 3 + 50


def test_the_oldest_unsealed_entry_is_seen(trail: Trail) -> None:
    trail.note(2)
    seal()
    trail.note(1)
    with db.reading() as session:
        since = queries.newest(session).since
        assert queries.oldest_unsealed(session, since, wall_now() - timedelta(seconds=60)) is None
        assert queries.oldest_unsealed(session, since, wall_now() + timedelta(seconds=1)) is not None


def test_a_rolled_back_entry_leaves_no_gap_in_the_chain(trail: Trail) -> None:
    undone = db.connect(trail.url("app"))
    with Session(undone) as session:
        writes.record(session, STAFF, "record.view", "membership", new_id())
        session.flush()
        session.rollback()
    undone.dispose()
    trail.note(1)
    seal()
    assert trail.rows("SELECT position, entry_id FROM audit_links") == [(1, 2)]
