"""One use case, one transaction; jobs leave only after the facts are safe."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from service.kit import db, queue
from service.kit.ids import new_id, token_hash
from service.kit.models import Heartbeat
from tests.conftest import House


def add(session: object, name: str, house: House) -> None:
    session.add(Heartbeat(name=name, beat_at=house.now))  # type: ignore[attr-defined]


def names() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Heartbeat.name)))


def test_a_job_is_published_after_the_commit_and_not_before(house: House) -> None:
    with db.transaction() as session:
        add(session, "a", house)
        queue.enqueue(session, "mail.deliver_due")
        assert house.jobs == []
    assert [job.name for job in house.jobs] == ["mail.deliver_due"]


def test_a_use_case_that_fails_saves_nothing_and_sends_nothing(house: House) -> None:
    def fails_at_the_end() -> None:
        with db.transaction() as session:
            add(session, "a", house)
            queue.enqueue(session, "mail.deliver_due")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_at_the_end()
    assert (names(), house.jobs) == ([], [])


def test_a_use_case_never_opens_a_second_transaction_inside_its_first(house: House) -> None:
    with db.transaction(), pytest.raises(RuntimeError), db.transaction():
        pass


def test_the_facts_are_kept_when_the_broker_is_away(house: House) -> None:
    def away(job: queue.Job) -> None:
        raise ConnectionError

    queue.use(away)
    with db.transaction() as session:
        add(session, "a", house)
        queue.enqueue(session, "mail.deliver_due")
    assert names() == ["a"]


def test_a_broker_that_is_really_away_is_noticed_quickly_and_then_left_alone(house: House) -> None:
    publisher = queue.CeleryPublisher("redis://127.0.0.1:1/0")
    for _ in range(2):
        with pytest.raises((ConnectionError, OSError, Exception)):
            publisher(queue.Job("mail.deliver_due"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("mail.deliver_due", "mail"), ("safety.escalate_due", "safety"), ("checkins.open", "default")],
)
def test_each_domain_with_a_queue_of_its_own_uses_it(name: str, expected: str) -> None:
    assert queue.queue_of(name) == expected


def test_ids_sort_by_time_and_tokens_are_stored_as_hashes() -> None:
    first, second = new_id(), new_id()
    assert first.version == 7
    assert first.int >> 80 <= second.int >> 80
    assert len(token_hash("a token")) == 32
