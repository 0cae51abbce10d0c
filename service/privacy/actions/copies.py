"""A copy of one's own data: asked for, made by a job, fetched, gone after a while. Every moment is wall time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.brand import brand
from service.accounts import queries as accounts
from service.accounts.models import Patient
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.kit import crypto, db, queue
from service.kit.actor import SYSTEM, Actor
from service.kit.errors import NotAllowed, NotFound, Rejected, words
from service.kit.ids import new_id
from service.mail import writes as mail
from service.privacy import emails, gateway, queries, rules
from service.privacy.models import DataExport

log = structlog.get_logger(__name__)
NO_SUCH_COPY = NotFound("no_such_copy", words("We could not find that copy."))
EXPIRED = NotFound("copy_expired", words("This copy is no longer here. Ask for a new one: it has what is true now."))


@dataclass(frozen=True, slots=True)
class File:
    """A file to hand out."""

    name: str
    content: bytes


def ask_copy(*, actor: Actor, wall_now: datetime) -> None:
    """Ask for a copy of everything. Asking while one is being made is the same wish.

    Raises NotAllowed for anybody but a patient, Rejected after the third one on a day.
    """
    patient_id = _own(actor)
    with db.transaction() as session:
        today = select(func.count()).where(
            DataExport.patient_id == patient_id, DataExport.asked_at > wall_now - timedelta(days=1)
        )
        waiting = session.scalar(
            select(DataExport.id).where(DataExport.patient_id == patient_id, DataExport.status == "asked")
        )
        if waiting is None and (session.scalar(today) or 0) >= rules.ASKS_A_DAY:
            raise Rejected(
                "enough_copies", words("You have asked for several copies today. You can ask again tomorrow.")
            )
        made = insert(DataExport).values(
            id=new_id(), patient_id=patient_id, status="asked", attempts=0, asked_at=wall_now
        )
        made = made.on_conflict_do_nothing(index_elements=["patient_id"], index_where=DataExport.status == "asked")
        added = session.execute(made.returning(DataExport.id)).scalar()
        if added is not None:
            audit.record(session, actor, "copy.ask", "copy", added, patient_id=patient_id)
            queue.enqueue(session, "privacy.make_copy", copy_id=str(added))


def make_copy(
    *, copy_id: UUID, catalog: Catalog, templates_dir: Path, config_dir: Path, now: datetime, wall_now: datetime
) -> bool:
    """Make both files of one copy. False when there was nothing to do, or it went wrong (then it is tried again).

    A worker that dies half way leaves a claim that runs out; after the third try it has failed, where staff see it.
    """
    patient_id = _claim(copy_id, wall_now)
    if patient_id is None:
        return False
    try:
        with db.reading() as session:
            person = accounts.patient(session, patient_id)
            sections = queries.copy_of(session, patient_id, catalog)
        practice = brand(config_dir).name
        exact = rules.as_json(sections, made_at=wall_now, practice=practice, left_out=queries.LEFT_OUT)
        content = _pages(sections, practice, person.time_zone, wall_now)
        files = {
            "json": json.dumps(exact, ensure_ascii=False, indent=1).encode("utf-8", "replace"),
            "pdf": gateway.pdf(content, templates_dir=templates_dir, made_at=wall_now),
        }
    except Exception as error:
        log.exception("a copy could not be made", copy=str(copy_id), error=type(error).__name__)
        _put_back(copy_id, wall_now)
        return False
    return _keep(copy_id, files, catalog, now, wall_now)


def sweep_copies(
    *, catalog: Catalog, templates_dir: Path, config_dir: Path, now: datetime, wall_now: datetime, limit: int = 3
) -> int:
    """Make the copies whose job was lost or broke, and remove those whose time is over. Returns how many were made."""
    expire_copies(wall_now=wall_now)
    with db.reading() as session:
        found = queries.waiting(session, wall_now, limit)
    return sum(
        make_copy(
            copy_id=copy_id,
            catalog=catalog,
            templates_dir=templates_dir,
            config_dir=config_dir,
            now=now,
            wall_now=wall_now,
        )
        for copy_id in found
    )


def expire_copies(*, wall_now: datetime) -> int:
    """Remove the bytes of copies whose time is over; that there was one stays. Returns how many."""
    with db.transaction() as session:
        done = session.scalars(
            update(DataExport)
            .where(
                DataExport.status == "ready",
                DataExport.expires_at <= wall_now,
                DataExport.patient_id.not_in(queries.held_patients()),
            )
            .values(status="expired", json_sealed=None, pdf_sealed=None)
            .returning(DataExport.id)
        )
        return len(list(done))


def open_copy(*, copy_id: UUID, kind: Literal["json", "pdf"], actor: Actor, wall_now: datetime) -> File:
    """One file of the patient's own copy, which is written down. Raises NotFound: somebody else's, or gone."""
    patient_id = _own(actor)
    with db.transaction() as session:
        row = session.scalars(
            select(DataExport).where(DataExport.id == copy_id, DataExport.patient_id == patient_id)
        ).one_or_none()
        if row is None:
            raise NO_SUCH_COPY
        sealed = row.json_sealed if kind == "json" else row.pdf_sealed
        if sealed is None or row.ready_at is None or row.expires_at is None or row.expires_at <= wall_now:
            raise EXPIRED
        audit.record(session, actor, "copy.download", "copy", copy_id, patient_id=patient_id, reason=kind)
        content = crypto.unseal_bytes(sealed, "data_exports", kind, copy_id)
        return File(rules.file_name(kind, row.ready_at), content)


def _own(actor: Actor) -> UUID:
    if actor.kind != "patient" or actor.patient_id is None:
        raise NotAllowed("patients_only", words("This page is for patients."))
    return actor.patient_id


def _claim(copy_id: UUID, wall_now: datetime) -> UUID | None:
    """Whose copy it is, now ours to make; None when somebody makes it, it was made, or it was tried too often."""
    with db.transaction() as session:
        row = _locked(session, copy_id)
        if row is None or row.status != "asked":
            return None
        if rules.may_be_claimed(row.status, row.attempts, row.claimed_until, wall_now):
            row.attempts += 1
            row.claimed_until = wall_now + rules.LEASE
            return row.patient_id
        if row.attempts >= rules.MAX_ATTEMPTS and (row.claimed_until is None or row.claimed_until <= wall_now):
            _fail(session, row)
        return None


def _put_back(copy_id: UUID, wall_now: datetime) -> None:
    with db.transaction() as session:
        row = _locked(session, copy_id)
        if row is None or row.status != "asked":
            return
        row.claimed_until = wall_now + rules.PAUSE
        if row.attempts >= rules.MAX_ATTEMPTS:
            _fail(session, row)


def _fail(session: Session, row: DataExport) -> None:
    row.status, row.claimed_until = "failed", None
    audit.record(session, SYSTEM, "copy.fail", "copy", row.id, patient_id=row.patient_id, outcome="refused")
    log.error("a copy has failed for good", copy=str(row.id))


def _keep(copy_id: UUID, files: dict[str, bytes], catalog: Catalog, now: datetime, wall_now: datetime) -> bool:
    """Seal and keep what was made, and tell its owner. False when the account was closed meanwhile."""
    with db.transaction() as session:
        row = _locked(session, copy_id)
        if row is None or row.status != "asked":
            return False
        patient = session.get_one(Patient, row.patient_id, with_for_update={"key_share": True})
        if patient.closed_at is not None:
            row.status, row.claimed_until = "expired", None
            return False
        keep = catalog.retention["copies"]
        row.json_sealed = crypto.seal_bytes(files["json"], "data_exports", "json", copy_id)
        row.pdf_sealed = crypto.seal_bytes(files["pdf"], "data_exports", "pdf", copy_id)
        row.status, row.ready_at, row.claimed_until = "ready", wall_now, None
        row.expires_at = wall_now + (wall_now - keep.before(wall_now))
        audit.record(session, SYSTEM, "copy.ready", "copy", copy_id, patient_id=row.patient_id)
        mail.put(
            session,
            emails.copy_ready(days=(row.expires_at - wall_now).days),
            key=f"copy_ready:{copy_id}",
            user_id=patient.user_id,
            now=now,
        )
        return True


def _locked(session: Session, copy_id: UUID) -> DataExport | None:
    query = select(DataExport).where(DataExport.id == copy_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _pages(sections: list[rules.Section], practice: str, zone: str, wall_now: datetime) -> dict[str, object]:
    """What the pages show, with the words around it."""
    return {
        "title": "Your data",
        "practice": practice,
        "footer": practice,
        "language": "en",
        "intro": f"This is what {practice} holds about you.",
        "about": [
            f"Made on {rules.words('made_at', wall_now, zone)}. Times are in your time zone.",
            "The other file of this copy, the JSON, is for programs. It has every single entry and the codes we "
            "keep; here they stand in words, and what repeats on one day stands once.",
            "A letter that cannot be drawn here is shown by its number, like [U+674E].",
            "This file holds health information. Keep it where only you can open it.",
        ],
        "left_out_title": "What is not in this file",
        "left_out": list(queries.LEFT_OUT),
        "nothing": "Nothing.",
        "what": "What",
        "answer": "What we have",
        "sections": rules.as_pages(sections, zone=zone),
    }
