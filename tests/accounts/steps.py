"""What people do at the second step, through the browser client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from service.accounts.models import OneTimeCode, SignIn, User
from service.audit.models import AuditEntry
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.mail.models import OutboxMessage
from tests.accounts.authenticator import Authenticator
from tests.client import Browser
from tests.factories.accounts import PASSWORD, Person


def mails(user_id: UUID, template: str) -> list[dict[str, object]]:
    """The facts of the mails of one kind to somebody, oldest first."""
    with db.reading() as session:
        rows = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.user_id == user_id, OutboxMessage.template == template)
            .order_by(OutboxMessage.id)
        ).all()
    return [crypto.unseal_json(row.facts_sealed, "outbox", "facts", row.id) for row in rows]


def mailed_code(person: Person) -> str:
    """The newest code that was mailed."""
    return str(mails(person.user_id, "sign_in_code")[-1]["code"])


def changes(person: Person) -> list[object]:
    """What somebody was told of by mail, oldest first."""
    return [facts["what"] for facts in mails(person.user_id, "security_change")]


def trail(action: str) -> list[tuple[str, str | None]]:
    """(outcome, reason) of every entry of one kind."""
    with db.reading() as session:
        rows = session.execute(
            select(AuditEntry.outcome, AuditEntry.reason).where(AuditEntry.action == action).order_by(AuditEntry.id)
        )
        return [(row.outcome, row.reason) for row in rows]


def password(client: Browser, person: Person, **more: str) -> TestResponse:
    """The first half."""
    return client.submit("/sign-in", {"email": person.email, "password": PASSWORD, **more})


def a_minute_later(user_id: UUID) -> None:
    """As if the codes had been mailed a minute earlier."""
    with db.transaction() as session:
        session.execute(
            update(OneTimeCode)
            .where(OneTimeCode.user_id == user_id)
            .values(created_at=OneTimeCode.created_at - timedelta(seconds=61))
        )


def proved_long_ago(user_id: UUID) -> None:
    """As if the last proof were an hour old."""
    an_hour = wall_now() - timedelta(hours=1)
    with db.transaction() as session:
        session.execute(update(SignIn).where(SignIn.user_id == user_id).values(proved_at=None))
        session.execute(
            update(SignIn)
            .where(SignIn.user_id == user_id, SignIn.second_factor_at.is_not(None))
            .values(second_factor_at=an_hour)
        )


def give_totp(person: Person) -> pyotp.TOTP:
    """An app that is set up already."""
    secret = pyotp.random_base32()
    with db.transaction() as session:
        session.get_one(User, person.user_id).totp_sealed = crypto.seal(secret, "users", "totp", person.user_id)
    return pyotp.TOTP(secret)


def take_factor(person: Person, *, set_up_until: datetime | None = None) -> None:
    """Staff without a second step; with `set_up_until`, as an invitation leaves them."""
    with db.transaction() as session:
        user = session.get_one(User, person.user_id)
        user.totp_sealed, user.set_up_until = None, set_up_until


def shown_key(client: Browser) -> str | None:
    """The secret on the page that sets up an app, if one waits there."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get("/settings/second-step/app").text)
    return found.group(1).replace(" ", "") if found else None


def set_up_app(client: Browser) -> pyotp.TOTP:
    """Through the pages: the picture, the key below it, the first code."""
    assert client.submit("/settings/second-step/app/begin").status_code == 303
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", client.get("/settings/second-step/app").text)
    assert found is not None
    totp = pyotp.TOTP(found.group(1).replace(" ", ""))
    answer = client.submit("/settings/second-step/app", {"code": totp.at(wall_now())})
    assert answer.status_code == 303, answer.text
    return totp


def add_passkey(client: Browser, device: Authenticator, name: str = "My phone") -> TestResponse:
    """Through the pages, as the script does it."""
    options = json.loads(client.submit("/settings/second-step/passkeys/ask").text)
    return client.submit("/settings/second-step/passkeys/new", {"name": name, "credential": device.make(options)})


def recovery_codes(client: Browser) -> list[str]:
    """Ten new ones."""
    page = client.submit("/settings/second-step/recovery-codes").text
    return re.findall(r"<code>([0-9a-z]{5}-[0-9a-z]{5})</code>", page)


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> Iterator[None]:
    """The wall clock of the pages goes ahead while the block runs."""
    ahead = wall_now() + timedelta(**by)
    with monkeypatch.context() as patch:
        patch.setattr("service.kit.clock.wall_now", lambda: ahead)
        patch.setattr("service.kit.web.wall_now", lambda: ahead)
        patch.setattr("service.app.wall_now", lambda: ahead)
        yield
