"""The chain's arithmetic."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from service.audit.models import AuditEntry
from service.audit.rules.chain import NOTHING, START, Entry, Head, encode, link
from service.audit.rules.checking import Anchor, Check, Checkpoint

ID = UUID("0190a0b0-c0d0-7000-8000-000000000001")
AT = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
ENTRY = Entry(7, AT, "staff", ID, "record.view", "membership", ID, ID, "care", "192.0.2.7", "done")


def test_every_column_of_the_table_is_in_the_chain_in_the_tables_order() -> None:
    assert tuple(AuditEntry.__table__.columns.keys()) == Entry._fields


def test_the_first_link_is_worked_out_by_hand() -> None:
    parts = [b"7", b"1795253400123456", b"staff", ID.bytes, b"record.view", b"membership", ID.bytes, ID.bytes]
    parts += [b"care", b"192.0.2.7", b"done"]
    written = b"homeward-audit-1" + b"".join(b"\1" + len(part).to_bytes(4, "big") + part for part in parts)
    assert encode(ENTRY) == written
    assert link(START, ENTRY) == hashlib.sha256(bytes(32) + written).digest()


@pytest.mark.parametrize("field", Entry._fields)
def test_a_change_of_any_column_changes_the_hash(field: str) -> None:
    old = getattr(ENTRY, field)
    changes = {int: 8, str: "other", UUID: UUID(int=1), datetime: AT + timedelta(microseconds=1)}
    assert link(START, ENTRY._replace(**{field: changes[type(old)]})) != link(START, ENTRY)
    if field not in ("id", "at"):
        assert link(START, ENTRY._replace(**{field: None})) != link(START, ENTRY)


def test_nothing_can_slip_from_one_column_into_the_next() -> None:
    one = ENTRY._replace(action="record.view", subject_kind="membership")
    other = ENTRY._replace(action="record.viewm", subject_kind="embership")
    empty, absent = ENTRY._replace(reason=""), ENTRY._replace(reason=None)
    assert len({encode(entry) for entry in (one, other, empty, absent)}) == 4


def test_the_same_moment_in_another_zone_is_the_same_bytes() -> None:
    assert encode(ENTRY._replace(at=AT.astimezone(timezone(timedelta(hours=-5))))) == encode(ENTRY)


def chain(number: int, start: Head = NOTHING) -> list[tuple[int, bytes, int, Entry | None]]:
    """A whole chain of `number` links."""
    out: list[tuple[int, bytes, int, Entry | None]] = []
    before = start.hash
    for position in range(start.position + 1, start.position + 1 + number):
        entry = ENTRY._replace(id=position * 10)
        before = link(before, entry)
        out.append((position, before, entry.id, entry))
    return out


def kinds(check: Check, links: list[tuple[int, bytes, int, Entry | None]]) -> list[tuple[str, int | None]]:
    """What is found, and where."""
    for one in links:
        check.feed(*one)
    check.end(0, None)
    return [(finding.kind, finding.position) for finding in check.findings]


def test_a_whole_chain_holds() -> None:
    assert kinds(Check(), chain(9)) == []
    assert kinds(Check(), []) == []


def test_a_changed_entry_is_named_first() -> None:
    links = chain(9)
    position, hash_, entry_id, _ = links[4]
    links[4] = (position, hash_, entry_id, ENTRY._replace(id=entry_id, reason="other"))
    check = Check()
    assert kinds(check, links) == [("broken", 5)]
    assert check.findings[0].entry_id == 50


def test_links_that_changed_places_are_named_as_such() -> None:
    links = chain(9)
    links[2], links[6] = (3, *links[6][1:]), (7, *links[2][1:])
    found = kinds(Check(), links)
    assert found[0] == ("broken", 3)
    assert ("reordered", 7) in found


def test_entries_that_changed_places_under_standing_hashes_are_named_as_such() -> None:
    links = chain(9)
    links[2], links[6] = (3, links[2][1], *links[6][2:]), (7, links[6][1], *links[2][2:])
    assert kinds(Check(), links) == [("broken", 3), ("reordered", 7)]


def test_what_is_gone_is_named() -> None:
    links = chain(9)
    assert kinds(Check(), [*links[:3], *links[5:]]) == [("missing", 4)]
    assert kinds(Check(), links[2:]) == [("missing", 1)]
    assert kinds(Check(), [*links[:3], (*links[3][:3], None), *links[4:]]) == [("entry_removed", 4)]


def anchor(position: int, hash_: bytes, *, signed: bool = True) -> Anchor:
    return Anchor("2026-11-20", position, hash_, position, signed)


def test_anchors_see_a_cut_tail_and_a_chain_written_anew() -> None:
    links = chain(9)
    mark = anchor(8, links[7][1])
    assert kinds(Check(anchors=[mark]), links) == []
    assert kinds(Check(anchors=[mark]), links[:6]) == [("cut_tail", 7)]
    assert kinds(Check(anchors=[anchor(8, bytes(32))]), links) == [("rollback", 8)]
    assert kinds(Check(anchors=[anchor(8, links[7][1], signed=False)]), links) == [("forged_anchor", None)]


def test_after_a_purge_the_chain_goes_on_from_its_checkpoint() -> None:
    links = chain(9)
    made = Checkpoint(4, links[3][1], 4, AT, signed=True)
    assert kinds(Check([made], [anchor(4, links[3][1]), anchor(8, links[7][1])]), links[4:]) == []
    assert kinds(Check([made], [anchor(4, bytes(32))]), links[4:]) == [("rollback", 4)]
    assert kinds(Check([replace(made, signed=False)]), links[4:]) == [("forged_checkpoint", 4)]
    assert kinds(Check([replace(made, removed=3)]), links[4:]) == [("forged_checkpoint", 4)]
    assert kinds(Check([replace(made, hash=bytes(32))]), links[4:]) == [("broken", 5)]
    assert kinds(Check([made]), links)[0] == ("not_purged", 1)


def test_a_thousand_findings_are_counted_and_fifty_told() -> None:
    check = Check()
    for position, hash_, entry_id, _ in chain(1000):
        check.feed(position, hash_, entry_id, ENTRY)
    check.end(0, None)
    assert len(check.findings) == 50
    assert check.told_not >= 900
