"""`homeward smoke`: a sandbox of its own, and the whole journey over real HTTP, mail and Celery.

It never writes to the database. Each step is printed with its time; the first that does not hold ends it with status 1.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import click

from service.sandbox import alerts, postgres, walks
from service.sandbox.advance import Mover
from service.sandbox.child import SandboxError
from service.sandbox.people import CLINIC, PASSWORD, RULE_ENDS
from service.sandbox.running import Running, find
from service.sandbox.walker import Page, Walker, WalkError
from service.sandbox.walks import Colleague, Mailbox, Person

START = "2026-11-23T10:00:00-05:00"
READY_SECONDS = 150
NORA = Person("Nora", "Ellis", "nora@example.com", PASSWORD, "32801")
CLINICIAN, COORDINATOR = "noah@staff.example", "ines@staff.example"


class Journey:
    """One walk. `step` prints what held and how long it took."""

    def __init__(self, sandbox: Running) -> None:
        self.sandbox = sandbox
        self.mover = Mover(sandbox, lambda line: print(f"      {line.strip()}"))
        self.mailbox = Mailbox(sandbox.mailbox)
        self.start = self.mover.now()
        self.visitor, self.nora = Walker(sandbox.web), Walker(sandbox.web)
        self.clinician, self.coordinator = Walker(sandbox.web), Walker(sandbox.web)
        self.check_in_path = ""
        self.calls_before = 0
        self.visit_at = self.member_since = self.start

    def late(self) -> bool:
        """Does this walk begin after the federal telemedicine authority has ended?"""
        return self.start.date() >= RULE_ENDS

    def colleague(self, email: str) -> Colleague:
        row = next(row for row in self.sandbox.people if row["email"] == email)
        return Colleague(email, row["password"], row["totp_secret"])

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """The journey, in order."""
        return [
            ("everything is ready, and says so", self.ready),
            ("a member in New Jersey sees the next charge", self.new_jersey),
            ("a visitor from another state meets a kind no and may wait", self.elsewhere),
            ("an emergency answer is met with help, and staff see it", self.emergency),
            ("a visitor in Florida takes the assessment, joins and confirms", self.joins),
            ("she books a free consultation", self.books),
            ("a clinician records the decision", self.decides),
            ("a coordinator completes the approval, and she hears of it", self.completes),
            ("nobody pays before signing", self.cannot_pay_yet),
            ("she signs the consents", self.signs),
            ("a forged webhook changes nothing", self.forged_webhook),
            ("she pays on the hosted page, and the signed webhook makes her a member", self.pays),
            ("her check-in is due, and the reminder comes in her own hours", self.reminded),
            ("the mailed link leads, after signing in on a new device, to the check-in", self.follows_the_link),
            ("her answers are scored, and her home shows them", self.scored),
            ("two weeks go by, and the next check-in brings a reminder of its own", self.fortnight),
            ("a worrying answer shows help in the same response", self.worrying),
            ("staff see the alert and acknowledge it; her home says who will call", self.acknowledges),
            ("an alert that nobody acknowledged has climbed", self.climbed),
            *([("an exam on record goes on; without one a charge is stopped", self.block)] if self.late() else []),
            ("everything is still ready", self.ready),
        ]

    def ready(self) -> None:
        with urllib.request.urlopen(f"{self.sandbox.web}/health/ready".replace("localhost", "127.0.0.1")) as answer:
            found = json.load(answer)
        if answer.status != 200 or set(found["parts"].values()) != {"ok"}:
            raise WalkError(f"not ready: {found}")

    def elsewhere(self) -> None:
        page = walks.assess(self.visitor, {**walks.CALM_ANSWERS, "zip": "10001"})
        page.must("not open where you live")
        self.visitor.fill({"email": "york@example.com", "state": "NY"}, "email")
        self.mailbox.wait_for("york@example.com", "Confirm")

    def emergency(self) -> None:
        walks.staff_sign_in(self.clinician, self.colleague(CLINICIAN)).must("Queue")
        alerts.acknowledge_all(self.clinician)  # the demo's people raised some: what climbs from now on is ours
        self.calls_before = self._calls_of_the_owner()
        page = walks.assess(Walker(self.sandbox.web), {**walks.CALM_ANSWERS, "safety": "cannot_stay_safe"})
        page.must("Get help now", "911", "988")
        if page.path.endswith("/result"):
            raise WalkError("help came by a redirect, not in the response to the answer")
        self.clinician.get("/staff/alerts").must("May not be able to stay safe now")

    def joins(self) -> None:
        walks.assess(self.nora, {**walks.CALM_ANSWERS, "zip": NORA.zip_code}, NORA.born_on).must("You may qualify")
        walks.join(self.nora, NORA)
        walks.confirm(self.nora, NORA, self.mailbox)
        walks.sign_in(self.nora, NORA.email, NORA.password, self.mailbox).must("Nora")

    def books(self) -> None:
        self.visit_at = walks.book(self.nora, with_whom="Noah")
        self.mailbox.wait_for(NORA.email, "appointment")

    def decides(self) -> None:
        self.mover.move_to(self.visit_at + timedelta(minutes=25))
        exam_on = self.start.date() - timedelta(days=3) if self.late() else None
        if exam_on is not None:
            self._decide(None).must("federal telemedicine authority", status=422)
        self._decide(exam_on).must("signed")

    def _decide(self, exam_on: date | None) -> Page:
        seen_at = self.mover.now().astimezone(CLINIC).strftime("%m/%d/%Y %I:%M %p")
        return walks.record_decision(self.clinician, NORA, state="FL", in_person_exam_on=exam_on, seen_at=seen_at)

    def completes(self) -> None:
        walks.staff_sign_in(self.coordinator, self.colleague(COORDINATOR)).must("Queue")
        walks.complete(self.coordinator, NORA)
        self.mailbox.wait_for(NORA.email, "something to complete")

    def cannot_pay_yet(self) -> None:
        page = self.nora.get("/membership")
        if any("agreed" in {*form.values, *form.choices} for form in page.forms):
            raise WalkError("the payment form is open before the consents are signed")

    def signs(self) -> None:
        # Visits are held by day; whoever began at night signs and pays at night again.
        hour = self.start.astimezone(CLINIC).timetz().replace(tzinfo=None)
        if not time(8) <= hour < time(20):
            self.mover.move_to(datetime.combine(self.mover.now().astimezone(CLINIC).date(), hour, CLINIC))
        if walks.sign_consents(self.nora, NORA) < 5:
            raise WalkError("fewer consents than there should be")

    def forged_webhook(self) -> None:
        body = json.dumps({"id": "evt_forged", "type": "invoice.paid", "object": "event"}).encode()
        status = self.nora.post_raw(
            "/webhooks/stripe", body, {"Stripe-Signature": "t=1,v1=00", "Content-Type": "application/json"}
        )
        if status != 400:
            raise WalkError(f"a forged webhook was answered with {status}")

    def pays(self) -> None:
        walks.pay(self.nora)
        self.member_since = self.mover.now()
        self.nora.until("/billing", "Next charge")
        self.mailbox.wait_for(NORA.email, "receipt")

    def reminded(self) -> None:
        zone = ZoneInfo("America/New_York")
        self.mover.settle()
        there = self.mover.now().astimezone(zone)
        if there.hour >= 20 or there.hour < 8:
            if self._reminders():
                raise WalkError(f"a reminder left at {there:%H:%M}, in quiet hours")
            morning = there.replace(hour=8, minute=0, second=5, microsecond=0)
            self.mover.move_to(morning if there.hour < 8 else morning + timedelta(days=1))
        mail = self._reminder(zone)
        self.check_in_path = walks.path_in(mail, r"^/check-ins/")

    def _reminder(self, zone: ZoneInfo, number: int = 1) -> dict[str, str]:
        end = monotonic() + 25
        while len(found := self._reminders()) < number:
            if monotonic() > end:
                raise WalkError("no reminder came")
            sleep(0.2)
        if len(found) > number:
            raise WalkError("a reminder came more than once")
        sent = parsedate_to_datetime(found[-1]["date"]).astimezone(zone)
        if not 8 <= sent.hour < 20:
            raise WalkError(f"the reminder left at {sent:%H:%M}")
        return found[-1]

    def _reminders(self) -> list[dict[str, str]]:
        return [mail for mail in self.mailbox.mails(NORA.email) if "/check-ins/" in mail["text"]]

    def follows_the_link(self) -> None:
        fresh = Walker(self.sandbox.web)
        page = fresh.get(self.check_in_path)
        if page.path != "/sign-in":
            raise WalkError("the link leads in without signing in")
        page = walks.enter(fresh, NORA.email, NORA.password, self.mailbox)
        if page.path != self.check_in_path:
            raise WalkError(f"after signing in one stands at {page.path}")
        self.nora = fresh

    def scored(self) -> None:
        page, safety = walks.answer_check_in(self.nora, self.check_in_path, [1, 1, 1, 1, 1, 1, 1, 0, 0])
        if safety:
            raise WalkError(f"calm answers were met with an alarm: {safety[0].text[:300]}")
        page.must("7 of 27")
        self.nora.get("/home").must("Nora", "$250.00", "7")

    def fortnight(self) -> None:
        zone = ZoneInfo("America/New_York")
        day = self.member_since.astimezone(zone).date() + timedelta(days=14)
        self.mover.move_to(datetime.combine(day, time(10, 30), zone))
        # She answered the first one before its second nudge: one mail for each check-in, and no more.
        mail = self._reminder(zone, number=2)
        path = walks.path_in(mail, r"^/check-ins/")
        if path == self.check_in_path:
            raise WalkError("the reminder is for a check-in that was answered")
        self.check_in_path = path

    def worrying(self) -> None:
        page, safety = walks.answer_check_in(self.nora, self.check_in_path, [2, 2, 1, 2, 1, 1, 1, 1, 1])
        if not safety:
            raise WalkError(f"no help was shown; the last page was {page.url}: {page.text[:400]}")
        safety[0].must("911", "988")

    def acknowledges(self) -> None:
        self.clinician.get("/staff/alerts").must(NORA.family_name)
        alerts.acknowledge_all(self.clinician)
        self.nora.get("/home").must("Your care team will contact you", "988")

    def climbed(self) -> None:
        # Somebody unknown gave an emergency answer on the first day; the owner is called last, when nobody else came.
        if self._calls_of_the_owner() <= self.calls_before:
            raise WalkError("an alert waited for two weeks, and the owner was never called")

    def _calls_of_the_owner(self) -> int:
        return sum("/staff/alerts" in mail["text"] for mail in self.mailbox.mails("olive@staff.example"))

    def new_jersey(self) -> None:
        """Hugo lives in Newark: his way to a membership is part of the demo, and holds here."""
        hugo = Walker(self.sandbox.web)
        walks.sign_in(hugo, "hugo@example.com", PASSWORD, self.mailbox).must("Hugo", "Next charge")

    def block(self) -> None:
        """After the federal rule has ended: an exam on record goes on, none is paused before the charge."""
        self.mover.move_to(self.start + timedelta(days=19))
        ana, hugo = Walker(self.sandbox.web), Walker(self.sandbox.web)
        walks.sign_in(ana, "ana@example.com", PASSWORD, self.mailbox)
        walks.sign_in(hugo, "hugo@example.com", PASSWORD, self.mailbox)
        ana.get("/billing").must("Next charge")
        hugo.get("/billing").must("Your membership is paused")
        self.clinician.get("/staff/alerts").must("A charge was stopped")


def run(sandbox: Running) -> None:
    """Walk every step. Raises WalkError at the first that does not hold."""
    journey, began = Journey(sandbox), monotonic()
    for words, step in journey.steps():
        at = monotonic()
        step()
        click.echo(f"  {monotonic() - at:5.1f} s  {words}")
    click.echo(f"Every step held: {monotonic() - began:.1f} s.")
    journey.mover.close()


@click.command("smoke")
@click.option("--start", default=START, show_default=True, help="The business moment to begin at, with its offset.")
@click.option("--keep", is_flag=True, help="Keep the data folder.")
def smoke_command(start: str, keep: bool) -> None:
    """Start a sandbox of its own on free ports and walk the whole journey through it."""
    begins = datetime.fromisoformat(start)
    if begins.tzinfo is None:
        raise click.ClickException("--start needs an offset, like 2027-01-02T10:00:00-05:00")
    folder = Path(tempfile.mkdtemp(prefix="homeward-smoke-"))
    try:
        _smoke(folder, start)
    finally:
        if keep:
            click.echo(f"Kept: {folder}")
        else:
            postgres.forget(folder / "postgres")  # as root it is kept elsewhere
            shutil.rmtree(folder, ignore_errors=True)


def _smoke(data: Path, start: str) -> None:
    began = monotonic()
    click.echo(f"Smoke from {start}")
    log = data / "sandbox.log"
    command = [sys.executable, "-m", "service.cli", "sandbox", "--free-ports", "--data", str(data), "--start", start]
    with log.open("wb") as output:
        sandbox = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        running = _wait(sandbox, data, log)
        click.echo(f"  {monotonic() - began:5.1f} s  the sandbox is up, with its demo people")
        run(running)
    except (WalkError, SandboxError) as error:
        raise click.ClickException(f"did not hold: {error}") from None
    finally:
        sandbox.terminate()
        try:
            sandbox.wait(20)
        except subprocess.TimeoutExpired:
            sandbox.kill()


def _wait(sandbox: subprocess.Popen[bytes], data: Path, log: Path) -> Running:
    end = monotonic() + READY_SECONDS
    while monotonic() < end:
        try:
            return find(data)
        except SandboxError as error:
            if sandbox.poll() is not None:
                raise SandboxError(f"the sandbox ended:\n{log.read_text('utf-8', 'replace')[-4000:]}") from None
            if "still starting" not in str(error) and "No sandbox runs" not in str(error):
                raise
            sleep(0.1)
    raise SandboxError(f"the sandbox was not ready in time:\n{log.read_text('utf-8', 'replace')[-4000:]}")
