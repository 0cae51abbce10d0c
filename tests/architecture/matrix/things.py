"""The object behind each name in an address, made for one person. A new name needs a line in one of the tables here.

* `PERSONAL`: an object of one account. For everybody else it does not exist.
* `OF_PATIENT`: an object about a patient that staff open. It follows the care team.
* `OF_TEAM`: an object of the practice.
* `WORDS`: a word of an address behind which there is nobody's object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from service.accounts import writes
from service.accounts.models import Invitation, KeptForm, KnownDevice, Passkey, SignIn
from service.enrollment.models import ReviewRequest
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.ids import new_id, new_token, token_hash
from service.visits.models import Appointment, Encounter, LicenseRecord, ScheduleException
from service.visits.queries.encounters import content_of_old
from service.visits.rules.encounters import fingerprint
from tests.conftest import House
from tests.factories import privacy as copies
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.checkins import a_due_checkin, a_membership
from tests.factories.enrollment import VISITOR, an_assessment
from tests.factories.safety import a_hold, an_alert
from tests.factories.visits import Clinician, an_applicant, booked

Value = UUID | str | int


@dataclass
class Somebody:
    """Whose objects they are. `person` is the account; a patient has an enrollment, a visit and a membership too."""

    house: House
    person: Person
    enrollment_id: UUID | None = None
    visit_id: UUID | None = None
    membership_id: UUID | None = None
    made: dict[str, Value] = field(default_factory=dict)

    @property
    def user_id(self) -> UUID:
        return self.person.user_id

    @property
    def patient_id(self) -> UUID:
        assert self.person.patient_id is not None
        return self.person.patient_id


def a_whole_patient(house: House, name: str) -> Somebody:
    """Somebody with a visit booked and a membership, so that each kind of object can be theirs."""
    applicant = an_applicant(house.catalog, given_name=name)
    visit_id = booked(applicant, house.now)
    membership_id = a_membership(
        applicant.person,
        applicant.enrollment_id,
        status="stopped",
        began=house.now - timedelta(days=14),
        stripe_subscription_id=f"sub_of_{name}",
    )
    return Somebody(house, applicant.person, applicant.enrollment_id, visit_id, membership_id)


def _row(table: type, **values: object) -> UUID:
    with db.transaction() as session:
        session.add(table(**values))
    return UUID(str(values["id"]))


def _sign_in(whose: Somebody) -> UUID:
    now = wall_now()
    return _row(
        SignIn,
        id=new_id(),
        token_hash=token_hash(new_token()),
        user_id=whose.user_id,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=12),
        second_factor_at=now,
    )


def _device(whose: Somebody) -> UUID:
    now = wall_now()
    return _row(
        KnownDevice,
        id=new_id(),
        user_id=whose.user_id,
        token_hash=token_hash(new_token()),
        first_seen_at=now,
        seen_at=now,
        spares_step=True,
    )


def _passkey(whose: Somebody) -> UUID:
    row_id = new_id()
    return _row(
        Passkey,
        id=row_id,
        user_id=whose.user_id,
        credential_id=row_id.bytes,
        public_key=b"none",
        sign_count=0,
        name_sealed=crypto.seal("My phone", "passkeys", "name", row_id),
        created_at=wall_now(),
    )


def _kept(whose: Somebody) -> UUID:
    row_id, now = new_id(), wall_now()
    return _row(
        KeptForm,
        id=row_id,
        user_id=whose.user_id,
        path="/settings/language",
        fields_sealed=crypto.seal_json([["language", "en"]], "kept_forms", "fields", row_id),
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )


def _copy(whose: Somebody) -> UUID:
    found = copies.ask(whose.person)
    assert copies.make(whose.house, found)
    return found


def _checkin(whose: Somebody) -> UUID:
    """Open for as long as the membership is in care; then that is stopped, as staff meet it."""
    from service.billing.models import Membership

    with db.transaction() as session:
        session.get_one(Membership, whose.membership_id).status = "active"
    made = a_due_checkin(whose.house.catalog, whose.person, whose.house.now)
    with db.transaction() as session:
        session.get_one(Membership, whose.membership_id).status = "stopped"
    return made


def _glass(whose: Somebody) -> UUID:
    looker = a_staff_member("coordinator")
    with db.transaction() as session:
        return writes.break_glass(
            session,
            patient_id=whose.patient_id,
            user_id=looker.user_id,
            why="emergency",
            reason="A colleague fell ill.",
            at=wall_now(),
        )


def _invitation(whose: Somebody) -> UUID:
    row_id, now = new_id(), wall_now()
    return _row(
        Invitation,
        id=row_id,
        email_sealed=crypto.seal("new@staff.example", "invitations", "email", row_id),
        email_index=row_id.bytes,
        name_sealed=crypto.seal("New Colleague", "invitations", "name", row_id),
        role="billing",
        token_hash=token_hash(new_token()),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )


def _review(whose: Somebody) -> UUID:
    """Of somebody nobody knows: whoever was told no and asked that a person looks."""
    from service.enrollment.actions import reviews

    reviews.ask_for_review(
        token=an_assessment(whose.house, body=["allergy"]),
        email="asking@example.com",
        message="",
        locale="en",
        catalog=whose.house.catalog,
        actor=VISITOR,
        now=whose.house.now,
    )
    with db.reading() as session:
        return session.scalars(select(ReviewRequest.id).order_by(ReviewRequest.id.desc()).limit(1)).one()


def _practice(whose: Somebody) -> Clinician:
    """A clinician of the practice, who is nobody that knocks."""
    from tests.factories.visits import a_clinician

    if "practitioner_id" not in whose.made:
        made = a_clinician(name="Dr. Noor Aziz")
        whose.made["practitioner_id"] = made.practitioner_id
        whose.made["license_id"] = made.license_ids["FL"]
        whose.made["practising_id"] = made.user_id
    return Clinician(
        UUID(str(whose.made["practising_id"])),
        UUID(str(whose.made["practitioner_id"])),
        {"FL": UUID(str(whose.made["license_id"]))},
    )


def _other_day(whose: Somebody) -> UUID:
    return _row(
        ScheduleException,
        id=new_id(),
        practitioner_id=_practice(whose).practitioner_id,
        on_day=date(2026, 12, 24),
        opens=False,
    )


def _encounter(whose: Somebody) -> UUID:
    """Signed of the visit they have, as rows were before there was a whole record."""
    row_id, signer = new_id(), a_staff_member("clinician")
    with db.transaction() as session:
        visit = session.get_one(Appointment, whose.visit_id)
        license_id = session.scalars(
            select(LicenseRecord.id).where(LicenseRecord.practitioner_id == visit.practitioner_id)
        ).first()
        row = Encounter(
            id=row_id,
            appointment_id=visit.id,
            patient_id=whose.patient_id,
            practitioner_id=visit.practitioner_id,
            license_id=license_id,
            modality="video",
            patient_state="FL",
            identity_checked=True,
            physician_option_disclosed=False,
            pdmp_system="E-FORCSE",
            notes_sealed=crypto.seal("Seen.", "encounters", "notes", row_id),
            signed_by=signer.user_id,
            signed_at=whose.house.now,
        )
        row.sha256 = fingerprint(content_of_old(row))
        session.add(row)
    return row_id


def _receipt(whose: Somebody) -> UUID:
    """A month they paid."""
    from tests.factories.payments import a_charge

    return a_charge(UUID(str(whose.membership_id)), whose.house.now) if whose.membership_id else new_id()


def _signed(whose: Somebody) -> UUID:
    """A text that they signed."""
    from service.consent.queries import evidences
    from tests.factories.consents import reachable, sign_one
    from tests.factories.visits import Applicant

    if whose.person.patient_id is None or whose.enrollment_id is None:
        return new_id()  # staff sign nothing
    reachable(whose.patient_id)
    sign_one(whose.house, Applicant(whose.person, whose.patient_id, whose.enrollment_id), "esign", sure=True)
    with db.reading() as session:
        return evidences(session, whose.patient_id)[0].id


def _estimate(whose: Somebody) -> UUID:
    from service.consent.writes import issue

    if whose.person.patient_id is None:
        return new_id()
    with db.transaction() as session:
        return issue(
            session,
            patient_id=whose.patient_id,
            occasion="asked",
            about_id=new_id(),
            catalog=whose.house.catalog,
            now=whose.house.now,
        )


def _charge(whose: Somebody) -> UUID:
    """A month they paid."""
    from service.billing.models import Invoice

    return _row(
        Invoice,
        id=new_id(),
        membership_id=whose.membership_id,
        stripe_invoice_id=f"in_{new_id().hex}",
        stripe_payment_id=f"pi_{new_id().hex}",
        status="paid",
        amount_due_cents=25000,
        amount_paid_cents=25000,
        refunding_cents=2500,  # what `_asked` asks for
        issued_at=whose.house.now,
        paid_at=whose.house.now,
    )


def _asked(whose: Somebody, table: str) -> UUID:
    """Money that a colleague asked to give, waiting for a second person."""
    from service.billing.models import Credit, Refund

    asker = a_staff_member("coordinator").user_id
    same: dict[str, object] = {
        "id": new_id(),
        "membership_id": whose.membership_id,
        "patient_id": whose.patient_id,
        "amount_cents": 2500,
        "reason": "goodwill",
        "status": "asked",
        "second_person": True,
        "asked_by": asker,
        "asked_at": whose.house.now,
    }
    if table == "credit":
        return _row(Credit, kind="credit", **same)
    return _row(Refund, invoice_id=value("charge_id", whose), lines={}, source="staff", **same)


def _dispute(whose: Somebody) -> UUID:
    from service.billing.models import Dispute

    return _row(
        Dispute,
        id=new_id(),
        stripe_dispute_id=f"dp_{new_id().hex}",
        invoice_id=value("charge_id", whose),
        membership_id=whose.membership_id,
        patient_id=whose.patient_id,
        amount_cents=25000,
        reason="fraudulent",
        status="needs_response",
        opened_at=whose.house.now,
    )


def _message(whose: Somebody) -> UUID:
    """Of Stripe's, parked: about nobody in particular."""
    from tests.factories.stripe_events import a_message

    return a_message(parked_for="failed")


def _drift(whose: Somebody) -> UUID:
    from service.billing.models import Drift

    return _row(
        Drift,
        id=(row_id := new_id()),
        object_id=f"sub_{row_id.hex}",
        field="ending",
        ours="yes",
        theirs="no",
        found_at=whose.house.now,
    )


Factory = Callable[[Somebody], Value]

PERSONAL: dict[str, Factory] = {
    "checkin_id": _checkin,
    "visit_id": lambda whose: whose.visit_id or "",
    "copy_id": _copy,
    "acceptance_id": _signed,
    "estimate_id": _estimate,
    "receipt_id": _receipt,
    "superbill_id": lambda whose: value("encounter_id", whose) if whose.person.patient_id else new_id(),
    "sign_in_id": _sign_in,
    "device_id": _device,
    "passkey_id": _passkey,
    "kept_id": _kept,
}
OF_PATIENT: dict[str, Factory] = {
    "document_id": _signed,
    "patient_id": lambda whose: whose.patient_id,
    "enrollment_id": lambda whose: whose.enrollment_id or "",
    "membership_id": lambda whose: whose.membership_id or "",
    "appointment_id": lambda whose: whose.visit_id or "",
    "alert_id": lambda whose: an_alert(whose.house, patient_id=whose.patient_id),
    "hold_id": lambda whose: a_hold(whose.house, patient_id=whose.patient_id),
    "glass_id": _glass,
    "encounter_id": _encounter,
    "charge_id": _charge,
    "refund_id": lambda whose: _asked(whose, "refund"),
    "credit_id": lambda whose: _asked(whose, "credit"),
    "dispute_id": _dispute,
}
OF_TEAM: dict[str, Factory] = {
    "user_id": lambda whose: a_staff_member("clinician", name=("Noor", "Aziz")).user_id,
    "invitation_id": _invitation,
    "practitioner_id": lambda whose: _practice(whose).practitioner_id,
    "license_id": lambda whose: _practice(whose).license_ids["FL"],
    "exception_id": _other_day,
    "review_id": _review,
    "message_id": _message,
    "drift_id": _drift,
}
WORDS: dict[str, Value] = {
    "question_id": "condition",
    "token": "nobody-has-this",  # whoever holds the right one is the person: there is no other check to try
    "number": 1,
    "year": 2026,
    "key": "telehealth",
    "day": "2026-11-24",
    "plan_key": "monthly_plus",
    "word": "decline",
    "kind": "json",
    "filename": "brand/icon.svg",
}
MADE_BY = {**PERSONAL, **OF_PATIENT, **OF_TEAM}


def value(name: str, whose: Somebody) -> Value:
    """What stands for `name` in an address of `whose`. The same object each time."""
    if name in WORDS:
        return WORDS[name]
    if name not in MADE_BY:
        raise AssertionError(
            f'an address has a "{name}", and nobody says whose object that is: '
            "add a line to PERSONAL, OF_PATIENT, OF_TEAM or WORDS in tests/architecture/matrix/things.py"
        )
    if name not in whose.made:
        whose.made[name] = MADE_BY[name](whose)
    return whose.made[name]


def a_clinician_to_book() -> Clinician:
    """Somebody with open times."""
    from tests.factories.visits import a_clinician

    return a_clinician(name="Dr. Ada Booked")


__all__ = ["Somebody", "a_clinician_to_book", "a_patient", "a_whole_patient", "value"]
