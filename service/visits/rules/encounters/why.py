"""Every reason why a record cannot be signed as it is. The law's own reasons come from the state-rule engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.catalog.rules import engine
from service.catalog.rules.engine import Asked, Held, Situation, Step
from service.catalog.rules.policies import Policy
from service.kit.errors import words
from service.visits.rules.encounters.codes import MOST_DIAGNOSES, plausible, plausible_rate
from service.visits.rules.encounters.record import (
    DOCUMENTS,
    MATCHES,
    MUST_MATCH,
    PAYMENT_SOURCES,
    Credential,
    Kind,
    VisitRecord,
)

LONGEST_VISIT = timedelta(hours=6)  # program default: longer is a slip of the pen
EARLIEST_START = timedelta(hours=1)  # before the booked time; program default
CONCERN, NO_CONCERN = "concern", "none"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason, in plain words, and the field of the form it is about ("" for none)."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the house itself knows at the moment of signing. None is unknown, and unknown is a no.

    `state`: where care is to be given: of the enrollment, or the one a patient moves to. `counties`: its FIPS codes.
    `day` is the patient's own. `policies` are the catalog's: the country's and every state's. `document_until`: the
    last day of a photo ID that was checked at an earlier visit.
    """

    now: datetime
    day: date
    kind: Kind
    starts_at: datetime
    state: str
    program: str
    residence: str
    policies: tuple[Policy, ...]
    counties: frozenset[str]
    pdmp_system: str
    credentials: tuple[Credential, ...]
    earlier_exam_on: date | None
    document_until: date | None
    on_hold: bool | None


def why_not(record: VisitRecord, known: Circumstances) -> tuple[Why, ...]:
    """Every reason why this record cannot be signed as it is; none means it can."""
    reasons = [*_of_meeting(record, known), *_of_law("encounter", record, known)]
    reasons += [*_of_identity(record, known), *_of_findings(record, known), *_of_decision(record, known)]
    if record.decision == "approve":
        reasons += [*_of_law("approval", record, known), *_of_approval(record, known)]
    return tuple(dict.fromkeys(reasons))


def why_not_added(text: str, settles: tuple[str, ...]) -> tuple[Why, ...]:
    """Why an addendum cannot be signed: it says nothing."""
    if text.strip() or settles:
        return ()
    return (Why("text", words("Write what you add.")),)


def _of_meeting(record: VisitRecord, known: Circumstances) -> Iterator[Why]:
    if known.starts_at > known.now:
        yield Why("", words("The visit is still ahead. You can sign it once it has begun."))
    elif record.started_at < known.starts_at - EARLIEST_START:
        yield Why("started_at", words("It began more than an hour before its booked time. Check when it began."))
    if record.started_at > known.now:
        yield Why("started_at", words("The visit cannot have begun in the future. Check when it began."))
    elif record.ended_at > known.now:
        yield Why("ended_at", words("The end of the visit lies in the future. Sign once it is over."))
    elif not record.started_at < record.ended_at <= record.started_at + LONGEST_VISIT:
        yield Why("ended_at", words("A visit ends after it began, within six hours. Check both times."))
    if record.modality == "video" and not record.platform.strip():
        yield Why("platform", words("Write which video service you used."))
    if not record.practitioner_state:
        yield Why("practitioner_state", words("Choose where you were yourself."))
    if not record.place_confirmed:
        yield Why("place_confirmed", words("Ask the patient where they are, and record that you did."))
    if record.patient_state == known.state and record.patient_county not in known.counties:
        yield Why("patient_county", words("Choose the county in which the patient was."))
    if record.modality == "in_person":
        return
    if not record.emergency_address.strip():
        yield Why("emergency_address", words("Write the address to which help would be sent."))
    if not record.callback:
        yield Why("callback", words("Write the number on which you would call back."))
    if not record.agreed_to_telehealth:
        yield Why("agreed_to_telehealth", words("Record that the patient agreed to be seen by telehealth."))


def _of_law(step: Step, record: VisitRecord, known: Circumstances) -> Iterator[Why]:
    """The engine's reasons, in words for the one who signs."""
    exams = [day for day in (record.in_person_exam_on, known.earlier_exam_on) if day is not None]
    asked = record.pdmp_checked_at
    situation = Situation(
        day=known.day,
        now=known.now,
        program=known.program,
        residence=known.residence,
        location=record.patient_state,
        licenses=tuple(
            Held(kind=one.kind, state=one.state, expires_on=one.expires_on, ended=one.ended)
            for one in known.credentials
        ),
        in_person_exam_on=min(exams, default=None),
        pdmp=Asked(system=known.pdmp_system, checked_at=asked) if asked else None,
        disclosed=record.disclosed,
    )
    for reason in engine.ask(step, state=known.state, policies=known.policies, situation=situation).reasons:
        if reason.code == "pdmp" and asked is not None and asked > known.now:
            continue  # _of_findings says it better
        yield LAW.get(reason.code, Why("", reason.message))


LAW = {
    "location": Why(
        "patient_state",
        words("The patient must be in the state where they are in care, which is the state of your license."),
    ),
    "license": Why("", words("You have no license for this patient's state that is valid today.")),
    "registration": Why(
        "", words("A registration that this state asks for (DEA, CDS) is missing, or is valid no more.")
    ),
    "disclosure": Why("disclosed", words("Tell the patient what this state wants said, and record that you did.")),
    "pdmp": Why(
        "pdmp_checked_at",
        words("The prescription monitoring check is missing, or older than this state's rule allows. Check again."),
    ),
    "telemedicine": Why(
        "in_person_exam_on",
        words(
            "The federal telemedicine authority does not cover today, so this patient needs an in-person exam. "
            "Record the day of the exam, or choose another decision."
        ),
    ),
    "residence": Why("", words("The patient does not live in this state by the address on file. Clear that up first.")),
}


def _of_identity(record: VisitRecord, known: Circumstances) -> Iterator[Why]:
    """A no may be signed of somebody whose ID was not good enough. That it was not is then on record."""
    identity, binding = record.identity, record.decision not in ("decline", "more_info")
    if identity.method == "photo_id":
        if record.modality == "audio":
            yield Why("identity_method", words("A photo ID cannot be compared by telephone. Choose what you did."))
        if identity.document not in DOCUMENTS or not identity.issued_by.strip() or len(identity.last4) != 4:
            yield Why("document", words("Record which ID you saw, who issued it and its last four characters."))
        if not binding:
            return
        if identity.expires_on is None or identity.expires_on < known.day:
            yield Why(
                "document_expires_on", words("Record until when the ID is valid. One that has expired proves nothing.")
            )
        if not MUST_MATCH <= set(identity.matches) <= set(MATCHES):
            yield Why(
                "id_matches", words("Name and date of birth on the ID must be the patient's. If not, do not approve.")
            )
    elif identity.method == "recognised":
        if known.document_until is None or known.document_until < known.day:
            yield Why("identity_method", words("No photo ID of an earlier visit is still valid. Check one now."))
    elif binding:
        yield Why("identity_method", words("Check the patient's identity before you sign, by a photo ID."))


def _of_findings(record: VisitRecord, known: Circumstances) -> Iterator[Why]:
    if record.pdmp_checked_at is not None and record.pdmp_checked_at > known.now:
        yield Why("pdmp_checked_at", words("The time of the prescription monitoring check lies in the future."))
    if record.pdmp_checked_at is not None and record.pdmp_finding not in (NO_CONCERN, CONCERN):
        yield Why("pdmp_finding", words("Choose what the prescription monitoring check showed."))
    if record.pdmp_finding == CONCERN and not record.pdmp_note.strip():
        yield Why("pdmp_note", words("Write what concerns you in the prescription monitoring check."))
    if record.in_person_exam_on is not None and record.in_person_exam_on > known.day:
        yield Why(
            "in_person_exam_on", words("The in-person exam lies in the future. Record it once it has taken place.")
        )
    if not all(plausible(reading) for reading in record.readings):
        yield Why("systolic_1", words("This blood pressure cannot be right. Measure again, or leave it empty."))
    if record.heart_rate is not None and not plausible_rate(record.heart_rate):
        yield Why("heart_rate", words("This heart rate cannot be right. Measure again, or leave it empty."))
    if len(record.diagnoses) > MOST_DIAGNOSES:
        yield Why("diagnoses", words("Record at most twelve diagnoses."))
    if record.follow_up_on is not None and record.follow_up_on < known.day:
        yield Why("follow_up_on", words("The next visit cannot be due in the past."))
    if record.payment_source not in PAYMENT_SOURCES:
        yield Why("payment_source", words("Choose who pays."))
    if not record.notes.strip():
        yield Why("notes", words("Write your notes of the visit."))


def _of_decision(record: VisitRecord, known: Circumstances) -> Iterator[Why]:
    if known.kind == "follow_up":
        if record.decision is not None:
            yield Why("decision", words("A follow-up decides nothing: it is recorded alone."))
    elif record.decision is None:
        yield Why("decision", words("Choose your decision."))
    elif record.decision != "approve" and not record.reason.strip():
        yield Why("reason", words("Write the reason for this decision."))


def _of_approval(record: VisitRecord, known: Circumstances) -> Iterator[Why]:
    if record.modality == "audio":
        yield Why("modality", words("An approval needs a visit by video or in person; this one was by audio alone."))
    if known.on_hold is not False:
        yield Why("", words("A safety hold stands. It must be looked at and lifted before an approval."))
    if not record.history_reviewed:
        yield Why("history_reviewed", words("Go through the history before you approve, and record that you did."))
    if not record.medicines_reconciled:
        yield Why(
            "medicines_reconciled", words("Go through the medicines before you approve, and record that you did.")
        )
    if not record.diagnoses:
        yield Why("diagnoses", words("Record the diagnosis that you treat."))
    if not record.plan.strip():
        yield Why("plan", words("Write the plan before you approve."))
    if not record.sitter:
        yield Why("sitter", words("Record whether it is settled who stays with the patient."))
    if not record.monitor:
        yield Why("monitor", words("Record whether it is settled that a blood pressure monitor is there."))
