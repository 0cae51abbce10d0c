"""A house in which every sealed column has a marked value, put there by the product's own actions where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, update

from service.accounts import models as people
from service.billing import models as money
from service.billing.actions import intake
from service.billing.gateway.facts import Notice
from service.checkins.actions import submit
from service.enrollment.actions import decide, resume, reviews, room, waitlist, withdraw
from service.enrollment.actions.addendum import add_addendum
from service.enrollment.models import ReviewRequest
from service.enrollment.rules.turns import Turn
from service.enrollment.writes import assessments
from service.kit import crypto, db
from service.kit.ids import new_id, new_token, token_hash
from service.privacy import models as privacy
from service.privacy.writes import closing
from service.safety.actions import lift_hold
from tests.conftest import House
from tests.factories import booking
from tests.factories import enrollment as enrolling
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.billing import ready_to_pay
from tests.factories.care import looking_after
from tests.factories.checkins import a_due_checkin, a_member, actor_of, checkins_of
from tests.factories.consents import RELEASE, agreed_to_visits, sign_one
from tests.factories.safety import a_hold
from tests.factories.visits import IN_NEW_JERSEY, a_clinician, a_record, an_applicant, open_times, staff_actor, visit_at
from tests.marks import Mark

BORN = date(1931, 7, 23)
MARKS = {
    name: Mark(name, value)
    for name, value in {
        "given name": "Zqgivenova",
        "family name": "Zqfamilovic",
        "birth date": BORN.isoformat(),
        "e-mail": "zqmailbox@zqhost.example",
        "staff name": "Zqcolleaguson",
        "answer": "zqanswered",
        "typed name": "Zqtyped Signature",
        "release name": "Zqdoctor Release",
        "withdrawal reason": "Zqtook it back",
        "note": "Zqnoted in the visit",
        "plan": "Zqplanned in the visit",
        "visit wish": "Zqcaptions in the visit",
        "visit address": "9 Zqhotel Road",
        "visit callback": "+12015550187",
        "addendum": "Zqadded after the visit",
        "decision reason": "Zqdecided because",
        "lift reason": "Zqlifted because",
        "webhook body": "zqwebhookbody",
        "waiting address": "zqwaiting@zqhost.example",
        "left address": "zqleft@zqhost.example",
        "review words": "Zqasked for another look",
        "review note": "Zqlooked at it closely",
        "anything else": "Zqanything else",
    }.items()
}


def value(name: str) -> str:
    """A mark's value."""
    return MARKS[name].value


def fill(house: House) -> None:
    """Put a marked value into every sealed column."""
    person = _patient()
    _record(house)
    _attempts(house)
    _care(house)
    _by_hand(house, person)
    _closed(house)


def _patient() -> Person:
    a_staff_member("owner", name=("Zqcolleaguson", "Zqcolleaguson"))
    return a_patient(given_name=value("given name"), family_name=value("family name"), born=BORN, email=value("e-mail"))


def _record(house: House) -> None:
    token = enrolling.an_assessment(house, send=False)
    with db.transaction() as session:
        row = session.scalars(select(enrolling.Assessment).where(enrolling.Assessment.submitted_at.is_(None))).one()
        assessments.keep(row, {"program": value("answer")})  # the forms let only their own choices through
    assert token
    clinician, applicant = a_clinician(states=("NJ",)), an_applicant(house.catalog, "NJ")
    held = booking.held(house, applicant, open_times("NJ", house.now)[0])
    booking.confirmed(house, applicant, held, needs=["captions"], own_words=value("visit wish"))
    seen = visit_at(applicant) or house.now
    agreed_to_visits(house, applicant, "NJ")
    room.say_where(
        appointment_id=held,
        state="NJ",
        county_fips="34013",
        emergency_address=value("visit address"),
        callback=value("visit callback"),
        catalog=house.catalog,
        actor=applicant.actor,
        now=seen,
    )
    encounter_id = decide.record_decision(
        enrollment_id=applicant.enrollment_id,
        record=replace(
            a_record(seen),
            **IN_NEW_JERSEY,
            notes=value("note"),
            plan=value("plan"),
            decision="decline",
            reason=value("decision reason"),
        ),
        catalog=house.catalog,
        actor=clinician.actor,
        now=seen,
    )
    add_addendum(
        enrollment_id=applicant.enrollment_id,
        encounter_id=encounter_id,
        text=value("addendum"),
        settles=(),
        actor=clinician.actor,
        now=seen,
    )
    payer = ready_to_pay(house, typed_name=value("typed name"))
    sign_one(house, payer, "roi_doctor", filled=replace(RELEASE, name=value("release name")))
    withdraw.withdraw_consent(
        key="roi_doctor", why=value("withdrawal reason"), catalog=house.catalog, actor=payer.actor, now=house.now
    )
    waitlist.ask(
        email=value("waiting address"),
        state="GA",
        locale="en",
        catalog=house.catalog,
        actor=enrolling.VISITOR,
        now=house.now,
    )
    enrolling.the_worker_looks(house)


def _attempts(house: House) -> None:
    """Somebody leaves an address, is told no, asks that a person looks, and gets an answer."""
    left = enrolling.an_assessment(house, send=False, body=["allergy"])
    resume.leave_address(token=left, email=value("left address"), nudge=False, actor=enrolling.VISITOR, now=house.now)
    with db.transaction() as session:
        row = session.scalars(
            select(enrolling.Assessment).where(enrolling.Assessment.contact_sealed.is_not(None))
        ).one()
        turn = Turn("body", value("answer"), ("C15",))  # the forms let only their own choices through
        session.add(assessments._row(row.id, None, turn, house.now))
    reviews.ask_for_review(
        token=enrolling.an_assessment(house, body=["allergy"]),
        email=value("left address"),
        message=value("review words"),
        locale="en",
        catalog=house.catalog,
        actor=enrolling.VISITOR,
        now=house.now,
    )
    with db.reading() as session:
        request_id = session.scalars(select(ReviewRequest.id)).one()
    reviews.answer_review(
        review_id=request_id,
        verdict="stands",
        note=value("review note"),
        actor=staff_actor("clinician"),
        now=house.now,
    )


def _care(house: House) -> None:
    member = a_member()
    checkin_id = a_due_checkin(house.catalog, member)
    at = checkins_of(member)[-1].due_at + timedelta(hours=1)
    submit(
        checkin_id=checkin_id,
        answers={str(item): 1 for item in range(1, 9)} | {"9": 0},
        actor=actor_of(member),
        catalog=house.catalog,
        now=at,
    )
    hold = a_hold(house, patient_id=member.patient_id)
    lift_hold(
        hold_id=hold,
        reason=value("lift reason"),
        actor=looking_after(staff_actor("clinician"), member.patient_id),
        now=house.now,
    )
    notice = Notice(event_id="evt_zq", kind="invoice.paid", object_id="in_zq", created_at=house.now)
    intake.receive(notice=notice, body=f'{{"note": "{value("webhook body")}"}}', wall_now=house.now)


def _by_hand(house: House, person: Person) -> None:
    """What pages fill that have tests of their own: here the row alone, sealed as they must seal it."""
    now, later = house.now, house.now + timedelta(hours=1)
    other = a_staff_member("clinician", name=("Zqcolleaguson", "Zqcolleaguson")).user_id
    owner = a_staff_member("owner").user_id

    def row(model: type[db.Base], *columns: str, **values: object) -> UUID:
        row_id = new_id()
        values |= {f"{name}_sealed": _sealed(model, name, row_id) for name in columns}
        for column in model.__table__.columns:  # what else a row must have, of no interest here
            if not (column.nullable or column.default or column.server_default or column.name in ("id", *values)):
                values[column.name] = {str: "other", int: 0, bytes: b"b"}.get(column.type.python_type, now)
        with db.transaction() as session:
            session.add(model(id=row_id, **values))
        return row_id

    with db.reading() as session:
        member = session.scalars(select(money.Membership)).first()
    assert member is not None
    of = {"membership_id": member.id, "patient_id": member.patient_id}
    charge = row(money.Invoice, membership_id=member.id, amount_due_cents=100, amount_paid_cents=100)
    same = {**of, "amount_cents": 1, "asked_by": owner}
    row(money.Refund, "note", **same, invoice_id=charge, lines={}, source="staff", status="done")
    row(money.Credit, "note", **same, kind="credit", status="done")
    row(money.MembershipNote, "body", **of, author_id=owner)
    row(money.Cancellation, "comment", **of, asked_by="staff")
    row(money.Cancellation, "comment", **of, asked_by="patient")
    dates = {"created_at": now, "expires_at": later}
    user, patient = {"user_id": person.user_id}, {"patient_id": person.patient_id}
    hashed: Callable[[], dict[str, bytes]] = lambda: {"token_hash": token_hash(new_token())}  # noqa: E731
    row(people.SignIn, "agent", "address", **user, **hashed(), seen_at=now, **dates)
    row(people.OneTimeLink, "detail", **user, **hashed(), purpose="change_email", **dates)
    row(people.Invitation, "email", "name", email_index=b"i", role="billing", **hashed(), **dates)
    row(people.KeptForm, "fields", **user, path="/home", **dates)
    row(people.Passkey, "name", **user, credential_id=b"c", public_key=b"p", sign_count=0, created_at=now)
    row(
        people.BreakGlass,
        "reason",
        "review",
        user_id=other,
        **patient,
        opened_at=now,
        expires_at=later,
        reviewed_at=later,
        reviewed_by=owner,
    )
    row(privacy.DataExport, "json", "pdf", **patient, status="ready", asked_at=now)
    lifted = {"lifted_by": owner, "lifted_at": later}
    row(privacy.LegalHold, "reason", "lift_reason", **patient, placed_by=owner, placed_at=now, **lifted)
    _add(people.User, person.user_id, "totp", "totp_pending")
    if person.patient_id is not None:
        _add(
            people.Patient,
            person.patient_id,
            *("preferred_name", "pronouns", "phone", "address", "emergency_contact", "demographics"),
        )


def _closed(house: House) -> None:
    """Two who left: one lately, and one whose address and telephone are gone already."""
    for long_ago in (False, True):
        person = a_patient()
        with db.transaction() as session:
            closing.shut(session, session.get_one(people.User, person.user_id), now=house.now, wall_now=house.now)
            patient = session.get_one(people.Patient, person.patient_id)
            patient.closed_at = house.now
            if long_ago:
                closing.remove_contacts(session, patient, house.now)


def _sealed(model: type[db.Base], name: str, row_id: UUID) -> bytes:
    return crypto.seal(value("anything else"), str(model.__tablename__), name, row_id)


def _add(model: type[people.User] | type[people.Patient], row_id: UUID, *columns: str) -> None:
    with db.transaction() as session:
        values = {f"{name}_sealed": _sealed(model, name, row_id) for name in columns}
        session.execute(update(model).where(model.id == row_id).values(values))
