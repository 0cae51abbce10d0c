"""Someone who was told no asks that a person looks; a clinician answers: it stands, or the way is open after all."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.accounts.rules import normal_email
from service.audit import writes as audit
from service.catalog.rules.whole import Catalog
from service.enrollment import emails
from service.enrollment.actions.answer import locked_by
from service.enrollment.models import Assessment, ReviewRequest
from service.enrollment.queries import reviews as queries
from service.enrollment.queries.assessments import details
from service.enrollment.queries.reviews import ReviewDetails, ReviewPage
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, NotAllowed, NotFound, Rejected, words
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail

ROLES = ("clinician",)
VERDICTS = ("stands", "opened")
MOST_WORDS = 2000
ANSWER_FOR = timedelta(days=30)  # how long the mailed link leads to the answer
NOTE_MIN = 10
NO_REVIEW = Rejected("no_review", words("There is nothing a person could look at here."))
NO_SUCH_REVIEW = NotFound("no_such_review", words("We could not find that request."))
CLINICIAN_LOOKS = NotAllowed("clinician_looks", words("Only a clinician can look at these requests."))
ANSWERED = Conflict("review_answered", words("A colleague has answered this already."))


def ask_for_review(
    *, token: str, email: str, message: str, locale: str, catalog: Catalog, actor: Actor, now: datetime
) -> None:
    """Ask that a clinician looks at a clinical no. Once for each assessment: a second time changes nothing.

    The address serves for the answer alone. Raises Rejected for an unfit address or for a no that age, place or law
    gave, NotFound when there is no such assessment.
    """
    address = normal_email(email)
    with db.transaction() as session:
        row = locked_by(session, token)
        here = details(session, catalog, row, now)
        if here.review is not None:
            return
        if not here.may_ask_for_review:
            raise NO_REVIEW
        _ask(session, row, address, message.strip(), locale, now)
        audit.record(session, actor, "review.ask", "assessment", row.id)


def _ask(session: Session, row: Assessment, address: str, message: str, locale: str, now: datetime) -> None:
    row_id = new_id()
    session.execute(
        insert(ReviewRequest)
        .values(
            id=row_id,
            assessment_id=row.id,
            contact_sealed=crypto.seal(address, "review_requests", "contact", row_id),
            words_sealed=crypto.seal(message, "review_requests", "words", row_id) if message else None,
            locale=locale,
            asked_at=now,
        )
        .on_conflict_do_nothing(index_elements=["assessment_id"])
    )


def open_reviews(*, actor: Actor, now: datetime) -> ReviewPage:
    """Who waits, the longest first; that somebody looked is noted. Raises NotAllowed for other roles."""
    _check(actor)
    with db.transaction() as session:
        page = queries.waiting_reviews(session, now)
        audit.record_many(session, actor, "queue.view", "review", [(row.id, None) for row in page.rows])
        return page


def open_review(*, review_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> ReviewDetails:
    """One request with all that was answered; who saw it is noted. Once it is a patient's it opens as a record does.

    Raises NotAllowed, NotFound, OutsideCareTeam.
    """
    _check(actor)
    with db.transaction() as session:
        found = queries.review_details(session, catalog, review_id, now)
        if found is None:
            raise NO_SUCH_REVIEW
        if found.patient_id is not None:
            accounts.check_may_open(session, actor, found.patient_id)
        audit.record(session, actor, "record.view", "review", review_id, patient_id=found.patient_id)
        return found


def answer_review(*, review_id: UUID, verdict: str, note: str, actor: Actor, now: datetime) -> None:
    """A clinician's answer, with a note for the record. The mail says that there is one, the page behind it which.

    `verdict` is "stands" or "opened"; opened means that an account and a free visit are possible, never more. The same
    answer twice is one. Raises NotAllowed, NotFound, Rejected without a verdict or a note, Conflict when a colleague
    was quicker.
    """
    _check(actor)
    if verdict not in VERDICTS:
        raise Rejected("verdict_missing", words("Choose an answer."))
    if len(note.strip()) < NOTE_MIN:
        raise Rejected("note_missing", words("Write in a sentence what you looked at."))
    with db.transaction() as session:
        request = session.scalars(select(ReviewRequest).where(ReviewRequest.id == review_id).with_for_update()).first()
        if request is None:
            raise NO_SUCH_REVIEW
        if request.answered_at is not None:
            if (request.verdict, request.answered_by) == (verdict, actor.user_id):
                return
            raise ANSWERED
        request.verdict, request.answered_at, request.answered_by = verdict, now, actor.user_id
        request.note_sealed = crypto.seal(note.strip(), "review_requests", "note", request.id)
        audit.record(session, actor, "review.answer", "review", request.id)
        _tell(session, request, now)


def _tell(session: Session, request: ReviewRequest, now: datetime) -> None:
    row = session.scalars(select(Assessment).where(Assessment.id == request.assessment_id).with_for_update()).one()
    token = new_token()
    row.link_hash, row.link_until = token_hash(token), now + ANSWER_FOR
    mail.put(
        session,
        emails.review_answered(token, ANSWER_FOR.days),
        key=f"review:{request.id}",
        address=crypto.unseal(request.contact_sealed or b"", "review_requests", "contact", request.id),
        locale=request.locale,
        now=now,
    )


def _check(actor: Actor) -> None:
    if actor.user_id is None or actor.role not in ROLES:
        raise CLINICIAN_LOOKS
