"""Mails as files: one .eml each, so that a restart shows them again."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived. Copies under one Message-ID are one mail, as mail programs fold them."""

    id: str
    message_id: str
    to: str
    sender: str
    subject: str
    date: str
    text: str
    html: str
    headers: dict[str, str]
    copies: int = 1

    def as_json(self) -> dict[str, Any]:
        """For the page's API."""
        return {**asdict(self), "from": self.sender}


class Store:
    """All mails, oldest first. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._mails: dict[str, Mail] = {}
        self._faults: list[str] = []
        for path in sorted(folder.glob("*.eml")):
            self._keep(path.stem, path.read_bytes())

    def take(self, content: bytes) -> None:
        """Keep a mail that arrived."""
        with self._lock:
            number = f"{len(list(self._folder.glob('*.eml'))) + 1:06d}"
            path = self._folder / f"{number}.eml"
            path.with_suffix(".part").write_bytes(content)
            path.with_suffix(".part").rename(path)
            self._keep(number, content)

    def _keep(self, number: str, content: bytes) -> None:
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        message_id = str(mail["Message-ID"] or number)
        known = self._mails.get(message_id)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        self._mails[message_id] = Mail(
            id=known.id if known else number,
            message_id=message_id,
            to=str(mail["To"] or ""),
            sender=str(mail["From"] or ""),
            subject=str(mail["Subject"] or ""),
            date=str(mail["Date"] or ""),
            text=str(plain.get_content()) if plain else "",
            html=str(html.get_content()) if html else "",
            headers={name: str(value) for name, value in mail.items()},
            copies=known.copies + 1 if known else 1,
        )

    def mails(self) -> list[Mail]:
        """All of them, oldest first."""
        with self._lock:
            return sorted(self._mails.values(), key=lambda mail: mail.id)

    def mail(self, mail_id: str) -> Mail | None:
        """One of them."""
        return next((mail for mail in self.mails() if mail.id == mail_id), None)

    def plan_faults(self, answers: list[str]) -> None:
        """What to answer to the next messages: "451", "550", "timeout", "taken-then-drop" or "250"."""
        with self._lock:
            self._faults = list(answers)

    def faults(self) -> list[str]:
        """What is still planned."""
        with self._lock:
            return list(self._faults)

    def next_fault(self) -> str:
        """What to answer now."""
        with self._lock:
            return self._faults.pop(0) if self._faults else "250"
