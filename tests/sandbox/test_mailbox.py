"""The sandbox's mailbox: takes mail, shows it, and fails when told to."""

from __future__ import annotations

import json
import smtplib
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from config.settings import HOUSE
from service.sandbox.ports import free_ports
from service.sandbox.supervisor import Supervisor


@dataclass
class Box:
    """A mailbox in its own process, and how to speak to it."""

    data: Path
    supervisor: Supervisor
    smtp_port: int = 0
    http_port: int = 0

    def start(self) -> None:
        self.smtp_port, self.http_port = free_ports(2)
        command: list[str | Path] = [sys.executable, "-m", "service.sandbox.mailbox", "--data", self.data]
        command += ["--smtp-port", str(self.smtp_port), "--http-port", str(self.http_port)]
        self.supervisor.start("mailbox", command, stage=1)
        self.supervisor.wait_until(self.answers, "The mailbox does not answer", seconds=20)

    def answers(self) -> bool:
        try:
            return bool(self.get("/api/mails").status == 200)
        except urllib.error.URLError:
            return False

    def get(self, path: str) -> Any:
        return urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=5)

    def page(self, path: str) -> str:
        return str(self.get(path).read().decode())

    def mails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.load(self.get("/api/mails"))
        return found

    def plan(self, *answers: str) -> None:
        url = f"http://127.0.0.1:{self.http_port}/api/faults"
        urllib.request.urlopen(urllib.request.Request(url, json.dumps({"next": answers}).encode()), timeout=5).close()

    def send(self, subject: str = "Your visit", html: str = "") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "care@homeward.example", "ana@example.com", subject
        mail["Message-ID"] = f"<{subject.replace(' ', '-')}@homeward.example>"
        mail.set_content("Follow http://localhost:8000/visits?a=1&b=2 to see it.")
        if html:
            mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as smtp:
            smtp.send_message(mail)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    supervisor = Supervisor(tmp_path, {}, HOUSE)
    box = Box(tmp_path / "mailbox", supervisor)
    box.start()
    yield box
    supervisor.end()


def test_a_mail_arrives_and_is_shown_with_links_to_follow(box: Box) -> None:
    box.send(html="<html><head></head><body><p style='color:red'>Hello</p></body></html>")
    (mail,) = box.mails()
    assert mail["to"] == "ana@example.com"
    assert mail["subject"] == "Your visit"
    assert "Your visit" in box.page("/")
    page = box.page(f"/mail/{mail['id']}")
    assert '<a href="http://localhost:8000/visits?a=1&amp;b=2">' in page
    assert f'src="/mail/{mail["id"]}/html"' in page


def test_pages_run_nothing_and_a_mail_is_locked_into_its_frame(box: Box) -> None:
    box.send(html="<script>steal()</script><p>Hello</p>")
    (mail,) = box.mails()
    policy = box.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    with box.get(f"/mail/{mail['id']}/html") as frame:
        policy, body = frame.headers["Content-Security-Policy"], frame.read().decode()
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert body.startswith('<base target="_blank">')
    assert "<script>" not in box.page(f"/mail/{mail['id']}")


def test_mails_are_still_there_after_a_restart(box: Box) -> None:
    box.send()
    box.supervisor.end()
    box.supervisor._children.clear()
    box.start()
    assert [mail["subject"] for mail in box.mails()] == ["Your visit"]


def test_it_refuses_for_now_or_for_good_when_told_and_then_takes_mail_again(box: Box) -> None:
    box.plan("451", "550")
    for code in (451, 550):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            box.send()
        assert refused.value.smtp_code == code
    box.send()
    assert len(box.mails()) == 1


def test_a_mail_taken_without_a_word_is_known_when_it_comes_again(box: Box) -> None:
    box.plan("taken-then-drop")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        box.send()
    box.send()
    (mail,) = box.mails()
    assert mail["copies"] == 2


def test_an_unknown_mail_is_not_found(box: Box) -> None:
    with pytest.raises(urllib.error.HTTPError) as answer:
        box.get("/mail/999999")
    assert answer.value.code == 404
    answer.value.close()


def test_it_stands_in_for_the_video_vendor_and_says_which_room_was_opened(box: Box) -> None:
    page = box.page("/video/a-room-with-a-long-and-random-name")
    assert "a-room-with-a-long-and-random-name" in page
    assert "Where you came from</dt><dd>not told" in page


@pytest.mark.parametrize("name", ["short", "%3Cscript%3Ealert(1)%3C%2Fscript%3E-long-enough", "a" * 200])
def test_what_is_no_rooms_name_opens_nothing(box: Box, name: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        box.page(f"/video/{name}")
