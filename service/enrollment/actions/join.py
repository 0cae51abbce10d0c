"""From an anonymous assessment to an account."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as people
from service.accounts import writes as accounts
from service.accounts.queries import email_index
from service.accounts.rules import normal_email
from service.accounts.rules.contact import phone_number
from service.audit import writes as audit
from service.catalog.rules.places import Found
from service.catalog.rules.whole import Catalog
from service.consent import writes as evidence
from service.enrollment import writes
from service.enrollment.models import Assessment
from service.enrollment.queries.assessments import leads_to_account, opened, place_of, review_of, rules_hit, used_up
from service.enrollment.queries.consents import texts_of_joining
from service.enrollment.queries.moving import welcome
from service.enrollment.writes import assessments
from service.kit import db, queue
from service.kit.actor import Actor
from service.kit.errors import Rejected, words
from service.kit.ids import token_hash
from service.kit.passwords import hash_password
from service.safety import queries as safety

NOT_FROM_HERE = Rejected(
    "cannot_join", words("An account can be made once the free assessment says that you may qualify.")
)

CLOSED = Rejected(
    "closed_meanwhile",
    words(
        "Since you answered our questions, this program has closed where you live. No account was made. "
        "Take the free assessment again to see what you can do now."
    ),
)


def join(
    *,
    token: str,
    given_name: str,
    family_name: str,
    email: str,
    password: str,
    locale: str,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    phone: str = "",
) -> None:
    """Make the account, the patient and the enrollment from one assessment, and mail the link that confirms.

    All or nothing. The person has agreed to mail: the form shows the text and asks for it, and it is kept as evidence
    like any signature, under the name that they entered. `phone` may be left empty. Known and unknown addresses make
    the same statements: it is a worker that writes to whoever is behind one, and closes what was made for an address
    that somebody else has proved. A second press of the button changes nothing. An assessment can be joined with once.
    What a person must look at the same day calls one now and holds what must wait.
    Raises Rejected for an unfit address or number, an assessment that may not lead here, and where the state or the
    program has closed since.
    """
    address, number = normal_email(email), phone_number(phone) if phone.strip() else ""
    hashed = hash_password(password)  # slow: before the transaction opens
    with db.transaction() as session:
        query = select(Assessment).where(Assessment.token_hash == token_hash(token)).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is None and _is_used_up(session, token):
            return  # the button was pressed twice
        if row is None or not _may(session, row):
            raise NOT_FROM_HERE
        if not welcome(catalog, row.state or "", row.program or "", now):
            raise CLOSED
        row.token_hash = used_up(token)  # whatever becomes of it: what this browser sees next must not tell
        user_id = accounts.create_patient_user(
            session,
            email=address,
            password_hash=hashed,
            given_name=given_name,
            family_name=family_name,
            locale=locale,
            now=now,
        )
        row.contact_index = email_index(address)  # a worker ties it to attempts that left the same address
        row.link_wanted_at = now
        queue.enqueue(session, "enrollment.mail_resume_links")
        row.contact_sealed = row.link_hash = row.link_until = row.nudge_at = None
        patient_id = _patient(session, catalog, row, user_id, given_name, family_name, number, now)
        row.patient_id = patient_id
        session.flush()
        writes.begin(
            session,
            patient_id=patient_id,
            assessment_id=row.id,
            program=row.program or "",
            state=row.state or "",
            actor=actor,
            now=now,
        )
        assessments.sound_of_known(session, catalog, row.id, patient_id, rules_hit(row), now)
        _agree(session, patient_id, catalog, row.state or "", f"{given_name} {family_name}", actor, now)
        accounts.ask_for_confirmation(session, address)
        for done in ("account.join", "account.agree_to_email_notices"):
            audit.record(session, actor, done, "user", user_id, patient_id=patient_id)


def _agree(
    session: Session, patient_id: UUID, catalog: Catalog, state: str, name: str, actor: Actor, now: datetime
) -> None:
    """Keep what the form asked for as evidence: that mail may be sent (domain.md 6, comm_email)."""
    zone = people.patient(session, patient_id).time_zone
    for text in texts_of_joining(catalog, state, now):
        evidence.agree_while_joining(
            session, patient_id=patient_id, shown=text, typed_name=name, time_zone=zone, actor=actor, now=now
        )


def _may(session: Session, row: Assessment) -> bool:
    open_ = leads_to_account(row.outcome, rules_hit(row), review_of(session, row.id))
    return open_ and not safety.assessment_holds(session, row.id)


def _patient(
    session: Session,
    catalog: Catalog,
    row: Assessment,
    user_id: UUID,
    given: str,
    family: str,
    phone: str,
    now: datetime,
) -> UUID:
    answers = opened(row)
    place = place_of(catalog, answers)
    if not isinstance(place, Found) or row.program is None:
        raise NOT_FROM_HERE  # an assessment from before a change of questions
    return accounts.create_patient(
        session,
        user_id=user_id,
        given_name=given,
        family_name=family,
        date_of_birth=date.fromisoformat(str(answers["born_on"])),
        state=place.state,
        county_fips=place.county.fips,
        zip_code=place.zip_code,
        time_zone=place.time_zone,
        phone=phone,
        now=now,
    )


def _is_used_up(session: Session, token: str) -> bool:
    return session.scalar(select(Assessment.id).where(Assessment.token_hash == used_up(token))) is not None
