"""What counts as signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from service.catalog.rules.consents import ConsentDocument
from service.consent.rules import Signature, all_blocking_signed, tasks

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
FIRST = ConsentDocument(
    key="esign",
    version=2,
    state="",
    title="Signing here",
    in_short="",
    statement="",
    body="",
    blocking=True,
    order=10,
    effective_on=date(2026, 1, 1),
    values=(),
    sha256="",
)
SECOND = replace(FIRST, key="telehealth", state="NJ", order=20)
EXTRA = replace(FIRST, key="comm_email", blocking=False, order=30)


def _signature(document: ConsentDocument, **changes: object) -> Signature:
    made = Signature(document.key, document.state, document.version, "", AT)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_every_blocking_text_counts_and_the_others_do_not() -> None:
    signed = [_signature(FIRST), _signature(SECOND)]
    assert all_blocking_signed(tasks([FIRST, SECOND, EXTRA], signed))
    assert not all_blocking_signed(tasks([FIRST, SECOND, EXTRA], signed[:1]))


def test_an_older_version_does_not_count() -> None:
    assert not all_blocking_signed(tasks([FIRST], [_signature(FIRST, version=1)]))


def test_another_states_text_does_not_count() -> None:
    assert not all_blocking_signed(tasks([SECOND], [_signature(SECOND, state="FL")]))


def test_no_text_at_all_is_a_no() -> None:
    assert not all_blocking_signed(())


def test_only_the_first_may_be_signed_until_it_is() -> None:
    assert [task.may_sign for task in tasks([FIRST, SECOND], [])] == [True, False]
    assert [task.may_sign for task in tasks([FIRST, SECOND], [_signature(FIRST)])] == [True, True]
