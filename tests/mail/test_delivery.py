"""Mails leave once, over real SMTP, whatever the server does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.brand import brand
from service.accounts import queries as accounts
from service.kit import db
from service.mail import actions, emails, writes
from service.mail.gateway import Smtp
from service.mail.models import OutboxMessage
from service.mail.rules import LEASE, MAX_ATTEMPTS, Email, retry_after
from tests.conftest import House, settings_for
from tests.factories.accounts import a_patient
from tests.mail.server import Server, smtp_server

HELLO = Email("already_registered", {"path": "/sign-in"})


@pytest.fixture
def server() -> Iterator[Server]:
    with smtp_server() as server:
        yield server


class Post:
    """A worker's evening: what it would send, and when."""

    def __init__(self, house: House, server: Server) -> None:
        url = house.settings.database_url.get_secret_value()
        self.house, self.settings = house, settings_for(url, SMTP_PORT=str(server.port))
        self.wall = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
        self.wanted = True

    def deliver(self) -> int:
        with Smtp(self.settings, brand(self.settings.config_dir)) as transport:
            return actions.deliver_due(
                now=lambda: self.house.now,
                wall_now=lambda: self.wall,
                transport=transport,
                render=partial(emails.render, self.settings),
                recipient=accounts.address_of,
                still_wanted=self.still_wanted,
            )

    def still_wanted(self, session: Session, kind: str, subject: UUID) -> bool:
        return self.wanted

    def put(self, key: str = "a", **options: object) -> UUID | None:
        with db.transaction() as session:
            return writes.put(session, HELLO, key=key, now=self.house.now, **options)  # type: ignore[arg-type]

    def put_list_mail(self, path: str) -> None:
        """A mail that a single click unsubscribes from."""
        with db.transaction() as session:
            facts = {"state": "Georgia", "path": "/waitlist/leave/x", "unsubscribe_path": path}
            writes.put(
                session, Email("waitlist_joined", facts), key="list", address="k@example.com", now=self.house.now
            )


@pytest.fixture
def post(house: House, server: Server) -> Post:
    return Post(house, server)


def states() -> list[tuple[str, int]]:
    with db.reading() as session:
        rows = session.execute(select(OutboxMessage.status, OutboxMessage.attempts).order_by(OutboxMessage.id))
        return [(row.status, row.attempts) for row in rows]


def test_a_mail_leaves_once_with_both_texts_and_a_neutral_sender(post: Post, server: Server) -> None:
    ana = a_patient(email="ana@example.com")
    post.put(user_id=ana.user_id)
    assert post.deliver() == 1
    assert post.deliver() == 0
    (mail,) = server.mails
    assert mail["To"] == "ana@example.com"
    assert mail["From"].startswith("Homeward")
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "https://localhost/sign-in" in plain.get_content()
    assert "https://localhost/sign-in" in html.get_content()
    assert states() == [("sent", 1)]


def test_the_same_key_is_one_mail_however_often_it_is_put(post: Post, server: Server) -> None:
    ana = a_patient()
    assert post.put("reminder:1", user_id=ana.user_id) is not None
    assert post.put("reminder:1", user_id=ana.user_id) is None
    post.deliver()
    assert len(server.mails) == 1


@pytest.mark.parametrize("trouble", ["451", "drop"])
def test_a_server_in_trouble_is_met_again_later_with_the_same_message_id(
    post: Post, server: Server, trouble: str
) -> None:
    message_id = post.put(user_id=a_patient().user_id)
    server.answers = [trouble]
    assert post.deliver() == 0
    assert states() == [("queued", 1)]
    assert post.deliver() == 0, "it waits before the second try"
    post.wall += timedelta(seconds=31)
    assert post.deliver() == 1
    (mail,) = server.mails
    assert str(message_id) in mail["Message-ID"]


def test_a_server_that_is_away_loses_nothing(post: Post, house: House) -> None:
    post.put(user_id=a_patient().user_id)
    nobody = Server()
    nobody.port = 1
    away = Post(house, nobody)
    assert away.deliver() == 0
    post.wall += timedelta(minutes=1)
    assert post.deliver() == 1


def test_an_address_that_is_refused_ends_as_failed_and_is_not_tried_again(post: Post, server: Server) -> None:
    post.put(user_id=a_patient().user_id)
    server.answers = ["550"]
    post.deliver()
    post.wall += timedelta(days=1)
    post.deliver()
    assert states() == [("failed", 1)]


def test_trying_ends_after_about_an_hour_in_a_state_people_can_see(post: Post, server: Server) -> None:
    post.put(user_id=a_patient().user_id)
    server.answers = ["451"] * 20
    waited = timedelta(0)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        post.deliver()
        wait = retry_after(attempt) or timedelta(0)
        waited += wait
        post.wall += wait + timedelta(seconds=1)
    assert states() == [("failed", MAX_ATTEMPTS)]
    assert timedelta(minutes=45) < waited < timedelta(minutes=90)


def test_a_worker_killed_before_the_server_took_it_leaves_a_row_that_another_sends(post: Post, server: Server) -> None:
    post.put(user_id=a_patient().user_id)

    class Killed(BaseException):
        pass

    class Dying:
        def send(self, letter: object) -> None:
            raise Killed

    with pytest.raises(Killed):
        actions.deliver_due(
            now=lambda: post.house.now,
            wall_now=lambda: post.wall,
            transport=Dying(),
            render=partial(emails.render, post.settings),
            recipient=accounts.address_of,
            still_wanted=post.still_wanted,
        )
    assert post.deliver() == 0, "its lease still stands"
    post.wall += LEASE + timedelta(seconds=1)
    assert post.deliver() == 1
    assert len(server.mails) == 1


def test_what_is_no_longer_wanted_is_looked_at_again_and_skipped(post: Post, server: Server) -> None:
    post.put(user_id=a_patient().user_id, wanted_while=f"checkin_open:{uuid4()}")
    post.wanted = False
    post.deliver()
    assert (server.mails, states()) == ([], [("skipped", 1)])


def test_a_mail_that_comes_too_late_is_not_sent(post: Post, server: Server, house: House) -> None:
    post.put(user_id=a_patient().user_id, send_before=house.now + timedelta(hours=1))
    house.at(house.now + timedelta(hours=2))
    post.deliver()
    assert (server.mails, states()) == ([], [("expired", 1)])


def test_a_mail_for_later_waits_for_its_moment(post: Post, server: Server, house: House) -> None:
    post.put(user_id=a_patient().user_id, send_at=house.now + timedelta(hours=1))
    assert post.deliver() == 0
    house.at(house.now + timedelta(hours=1))
    assert post.deliver() == 1


def test_a_closed_account_gets_nothing(post: Post, server: Server, house: House) -> None:
    from service.accounts.models import User

    ana = a_patient()
    post.put(user_id=ana.user_id)
    with db.transaction() as session:
        session.get_one(User, ana.user_id).deactivated_at = house.now
    post.deliver()
    assert (server.mails, states()) == ([], [("skipped", 1)])


def test_one_mail_that_cannot_be_written_does_not_stop_the_next(post: Post, server: Server) -> None:
    ana = a_patient()
    with db.transaction() as session:
        broken = Email("no_such_template", {})
        writes.put(session, broken, key="broken", now=post.house.now, user_id=ana.user_id)
    post.put("whole", user_id=ana.user_id)
    assert post.deliver() == 1
    assert states() == [("queued", 1), ("sent", 1)]


def test_a_name_with_a_line_break_cannot_add_a_header(post: Post, server: Server) -> None:
    ana = a_patient(given_name="Ana\r\nBcc: everybody@example.com")
    post.put(user_id=ana.user_id)
    post.deliver()
    (mail,) = server.mails
    assert mail["Bcc"] is None


def test_a_row_that_cannot_be_opened_stops_no_other_and_ends_in_sight(post: Post, server: Server) -> None:
    broken = post.put("broken", user_id=a_patient().user_id)
    with db.transaction() as session:
        session.get_one(OutboxMessage, broken).facts_sealed = b"sealed with a key that is gone"
    post.put("whole", user_id=a_patient().user_id)
    assert post.deliver() == 1
    for attempt in range(2, MAX_ATTEMPTS + 1):
        post.wall += (retry_after(attempt - 1) or timedelta(0)) + timedelta(seconds=1)
        post.deliver()
    assert sorted(states()) == [("failed", MAX_ATTEMPTS), ("sent", 1)]


def test_a_call_for_help_leaves_before_a_morning_of_reminders(post: Post, server: Server, house: House) -> None:
    ana = a_patient()
    for number in range(3):
        post.put(f"reminder:{number}", user_id=ana.user_id)
    house.at(house.now + timedelta(minutes=5))
    with db.transaction() as session:
        writes.put(
            session, Email("alert_raised", {"path": "/staff/alerts"}), key="b", now=house.now, user_id=ana.user_id
        )
    post.deliver()
    assert "/staff/alerts" in server.mails[0].as_string()


def test_a_server_that_is_away_for_a_day_costs_no_mail(post: Post, house: House) -> None:
    post.put(user_id=a_patient().user_id)
    nobody = Server()
    nobody.port = 1
    away = Post(house, nobody)
    for _ in range(30):
        away.deliver()
        away.wall += timedelta(hours=1)
    assert states() == [("queued", 0)]
    post.wall = away.wall
    assert post.deliver() == 1


def test_a_mail_of_a_list_can_be_left_by_one_click_in_a_mail_program_and_no_other_can(
    post: Post, server: Server
) -> None:
    """RFC 8058: both headers, the link whole and readable, however long it is."""
    secret = "a-b_c" * 40
    post.put_list_mail(f"/waitlist/unsubscribe/{secret}")
    post.put(address="ana@example.com")
    assert post.deliver() == 2
    of_list, of_care = sorted(server.mails, key=lambda mail: "List-Unsubscribe" not in mail)
    assert of_list["List-Unsubscribe"] == f"<https://localhost/waitlist/unsubscribe/{secret}>"
    assert of_list["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (
        f"List-Unsubscribe: <https://localhost/waitlist/unsubscribe/{secret}>".encode() in server.raw[0] + server.raw[1]
    )
    assert "Example Avenue" in of_list.get_body(("plain",)).get_content(), "and where we are"  # type: ignore[union-attr]
    assert "List-Unsubscribe" not in of_care
    assert "List-Unsubscribe-Post" not in of_care
