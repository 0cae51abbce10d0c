"""Which texts are signed, which are still to sign, and in what order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from service.catalog.rules.consents import ConsentDocument

FIRST = "esign"  # 15 U.S.C. 7001(c): agreeing to sign on a screen comes before signing on one
CARE_NEEDS = ("joining", "before_visit", "after_approval")  # what the one gate asks for
NOTICE = timedelta(days=14)  # how long before its day a new version is announced and may be signed: our default


@dataclass(frozen=True, slots=True)
class Signature:
    """That a text was signed: which key, of which state ("" for all), which version, and when.

    `ends_on` is the last day on which it counts. `declined`: it was offered, and the patient would rather not sign.
    """

    key: str
    state: str
    version: int
    sha256: str
    accepted_at: datetime
    id: UUID | None = None
    ends_on: date | None = None
    declined: bool = False
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One text to sign. `signed_at` is None until it is; `may_sign` is False while another must come first.

    `signed_before`: an earlier version is signed, so that the text says what it changes. `withdrawn_at`: when it was
    last taken back. `coming`: it holds only from its day, and may be signed now.
    """

    document: ConsentDocument
    signed_at: datetime | None
    may_sign: bool
    signed_before: bool = False
    signature: Signature | None = None
    declined_at: datetime | None = None
    withdrawn_at: datetime | None = None
    coming: bool = False


def standing(signatures: Iterable[Signature], on: date | None = None) -> tuple[Signature, ...]:
    """Those that count on that day: given, not taken back, not over."""
    return tuple(
        one
        for one in signatures
        if not one.declined and one.withdrawn_at is None and (one.ends_on is None or on is None or on <= one.ends_on)
    )


def tasks(
    documents: Iterable[ConsentDocument], signatures: Iterable[Signature], on: date | None = None
) -> tuple[Task, ...]:
    """Every current text with where it stands. An older version, another state's text, one that was taken back or is
    over does not count; a newer one that was signed before its day does.
    """
    documents, signatures = tuple(documents), tuple(signatures)
    counts = standing(signatures, on)
    signed = {document.key: _covering(document, counts) for document in documents}
    ready = signed.get(FIRST) is not None or all(document.key != FIRST for document in documents)
    return tuple(
        _task(
            document,
            signed[document.key],
            [one for one in signatures if one.key == document.key],
            may_sign=ready or document.key == FIRST or document.when == "joining",
        )
        for document in documents
    )


def coming(documents: Iterable[ConsentDocument], now_due: tuple[Task, ...]) -> tuple[Task, ...]:
    """Of texts that hold soon, those for which whoever signed the version before them is asked already.

    `now_due` are the tasks of today. Whoever has not signed today's text signs that one first.
    """
    today = {task.document.key: task for task in now_due}
    found = []
    for document in documents:
        task = today.get(document.key)
        if task is None or task.signature is None or task.document == document:
            continue
        one = task.signature
        if (one.state, one.version) != (document.state, document.version):
            found.append(
                replace(task, document=document, signed_at=None, signature=None, signed_before=True, coming=True)
            )
    return tuple(found)


def all_blocking_signed(tasks: Iterable[Task]) -> bool:
    """Is every text that care waits for signed? With no such text at all the answer is no: something is missing.

    What is asked for before a session is not among them: `ready_for_session` has that as well.
    """
    return _signed(tasks, CARE_NEEDS)


def ready_for_visit(tasks: Iterable[Task]) -> bool:
    """May a visit by video begin, as far as texts go (domain.md 6: before the encounter)?"""
    return _signed(tasks, ("before_visit",))


def ready_for_session(tasks: Iterable[Task]) -> bool:
    """May a session start, as far as texts go?"""
    return _signed(tasks, (*CARE_NEEDS, "before_session"))


def _signed(tasks: Iterable[Task], when: tuple[str, ...]) -> bool:
    blocking = [task for task in tasks if task.document.blocking and task.document.when in when]
    return bool(blocking) and all(task.signed_at is not None for task in blocking)


def _covering(document: ConsentDocument, signatures: Iterable[Signature]) -> Signature | None:
    """The latest signature under this text or a newer version of it."""
    found = [
        one
        for one in signatures
        if (one.key, one.state) == (document.key, document.state) and one.version >= document.version
    ]
    return max(found, key=lambda one: (one.version, one.accepted_at), default=None)


def _task(document: ConsentDocument, signature: Signature | None, history: list[Signature], *, may_sign: bool) -> Task:
    same = [one for one in history if (one.state, one.version) == (document.state, document.version)]
    return Task(
        document,
        signature.accepted_at if signature else None,
        may_sign,
        signed_before=any(one.version < document.version and not one.declined for one in history),
        signature=signature,
        declined_at=max((one.accepted_at for one in same if one.declined), default=None),
        withdrawn_at=max((one.withdrawn_at for one in history if one.withdrawn_at), default=None),
    )
