"""Marked values in every field, every journey, every sink read for real: nothing outside the cells of the table.

The table is docs/where-data-may-appear.toml. A mark outside its cells fails, in any spelling; so does a cell that
nothing ever filled, because then the table says more than is true.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from dataclasses import replace as changed

import pytest

from service.keeping import programs
from tests.journeys.live import Live
from tests.journeys.marked_journey import Journey
from tests.journeys.recorder import Seen, watching
from tests.journeys.where import Field, place_of, table
from tests.marks import Mark

pytestmark = pytest.mark.slow
PAGES_OF = ("first", "second", "owner", "clinician on the team", "coordinator", "billing", "auditor")


@dataclass(repr=False)
class Walked:
    """What was seen, and each field with its value."""

    seen: Seen
    fields: dict[str, Field]
    _cells: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def cells(self, one: Field) -> dict[str, list[str]]:
        """Where a field was met: the sinks by the table's names, with the paths of pages."""
        if one.name in self._cells:
            return self._cells[one.name]
        found = self._cells[one.name] = dict[str, list[str]]()
        for sink, paths in self.seen.showing(one.mark, one.printed).items():
            found.setdefault(place_of(sink, one.of), []).extend(paths)
        return found


@pytest.fixture(scope="module")
def walked(live: Live) -> Walked:
    """The journeys, walked; then every sink, read."""
    seen, fields = Seen(), dict(table().fields)
    values = {name: field.value for name, field in fields.items() if field.value}
    with watching(live.running.settings.redis_url.get_secret_value(), seen):
        journey = Journey(live, values, seen)
        journey.everything()
        for who in PAGES_OF:
            journey.look_around(who)
        journey.turned_away()
    for name, mark in journey.new.items():
        fields[name] = changed(fields[name], value=mark.value, also=mark.also)
    read_sinks(live, seen)
    return Walked(seen, fields)


def read_sinks(live: Live, seen: Seen) -> None:
    """What lies on disks and in the database when all is done."""
    for log in (live.data / "logs").glob("*.log"):
        seen.note("logs", log.read_bytes())
    seen.note("logs", (live.data / "printed.log").read_bytes())
    for mail in (live.data / "mailbox").glob("*.eml"):
        seen.note("mail", _decoded(mail.read_bytes()))
    for path in ("/health/live", "/health/ready", "/health/billing"):
        seen.note("health", str(live.state(path)))
    for row in live.rows("SELECT o::text FROM outbox o"):
        seen.note("outbox", row[0])
    for row in live.rows("SELECT a::text FROM audit_entries a"):
        seen.note("audit rows", row[0])
    for line in (live.data / "stripe" / "requests.log").read_text("utf-8").splitlines():
        seen.note("Stripe", line)
    url = live.running.owner_database_url
    command = [programs.find("pg_dump", url), "--compress=0"]
    dump = subprocess.run(command, env=programs.environ(url), check=True, capture_output=True).stdout
    seen.note("database", dump)


def _decoded(raw: bytes) -> bytes:
    """A mail as it was sent, and its parts without their transfer encoding."""
    from email import message_from_bytes, policy

    mail = message_from_bytes(raw, policy=policy.default)
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    return b"\n".join([raw, headers.encode(), *(part for part in parts if isinstance(part, bytes))])


def test_no_mark_is_met_outside_its_cells(walked: Walked) -> None:
    outside = [
        f"{field.name} in {sink}" + (f" ({', '.join(sorted(set(paths))[:4])})" if paths else "")
        for field in walked.fields.values()
        for sink, paths in walked.cells(field).items()
        if sink not in field.may
    ]
    assert not outside, "\n".join(outside)


def test_every_cell_was_filled(walked: Walked) -> None:
    empty = [
        f"{field.name} in {sink}"
        for field in walked.fields.values()
        for sink in field.may
        if sink not in walked.cells(field)
    ]
    assert not empty, "\n".join(empty)


def test_every_field_had_a_value_and_every_sink_had_something_in_it(walked: Walked) -> None:
    assert [field.name for field in walked.fields.values() if not field.value] == []
    pages = {place_of(who, "first") for who in walked.seen.pages}
    assert set(table().sinks) - pages - set(walked.seen.content) - {"own copy", "another's copy"} == set()


def test_a_leak_into_any_sink_would_be_noticed(walked: Walked) -> None:
    mark = walked.fields["family name"].mark
    for sink in walked.seen.content:
        leaky = Seen()
        leaky.note(sink, f"a line that says {mark.value.upper()} somewhere")
        assert set(leaky.showing(mark, ())) == {sink}
    assert not Seen().showing(Mark("nobody", "zqnobody"), ())
