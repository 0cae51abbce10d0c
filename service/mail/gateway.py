"""The only file that speaks SMTP. Two kinds of error: try again (kit.errors.TryAgain), and never (Refused)."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from config.brand import Brand
from config.settings import Settings
from service.kit.errors import TryAgain
from service.mail.rules import Rendered

LINK_HEADER = "List-Unsubscribe"
TIMEOUT_SECONDS = 15  # for each step of the dialogue, of which there are about eight: well inside the lease


class _Policy(EmailPolicy):
    """As the library's, but a link of the headers stays in one piece: folded, it would be written in code.

    Lines may be 998 letters long (RFC 5322, 2.1.1).
    """

    def fold(self, name: str, value: str) -> str:
        """The header's lines."""
        return f"{name}: {value}{self.linesep}" if name == LINK_HEADER else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header's lines, as they leave."""
        return self.fold(name, value).encode("ascii") if name == LINK_HEADER else super().fold_binary(name, value)


class Refused(Exception):
    """The server will never take this message."""


class Unreachable(TryAgain):
    """There is no server to speak to: no other message would fare better now."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its address. `id` becomes the Message-ID, the same on every try.

    `unsubscribe_path`: where a mail program posts a single click to (RFC 8058); None for what concerns care.
    """

    id: UUID
    to: str
    rendered: Rendered
    at: datetime
    unsubscribe_path: str | None = None


class Smtp:
    """One kept connection. Use as a context manager; it connects with the first letter."""

    def __init__(self, settings: Settings, brand: Brand) -> None:
        self._settings = settings
        self._brand = brand
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, letter: Letter) -> None:
        """Hand `letter` to the server. Raises TryAgain, Unreachable or Refused."""
        message = self._message(letter)
        try:
            connection = self._connected()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"mail server: {type(error).__name__}") from None
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = next(iter(error.recipients.values()))
            self._after(code, "recipient refused")
        except smtplib.SMTPResponseException as error:
            self._hang_up()
            self._after(error.smtp_code, "refused")
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise TryAgain(f"mail server: {type(error).__name__}") from None

    def _after(self, code: int, what: str) -> None:
        if 500 <= code < 600:
            raise Refused(f"mail server: {what} {code}")
        raise TryAgain(f"mail server: {what} {code}")

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        settings = self._settings
        connection: smtplib.SMTP
        if settings.smtp_security == "tls":
            connection = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS)
            if settings.smtp_security == "starttls":
                connection.starttls(context=ssl.create_default_context())
        if settings.smtp_user and settings.smtp_password:
            connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        self._connection = connection
        return connection

    def _hang_up(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.quit()
        except (smtplib.SMTPException, OSError):
            self._connection.close()
        self._connection = None

    def _message(self, letter: Letter) -> EmailMessage:
        brand = self._brand
        domain = brand.sender_address.partition("@")[2]
        message = EmailMessage(policy=_Policy())
        message["From"] = Address(display_name=brand.sender_name, addr_spec=brand.sender_address)
        message["To"] = Address(addr_spec=letter.to)
        message["Reply-To"] = Address(addr_spec=brand.reply_address)
        message["Subject"] = letter.rendered.subject
        message["Date"] = format_datetime(letter.at)
        message["Message-ID"] = f"<{letter.id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        if letter.unsubscribe_path is not None:
            message[LINK_HEADER] = f"<{self._settings.public_url.rstrip('/')}{letter.unsubscribe_path}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(letter.rendered.text)
        message.add_alternative(letter.rendered.html, subtype="html")
        return message
