"""What is no longer kept goes, in time and not before; a legal hold keeps everything; only counts are written down."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError

from config.settings import HOUSE, as_environment
from service import migrations
from service.accounts import queries as accounts
from service.accounts.models import (
    KeptForm,
    KnownDevice,
    OneTimeCode,
    OneTimeLink,
    Patient,
    SignIn,
    SignInBackOff,
    User,
)
from service.accounts.queries import email_index
from service.audit.models import AuditEntry
from service.billing.models import Membership, StripeEvent
from service.catalog.rules.retention import BY_OWNER, BY_SERVICE
from service.enrollment.models import Assessment, Enrollment, WaitlistEntry
from service.kit import crypto, db
from service.kit.clock import wall_now
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail
from service.mail.models import OutboxMessage
from service.mail.rules import Email
from service.privacy import actions
from service.privacy.models import DataExport, LegalHold, RetentionRun
from service.safety.actions import acknowledge
from service.safety.models import Alert, SafetyHold
from tests.conftest import House, new_database, role_url, settings_for
from tests.factories.accounts import Person, a_patient, a_staff_member
from tests.factories.enrollment import an_assessment
from tests.factories.privacy import actor_of, ask, mail_of, make, somebody_long_with_us
from tests.factories.safety import an_alert
from tests.factories.visits import Clinician, a_clinician, an_applicant, approved, staff_actor

LONG_AGO = timedelta(days=5 * 365)
REASON = "Matter 26-118, asked for by counsel."


def retain(house: House, *, later: timedelta = timedelta(0)) -> dict[str, int]:
    return dict(actions.retain(catalog=house.catalog, now=house.now + later, wall_now=wall_now() + later))


def due(house: House, *, later: timedelta = timedelta(0)) -> dict[str, int]:
    return dict(actions.due(catalog=house.catalog, now=house.now + later, wall_now=wall_now() + later))


def count(model: Any, *where: Any) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def hold(house: House, person: Person) -> None:
    assert person.patient_id is not None
    actions.place_hold(patient_id=person.patient_id, reason=REASON, actor=staff_actor("owner"), now=house.now)


def lift(house: House, person: Person) -> None:
    assert person.patient_id is not None
    actions.lift_hold(patient_id=person.patient_id, reason=REASON, actor=staff_actor("owner"), now=house.now)


def everything_old(house: House) -> Person:
    """Somebody of whom every kind has a row that ran out long ago, but for a visitor's assessment."""
    person = somebody_long_with_us(house)
    copy_id = ask(person)
    make(house, copy_id)
    wall, now, user_id = wall_now() - LONG_AGO, house.now - LONG_AGO, person.user_id
    sign_in, device, form = new_id(), new_id(), new_id()
    times = {"created_at": wall, "expires_at": wall}
    with db.transaction() as session:
        session.execute(delete(SignIn))
        seen = {"first_seen_at": wall, "seen_at": wall, "spares_step": True}
        session.add(KnownDevice(id=device, user_id=user_id, token_hash=b"d", forgotten_at=wall, **seen))
        session.flush()
        session.add(SignIn(id=sign_in, token_hash=b"s", user_id=user_id, device_id=device, seen_at=wall, **times))
        session.flush()
        session.add(
            OneTimeCode(id=new_id(), user_id=user_id, sign_in_id=sign_in, purpose="prove", code_hash=b"c", **times)
        )
        session.add(OneTimeLink(id=new_id(), user_id=user_id, purpose="reset_password", token_hash=b"l", **times))
        sealed = crypto.seal_json({}, "kept_forms", "fields", form)
        session.add(KeptForm(id=form, user_id=user_id, path="/home", fields_sealed=sealed, **times))
        session.add(SignInBackOff(email_index=email_index(person.email), failures=3, wait_until=wall))
        for state, left in (("GA", None), ("TX", now)):
            entry = new_id()
            session.add(
                WaitlistEntry(
                    id=entry,
                    email_sealed=crypto.seal(person.email, "waitlist_entries", "email", entry),
                    email_index=email_index(person.email),
                    state=state,
                    token_hash=token_hash(new_token()),
                    asked_at=now,
                    left_at=left,
                    confirmed_at=left,
                )
            )
        event = new_id()
        membership = session.scalars(select(Membership).where(Membership.patient_id == person.patient_id)).one()
        membership.stripe_subscription_id = f"sub_{event.hex}"
        session.add(
            StripeEvent(
                id=event,
                stripe_event_id=f"evt_{event.hex}",
                kind="customer.subscription.updated",
                object_id=f"sub_{event.hex}",
                body_sealed=crypto.seal("{}", "stripe_events", "body", event),
                received_at=wall,
                try_at=wall,
                attempts=1,
                handled_at=wall,
            )
        )
        mail.put(session, Email("payment_receipt", {"card": "Visa"}), key=f"old:{user_id}", user_id=user_id, now=now)
        for message in session.scalars(select(OutboxMessage)):
            message.status, message.ended_at = "sent", now
        session.get_one(DataExport, copy_id).expires_at = wall
        for call in session.scalars(select(Alert).where(Alert.patient_id == person.patient_id)):
            call.acknowledged_at, call.acknowledged_by, call.escalate_at = now, user_id, None
        for begun in session.scalars(select(Assessment).where(Assessment.patient_id == person.patient_id)):
            begun.contact_index, begun.started_at = email_index(person.email), now
        session.get_one(User, user_id).deactivated_at = now
        session.get_one(Patient, person.patient_id).closed_at = now
    return person


OF_A_PERSON = sorted(set(BY_SERVICE) - {"assessments", "emergency_assessments"})


def test_every_kind_goes_when_it_has_run_out_and_only_counts_are_kept(house: House) -> None:
    everything_old(house)
    before = due(house)
    counts = retain(house)
    assert {kind: counts[kind] > 0 for kind in OF_A_PERSON} == dict.fromkeys(OF_A_PERSON, True)
    same = set(BY_SERVICE) - {"sign_ins"}  # a device is counted once the sign-ins on it are gone
    assert {kind: counts[kind] for kind in same} == {kind: before[kind] for kind in same}, "the dry run was right"
    with db.reading() as session:
        run = session.scalars(select(RetentionRun)).one()
    assert run.counts == counts
    assert not any(retain(house).values()), "twice is once"


def test_a_dry_run_changes_nothing(house: House) -> None:
    everything_old(house)
    assert due(house) == due(house)
    assert count(RetentionRun) == 0


@pytest.mark.parametrize("kind", OF_A_PERSON)
def test_a_legal_hold_keeps_every_kind_until_it_is_lifted(house: House, kind: str) -> None:
    person = everything_old(house)
    hold(house, person)
    assert due(house)[kind] == 0
    assert retain(house)[kind] == 0
    lift(house, person)
    assert retain(house)[kind] > 0


def test_a_hold_on_one_patient_keeps_nothing_of_another(house: House) -> None:
    person, other = everything_old(house), a_patient()
    hold(house, other)
    counts = retain(house)
    assert all(counts[kind] for kind in OF_A_PERSON)
    with db.reading() as session:
        row = session.get_one(Patient, person.patient_id)
    assert row.contacts_removed_at is not None


def test_an_assessment_of_nobody_goes_after_a_year_and_an_emergency_after_three(house: House) -> None:
    an_assessment(house)
    an_assessment(house, send=False)
    emergency = an_emergency(house)
    year = timedelta(days=365)
    assert retain(house, later=year - timedelta(days=1))["assessments"] == 0
    assert retain(house, later=year + timedelta(days=1))["assessments"] == 2
    assert retain(house, later=3 * year)["emergency_assessments"] == 0
    assert count(Alert, Alert.source_id == emergency) == 1
    assert retain(house, later=3 * year + timedelta(days=2))["emergency_assessments"] == 1
    assert (count(Assessment), count(Alert, Alert.source_id == emergency)) == (0, 0)


def an_emergency(house: House) -> UUID:
    """A visitor's assessment that ended in an emergency, with its alert."""
    from tests.factories.safety import an_alert

    row_id = new_id()
    with db.transaction() as session:
        session.add(
            Assessment(
                id=row_id,
                token_hash=token_hash(new_token()),
                questionnaire_version="1",
                ruleset_version="1",
                disclaimer_version="1",
                answers_sealed=crypto.seal_json({}, "assessments", "answers", row_id),
                outcome="emergency",
                rule_ids_sealed=crypto.seal_json(["E1"], "assessments", "rule_ids", row_id),
                locale="en",
                started_at=house.now,
                submitted_at=house.now,
            )
        )
    an_alert(house, source_id=row_id)
    return row_id


def test_what_has_not_run_out_stays(house: House) -> None:
    somebody_long_with_us(house)
    assert not any(retain(house).values())


def test_a_patients_assessment_is_not_touched_by_the_service(house: House) -> None:
    applicant = an_applicant(house.catalog)
    retain(house, later=timedelta(days=9000))
    assert count(Assessment, Assessment.patient_id == applicant.patient_id) == 1


@pytest.mark.parametrize("model", [Assessment, Alert, SafetyHold])
def test_the_service_cannot_remove_a_patients_row_even_if_it_tried(house: House, model: Any) -> None:
    somebody_long_with_us(house)
    with pytest.raises(DBAPIError, match="permission denied"), db.transaction() as session:
        session.execute(delete(model).where(model.patient_id.is_not(None)))


def test_the_daily_job_runs_once_a_day_however_often_it_is_asked(house: House) -> None:
    def daily(at: datetime) -> bool:
        return actions.retain_daily(catalog=house.catalog, now=at, wall_now=wall_now()) is not None

    hours = [house.now + timedelta(hours=number) for number in range(49)]
    assert [daily(at) for at in hours].count(True) == 3


def test_one_kind_that_breaks_does_not_stop_the_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_old(house)
    from service.privacy import writes

    original: Callable[..., int] = writes.remove_due

    def breaks(session: Any, kind: str, *rest: Any) -> int:
        if kind == "links":
            raise ValueError("broken")
        return original(session, kind, *rest)

    monkeypatch.setattr(writes, "remove_due", breaks)
    counts = retain(house)
    assert counts["links"] == 0
    assert counts["copies"] == 1


def test_contacts_go_a_month_after_the_closing_and_the_name_stays(house: House) -> None:
    person = a_patient()
    with db.transaction() as session:
        patient = session.get_one(Patient, person.patient_id)
        patient.closed_at = house.now
        patient.phone_sealed = crypto.seal("+13055550100", "patients", "phone", patient.id)
    assert retain(house, later=timedelta(days=30))["closed_contacts"] == 0
    assert retain(house, later=timedelta(days=30, seconds=1))["closed_contacts"] == 1
    with db.reading() as session:
        patient = session.get_one(Patient, person.patient_id)
        user = session.get_one(User, person.user_id)
    assert patient.phone_sealed is None
    assert crypto.unseal(user.email_sealed, "users", "email", user.id) == ""
    assert crypto.unseal(patient.given_name_sealed, "patients", "given_name", patient.id) == "Ana"


def test_contacts_stay_while_somebody_must_still_call(house: House) -> None:
    person, colleague = a_patient(), a_staff_member("clinician")
    waiting = an_alert(house, code="RF-SI", patient_id=person.patient_id)
    with db.transaction() as session:
        session.get_one(Patient, person.patient_id).closed_at = house.now
    assert retain(house, later=timedelta(days=40))["closed_contacts"] == 0
    acknowledge(alert_id=waiting, actor=staff_actor("clinician", colleague.user_id), now=house.now)
    assert retain(house, later=timedelta(days=40))["closed_contacts"] == 1


def test_whoever_took_an_alert_after_the_closing_looks_after_them_for_a_month_and_not_for_ever(house: House) -> None:
    person, other, colleague = a_patient(), a_patient(), a_staff_member("clinician")
    actor = staff_actor("clinician", colleague.user_id)
    for one in (person, other):
        call = an_alert(house, code="CLOSED-ACCOUNT", patient_id=one.patient_id)
        acknowledge(alert_id=call, actor=actor, now=house.now)
    with db.transaction() as session:
        session.get_one(Patient, person.patient_id).closed_at = house.now
    again = an_alert(house, code="RF-SI", patient_id=person.patient_id)

    def cared_for() -> list[bool]:
        with db.reading() as session:
            found = accounts.looked_after(
                session, user_id=colleague.user_id, patient_ids=[person.patient_id, other.patient_id]
            )
        return [person.patient_id in found, other.patient_id in found]

    retain(house, later=timedelta(days=29))
    assert cared_for() == [True, True]
    retain(house, later=timedelta(days=31))
    assert cared_for() == [True, True], "an alert is open"
    acknowledge(alert_id=again, actor=actor, now=house.now)
    retain(house, later=timedelta(days=31))
    assert cared_for() == [False, True]


def test_care_that_an_alert_made_after_the_end_of_care_ends_too(house: House) -> None:
    applicant, colleague = an_applicant(house.catalog), a_staff_member("clinician")
    assert applicant.patient_id is not None
    call = an_alert(house, code="MOVED", patient_id=applicant.patient_id)
    acknowledge(alert_id=call, actor=staff_actor("clinician", colleague.user_id), now=house.now)

    def is_cared_for() -> bool:
        with db.reading() as session:
            return accounts.on_care_team(session, patient_id=applicant.patient_id, user_id=colleague.user_id)

    retain(house, later=timedelta(days=31))
    assert is_cared_for(), "care goes on"
    with db.transaction() as session:
        for row in session.scalars(select(Enrollment).where(Enrollment.patient_id == applicant.patient_id)):
            row.status = "ended"
    retain(house, later=timedelta(days=31))
    assert not is_cared_for()


def test_a_message_nobody_could_act_upon_is_not_kept_for_ever(house: House) -> None:
    event, wall = new_id(), wall_now()
    with db.transaction() as session:
        session.add(
            StripeEvent(
                id=event,
                stripe_event_id="evt_parked",
                kind="customer.subscription.updated",
                object_id="sub_unknown",
                body_sealed=crypto.seal("{}", "stripe_events", "body", event),
                received_at=wall,
                try_at=wall,
                attempts=9,
                parked_at=wall,
            )
        )
    assert retain(house, later=timedelta(days=89))["webhook_bodies"] == 0
    assert retain(house, later=timedelta(days=91))["webhook_bodies"] == 1


# --- whole records, by the owner of the database


def in_care(house: House, clinician: Clinician | None = None) -> Person:
    """Somebody who had a visit and closed the account today."""
    applicant = an_applicant(house.catalog)
    approved(applicant, clinician or a_clinician(), house.catalog, house.now)
    with db.transaction() as session:
        session.get_one(Patient, applicant.patient_id).closed_at = house.now + timedelta(days=30)
    return applicant.person


def records(house: House, at: datetime) -> dict[str, int]:
    return dict(actions.remove_records(catalog=house.catalog, now=at))


def test_a_record_goes_seven_years_after_the_last_contact_and_not_a_day_before(owner_house: House) -> None:
    house, person = owner_house, in_care(owner_house)
    with db.reading() as session:
        closed = session.get_one(Patient, person.patient_id).closed_at
    assert closed is not None
    then = closed.replace(year=closed.year + 7)
    assert records(house, then)["clinical_record"] == 0
    assert records(house, then + timedelta(seconds=1))["clinical_record"] == 1
    assert remains(person) == []


def remains(person: Person) -> list[str]:
    """Tables in which anything still bears this person's ids, but for the trail."""
    found = []
    with db.reading() as session:
        for table in migrations.metadata().tables.values():
            if table.name == "audit_entries":
                continue
            for name, value in (("patient_id", person.patient_id), ("user_id", person.user_id)):
                if name in table.c and session.scalar(
                    select(func.count()).select_from(table).where(table.c[name] == value)
                ):
                    found.append(table.name)
        for model, key in ((Patient, person.patient_id), (User, person.user_id)):
            if session.get(model, key) is not None:
                found.append(model.__tablename__)
    return found


def test_a_long_record_goes_whole_and_the_neighbours_stays(owner_house: House) -> None:
    house = owner_house
    person, neighbour = everything_old(house), somebody_long_with_us(house)
    with db.transaction() as session:
        for call in session.scalars(select(Alert)):
            call.acknowledged_at, call.acknowledged_by, call.escalate_at = house.now, neighbour.user_id, None
        session.get_one(Patient, neighbour.patient_id).closed_at = None
    later = datetime(house.now.year + 9, 1, 1, tzinfo=UTC)
    assert records(house, later) == {"clinical_record": 1, "never_patients": 0}
    assert remains(person) == []
    assert len(remains(neighbour)) > 5


@pytest.mark.parametrize("kind", BY_OWNER)
def test_a_legal_hold_keeps_the_whole_record(owner_house: House, kind: str) -> None:
    house = owner_house
    person = in_care(house) if kind == "clinical_record" else a_patient()
    later = datetime(2040, 1, 1, tzinfo=UTC)
    with db.transaction() as session:
        session.get_one(Patient, person.patient_id).closed_at = house.now
    hold(house, person)
    assert records(house, later)[kind] == 0
    lift(house, person)
    assert records(house, later)[kind] == 1
    assert count(LegalHold) == 0


def test_a_record_with_an_open_alert_waits_for_a_person(owner_house: House) -> None:
    house, person = owner_house, somebody_long_with_us(owner_house)
    with db.transaction() as session:
        session.get_one(Patient, person.patient_id).closed_at = house.now
    assert records(house, datetime(2040, 1, 1, tzinfo=UTC))["clinical_record"] == 0


def test_a_patient_who_never_closed_keeps_the_record(owner_house: House) -> None:
    house, person = owner_house, somebody_long_with_us(owner_house)
    assert records(house, datetime(2060, 1, 1, tzinfo=UTC))["clinical_record"] == 0
    assert len(remains(person)) > 5


def test_somebody_who_never_had_a_visit_goes_after_a_year(owner_house: House) -> None:
    house, person = owner_house, a_patient(now=owner_house.now)
    retain(house, later=timedelta(days=330))
    assert mail_of(person, "account_unused") == [], "not before there is a reason"
    retain(house, later=timedelta(days=336))
    retain(house, later=timedelta(days=337))
    assert len(mail_of(person, "account_unused")) == 1
    assert records(house, house.now + timedelta(days=365))["never_patients"] == 0
    assert records(house, house.now + timedelta(days=366, seconds=1))["never_patients"] == 1
    assert remains(person) == []


def signed_in(house: House, person: Person, day: int) -> None:
    """They signed in on this day, for twelve hours."""
    seen = house.now + timedelta(days=day)
    times = {"created_at": seen, "seen_at": seen, "expires_at": seen + timedelta(hours=12)}
    with db.transaction() as session:
        session.add(SignIn(id=new_id(), token_hash=token_hash(new_token()), user_id=person.user_id, **times))


def daily(house: House, day: int) -> None:
    actions.retain(catalog=house.catalog, now=house.now + timedelta(days=day), wall_now=house.now + timedelta(days=day))


def test_an_account_in_use_stays_though_the_sign_in_that_proves_it_has_gone(owner_house: House) -> None:
    house, person = owner_house, a_patient(now=owner_house.now)
    signed_in(house, person, 250)
    for day in (1, 341, 366):
        daily(house, day)
    assert count(SignIn, SignIn.user_id == person.user_id) == 0, "the sign-in itself is not kept"
    assert records(house, house.now + timedelta(days=367))["never_patients"] == 0
    daily(house, 250 + 338)
    assert records(house, house.now + timedelta(days=250 + 369))["never_patients"] == 1


def test_nobodys_open_account_goes_unless_they_were_told_and_did_not_come_back(owner_house: House) -> None:
    house, person = owner_house, a_patient(now=owner_house.now)
    assert records(house, house.now + timedelta(days=800))["never_patients"] == 0, "nobody told them"
    daily(house, 336)
    signed_in(house, person, 350)
    assert records(house, house.now + timedelta(days=400))["never_patients"] == 0, "they came back"
    daily(house, 700)
    assert len(mail_of(person, "account_unused")) == 2, "told again, a year later"
    assert records(house, house.now + timedelta(days=725))["never_patients"] == 0
    assert records(house, house.now + timedelta(days=731))["never_patients"] == 1


def test_an_address_nobody_proved_gets_no_such_mail(owner_house: House) -> None:
    house, person = owner_house, a_patient(now=owner_house.now)
    with db.transaction() as session:
        session.get_one(User, person.user_id).email_confirmed_at = None
    daily(house, 340)
    assert mail_of(person, "account_unused") == []
    assert records(house, house.now + timedelta(days=366))["never_patients"] == 1


def test_a_run_that_stops_half_way_leaves_a_trace_of_what_went(
    owner_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.privacy import writes

    house, clinician = owner_house, a_clinician()
    people = [in_care(house, clinician) for _ in range(3)]
    original: Callable[..., int] = writes.remove_record
    asked: list[UUID] = []

    def breaks(session: Any, patient_id: UUID) -> int:
        asked.append(patient_id)
        if len(asked) == 2:
            raise RuntimeError("the second one")
        return original(session, patient_id)

    monkeypatch.setattr(writes, "remove_record", breaks)
    with pytest.raises(RuntimeError, match="the second one"):
        records(house, datetime(2040, 1, 1, tzinfo=UTC))
    assert sorted(bool(remains(person)) for person in people) == [False, False, True], "the third went all the same"
    with db.reading() as session:
        run = session.scalars(select(RetentionRun)).one()
        traces = session.scalars(select(AuditEntry).where(AuditEntry.action == "retention.remove")).all()
    assert run.counts["clinical_record"] == 2
    assert [(row.reason, row.subject_id, row.patient_id) for row in traces] == [("clinical_record", None, None)] * 2


def test_a_run_that_is_cut_off_has_noted_what_went(owner_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.privacy import writes

    house, clinician = owner_house, a_clinician()
    for _ in range(2):
        in_care(house, clinician)
    original: Callable[..., int] = writes.remove_record
    asked: list[UUID] = []

    def cut_off(session: Any, patient_id: UUID) -> int:
        asked.append(patient_id)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return original(session, patient_id)

    monkeypatch.setattr(writes, "remove_record", cut_off)
    with pytest.raises(KeyboardInterrupt):
        records(house, datetime(2040, 1, 1, tzinfo=UTC))
    assert count(AuditEntry, AuditEntry.action == "retention.remove") == 1
    assert count(RetentionRun) == 1


def test_before_a_record_goes_the_payment_providers_customer_is_named(owner_house: House) -> None:
    house, person = owner_house, everything_old(owner_house)
    with db.transaction() as session:
        row = session.scalars(select(Membership).where(Membership.patient_id == person.patient_id)).one()
        row.stripe_customer_id = "cus_hers"
    assert actions.customers_due(catalog=house.catalog, now=house.now) == []
    later = datetime(2040, 1, 1, tzinfo=UTC)
    assert actions.customers_due(catalog=house.catalog, now=later) == ["cus_hers"]
    hold(house, person)
    assert actions.customers_due(catalog=house.catalog, now=later) == []


def test_the_service_itself_cannot_remove_a_record(house: House) -> None:
    in_care(house)
    with pytest.raises(DBAPIError, match="permission denied"):
        records(house, datetime(2040, 1, 1, tzinfo=UTC))
    with db.reading() as session:
        assert session.execute(text("SELECT count(*) FROM encounters")).scalar_one() >= 1


def test_a_hold_is_for_owners_and_stands_once(house: House) -> None:
    from service.kit.errors import Conflict, NotAllowed, NotFound

    person = a_patient()
    assert person.patient_id is not None
    for role in ("clinician", "coordinator", "billing", "auditor"):
        with pytest.raises(NotAllowed):
            actions.place_hold(patient_id=person.patient_id, reason=REASON, actor=staff_actor(role), now=house.now)
    with pytest.raises(NotAllowed):
        actions.place_hold(patient_id=person.patient_id, reason=REASON, actor=actor_of(person), now=house.now)
    hold(house, person)
    with pytest.raises(Conflict):
        hold(house, person)
    lift(house, person)
    lift(house, person)
    hold(house, person)
    assert count(LegalHold) == 2
    with pytest.raises(NotFound):
        actions.place_hold(patient_id=new_id(), reason=REASON, actor=staff_actor("owner"), now=house.now)


def test_the_command_counts_first_and_removes_then_and_names_nobody(house: House) -> None:
    name = "homeward_retention_command"
    new_database(name)
    environ = as_environment(settings_for(role_url("app", name), OWNER_DATABASE_URL=role_url("owner", name)))
    for options, says in (["--dry-run"], "Nothing was changed."), ([], "Done."):
        ran = subprocess.run(
            [sys.executable, "-m", "service.cli", "retention", "run", *options],
            env=environ,
            capture_output=True,
            text=True,
            cwd=HOUSE,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert says in ran.stdout
        assert "0  clinical record" in ran.stdout
