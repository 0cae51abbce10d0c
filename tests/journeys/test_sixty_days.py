"""Two months in a minute: `homeward sandbox advance 60d`, then Ctrl-C, then the same house again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.settings import HOUSE
from service.sandbox import running, walks
from service.sandbox.child import SandboxError
from service.sandbox.walks import Colleague
from tests.journeys.live import PASSWORD, Live, begin, wait_for
from tests.journeys.webhooks import knock, signed, told
from tests.sandbox.processes import all_gone, below

pytestmark = pytest.mark.slow
ZONES = {"ana": "America/New_York", "hugo": "America/New_York", "ella": "America/Chicago"}
BEGAN = datetime(2026, 11, 23, 15, tzinfo=UTC)
NOT_DONE = (  # but for the demo's message about another account, which is never acted upon
    "SELECT count(*) FROM stripe_events WHERE (handled_at IS NULL OR parked_at IS NOT NULL)"
    " AND parked_for IS DISTINCT FROM 'another_account'"
)
RULE_ENDS = datetime(2027, 1, 1, 5, tzinfo=UTC)  # midnight in New York


def sandbox(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service.cli", "sandbox", *words]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def later(live: Live) -> Live:
    """The same sandbox sixty days on."""
    answer = sandbox("advance", "60d", "--data", live.data)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "It is now Fri Jan 22 2027, 10:0" in answer.stdout
    return live


def charges(live: Live, given_name: str) -> list[datetime]:
    """When somebody was charged, as their own receipts say."""
    receipts = live.mails(f"{given_name}@example.com", "receipt")
    return sorted(parsedate_to_datetime(mail["date"]).astimezone(UTC) for mail in receipts)


def test_afterwards_everything_is_ready_and_a_one_time_code_signs_in(later: Live) -> None:
    assert later.ready()
    olive = next(row for row in later.running.people if row["email"] == "olive@staff.example")
    colleague = Colleague(olive["email"], olive["password"], olive["totp_secret"])
    walks.staff_sign_in(later.walker(), colleague).must("Queue")


def test_each_reminder_left_once_on_its_own_day_and_never_at_night(later: Live) -> None:
    sent: Counter[str] = Counter()
    for name, zone in ZONES.items():
        for mail in later.mails(f"{name}@example.com"):
            if "/check-ins/" not in mail["text"]:
                continue
            sent[name] += 1
            here = parsedate_to_datetime(mail["date"]).astimezone(ZoneInfo(zone))
            assert 8 <= here.hour < 20, f"{name} at {here}"
            checkin = walks.path_in(mail, walks.CHECK_IN.pattern).rpartition("/")[2]
            (row,) = later.rows("SELECT due_at FROM checkins WHERE id = :id", id=checkin)
            due = row.due_at.astimezone(ZoneInfo(zone))
            assert (here.date() - due.date()).days in (0, 1), f"{name}: due {due}, sent {here}"
            # Before the demo begins people joined, and their first check-in was due at that hour.
            assert here.hour == 9 or here < BEGAN, f"{name}: at nine on the patient's own clock, not {here}"
    assert min(sent[name] for name in ZONES) >= 2, sent
    about = "coalesce(checkin_id, appointment_id), step"
    twice = f"SELECT count(*) FROM (SELECT 1 FROM reminders GROUP BY {about} HAVING count(*) > 1) AS twice"
    assert later.count(twice) == 0
    keys = "SELECT count(*) - count(DISTINCT message_key) FROM outbox"
    assert later.count(keys) == 0
    stuck = "SELECT count(*) FROM outbox WHERE status IN ('queued', 'failed')"
    assert later.count(stuck) == 0


def test_no_mail_of_the_two_months_came_twice(later: Live) -> None:
    for name in ZONES:
        mails = later.mailbox.mails(f"{name}@example.com")
        assert {int(mail["copies"]) for mail in mails} == {1}


def test_whoever_was_examined_in_person_goes_on_and_the_other_is_not_charged_in_the_new_year(later: Live) -> None:
    ana, hugo, ella = (charges(later, name) for name in ("ana", "hugo", "ella"))
    assert any(at >= datetime(2026, 12, 20, tzinfo=UTC) for at in ana), "Ana's membership goes on"
    assert any(at >= datetime(2026, 12, 1, tzinfo=UTC) for at in hugo), "Hugo was charged while he might be"
    assert all(at < RULE_ENDS for at in hugo), "the gate stopped his next charge"
    assert len(ella) == 1, "a hold stops every charge after the first"
    paid = later.rows(
        "SELECT count(*) AS n FROM invoices WHERE paid_at >= :at AND paid_at < :until GROUP BY membership_id",
        at=RULE_ENDS,
        until=datetime(2027, 1, 22, 15, tzinfo=UTC),
    )
    assert paid == []
    later.signed_in("ana@example.com").get("/billing").must("Next charge")


def test_webhooks_still_verify_and_none_is_left(later: Live) -> None:
    assert later.count(NOT_DONE) == 0
    body = json.dumps(told(later, "invoice.paid")[0]).encode()
    assert knock(later, body, signed(body, later.secrets["webhook_secret"])) == 200


def test_time_does_not_run_backwards_and_other_places_have_no_such_lever(later: Live, tmp_path: Path) -> None:
    back = sandbox("advance", "--until", "2026-11-24T10:00:00-05:00", "--data", later.data)
    assert (back.returncode, "only moves forward" in back.stderr) == (1, True)
    odd = sandbox("advance", "a while", "--data", later.data)
    assert (odd.returncode, "7d" in odd.stderr) == (1, True)
    nowhere = sandbox("advance", "7d", "--data", tmp_path)
    assert (nowhere.returncode, "No sandbox runs" in nowhere.stderr) == (1, True)


def test_ctrl_c_ends_everything_and_the_second_start_is_quick_and_remembers(later: Live) -> None:
    family = below(later.process.pid)
    later.close()
    later.process.send_signal(signal.SIGINT)
    later.process.wait(20)
    assert not all_gone(family, within=2)
    with pytest.raises(SandboxError):
        running.find(later.data)

    began = time.monotonic()
    again = begin(later.data, "--free-ports")
    try:
        found = wait_for(again, later.data)
        assert time.monotonic() - began < max(10, later.ready_after / 2)
        house = Live(later.data, again, found, 0)
        assert house.mover.now() > datetime(2027, 1, 22, 15, tzinfo=UTC)
        walks.the_house_moved(later.running.web, found.web)
        house.signed_in("ana@example.com").get("/home").must("Ana")
        olive = next(row for row in found.people if row["email"] == "ines@staff.example")
        walks.staff_sign_in(house.walker(), Colleague(olive["email"], PASSWORD, olive["totp_secret"])).must("Queue")
        house.close()
    finally:
        again.send_signal(signal.SIGINT)
        again.wait(20)
