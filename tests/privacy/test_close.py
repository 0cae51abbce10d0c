"""Closing an account: no charge after, nobody signs in, no mail leaves, and a retry finishes what was begun."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.accounts import actions as doors
from service.accounts import queries as accounts
from service.accounts.actions.credentials_email import ask_for_new_email, confirm_new_email
from service.accounts.models import KnownDevice, OneTimeLink, Passkey, Patient, RecoveryCode, SignIn, User
from service.audit.models import AuditEntry
from service.billing.gateway import Gateway
from service.billing.models import Membership
from service.checkins.models import CheckIn
from service.enrollment.actions import waitlist
from service.enrollment.models import Enrollment, WaitlistEntry
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import HomewardError, TryAgain
from service.kit.ids import new_id, new_token, token_hash
from service.mail import writes as mail
from service.mail.actions import deliver_due
from service.mail.models import OutboxMessage
from service.mail.rules import Email, Rendered
from service.privacy import actions
from service.reminders.queries import still_wanted
from service.safety.actions import acknowledge
from service.safety.models import Alert
from service.visits.models import Appointment
from tests.billing.stand_in import KEY, SECRET, StandIn
from tests.billing.test_checkout import start
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, pass_time, row_of
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import PASSWORD, Person, a_patient
from tests.factories.billing import invoices_of, ready_to_pay
from tests.factories.checkins import a_due_checkin, fortnightly
from tests.factories.checkins import a_member as a_member_here
from tests.factories.enrollment import an_assessment, join
from tests.factories.privacy import actor_of, ask, copies, mail_of, make
from tests.factories.visits import Applicant, a_clinician, an_applicant, booked, staff_actor


class Deaf(Gateway):
    """Stripe, away, until somebody says otherwise; `in_between` happens once, right after a subscription ended."""

    away = True
    in_between: Any = None

    def cancel(self, subscription_id: str, *, at_period_end: bool = True, key: str) -> None:
        if self.away:
            raise TryAgain("stripe: away")
        super().cancel(subscription_id, at_period_end=at_period_end, key=key)


def deaf(stripe: StandIn) -> Deaf:
    return Deaf(key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://x")


def close(house: House, gateway: Gateway, person: Person) -> None:
    actions.close_account(
        gateway=gateway, catalog=house.catalog, actor=actor_of(person), now=house.now, wall_now=wall_now()
    )


def rows(model: Any, **same: object) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(model).filter_by(**same)))


def is_closed(person: Person) -> bool:
    user, patient = rows(User, id=person.user_id)[0], rows(Patient, id=person.patient_id)[0]
    assert (user.deactivated_at is None) == (patient.closed_at is None), "half closed"
    return patient.closed_at is not None


class Post:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, letter: Any) -> None:
        self.sent.append(letter.to)


def everything_leaves(house: House, *, days: int = 60, still_wanted: Any = lambda *_: True) -> list[str]:
    """Who gets mail in the coming time, whatever was queued."""
    post = Post()
    deliver_due(
        now=lambda: house.now + timedelta(days=days),
        wall_now=wall_now,
        transport=post,
        render=lambda *_, **__: Rendered("s", "t", "h"),
        recipient=accounts.address_of,
        still_wanted=still_wanted,
    )
    return post.sent


def to_patients(addresses: list[str]) -> list[str]:
    return [address for address in addresses if not address.endswith("@staff.example")]


def test_a_membership_ends_at_once_and_is_never_charged_again(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due, paid = row_of(applicant).period_ends_at, len(invoices_of(row_of(applicant).id))
    assert due is not None
    close(house, gateway, applicant.person)
    assert is_closed(applicant.person)
    assert row_of(applicant).status == "ended"
    pass_time(house, moving_stripe, gateway, due + timedelta(days=70))
    assert len(invoices_of(row_of(applicant).id)) == paid
    assert to_patients(everything_leaves(house)) == [applicant.person.email], "one last mail and none after"


def test_closing_twice_is_once(house: House, stripe: StandIn) -> None:
    applicant, gateway = a_member(house, stripe)
    for _ in range(2):
        close(house, gateway, applicant.person)
    for action, times in (("account.close", 1), ("membership.stop", 1), ("enrollment.end", 1)):
        assert len(rows(AuditEntry, action=action, patient_id=applicant.patient_id)) == times
    assert len(rows(OutboxMessage, template="account_closed")) == 1


def test_with_stripe_away_the_account_stays_open_and_the_next_try_finishes(house: House, stripe: StandIn) -> None:
    applicant, _ = a_member(house, stripe)
    gateway = deaf(stripe)
    for _ in range(2):
        with pytest.raises(TryAgain):
            close(house, gateway, applicant.person)
        assert not is_closed(applicant.person)
        assert row_of(applicant).status == "active"
        assert rows(OutboxMessage, template="account_closed") == []
    gateway.away = False
    close(house, gateway, applicant.person)
    assert is_closed(applicant.person)
    assert row_of(applicant).status == "ended"


def test_a_crash_between_stripe_and_us_is_finished_by_the_next_try(
    house: House, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant, gateway = a_member(house, stripe)
    with monkeypatch.context() as patch:
        patch.setattr("service.privacy.actions.close._close", lambda *_: (_ for _ in ()).throw(SystemExit()))
        with pytest.raises(SystemExit):
            close(house, gateway, applicant.person)
    assert (is_closed(applicant.person), row_of(applicant).status) == (False, "ended")
    close(house, gateway, applicant.person)
    assert is_closed(applicant.person)


def test_an_open_pay_page_is_closed_first(house: House, stripe: StandIn) -> None:
    gateway, applicant = stripe.gateway(), ready_to_pay(house)
    page = start(house, gateway, applicant)
    close(house, gateway, applicant.person)
    stripe.pay(page)
    deliver(house, gateway, *stripe.messages())
    assert row_of(applicant).activated_at is None
    assert row_of(applicant).status == "ended"
    assert is_closed(applicant.person)


def test_somebody_who_pays_while_closing_is_not_charged_for_a_second_month(
    house: House, stripe: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payment arrives after the pages were looked at and before the account is closed."""
    gateway, applicant = stripe.gateway(), ready_to_pay(house)
    page = start(house, gateway, applicant)
    original, seen = actions.close.billing.stop_charges, []

    def races(**arguments: Any) -> None:
        if not seen:
            seen.append(True)
            stripe.pay(page)
            deliver(house, gateway, *stripe.messages())
            return  # as if it had looked a moment before
        original(**arguments)

    monkeypatch.setattr("service.privacy.actions.close.billing.stop_charges", races)
    close(house, gateway, applicant.person)
    assert is_closed(applicant.person)
    assert row_of(applicant).status == "ended"


def test_closing_and_a_renewal_at_the_same_time_leave_no_charge_behind(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    due = row_of(applicant).period_ends_at
    assert due is not None
    moving_stripe.move_to(due + timedelta(minutes=1))  # Stripe has begun to renew and we do not know it yet
    house.at(due + timedelta(minutes=1))
    close(house, gateway, applicant.person)
    deliver(house, gateway, *moving_stripe.messages())
    pass_time(house, moving_stripe, gateway, due + timedelta(days=5))
    assert is_closed(applicant.person)
    assert row_of(applicant).status == "ended"
    assert to_patients(everything_leaves(house)) == [applicant.person.email]


def sign_in_row(user_id: UUID, token: str, device: UUID | None = None) -> SignIn:
    wall = wall_now()
    return SignIn(
        id=new_id(),
        token_hash=token_hash(token),
        user_id=user_id,
        device_id=device,
        created_at=wall,
        seen_at=wall,
        expires_at=wall + timedelta(hours=12),
    )


def a_person_with_everything(house: House, token: str = "t") -> Person:
    """Somebody who was a member, with every way in, and a mail and a check-in waiting."""
    person, wall, device, key = a_member_here(), wall_now(), new_id(), new_id()
    user_id = person.user_id
    a_due_checkin(fortnightly(house.catalog), person)
    name = crypto.seal("Phone", "passkeys", "name", key)
    with db.transaction() as session:
        seen = {"first_seen_at": wall, "seen_at": wall, "spares_step": True}
        session.add(KnownDevice(id=device, user_id=user_id, token_hash=token_hash("d"), **seen))
        session.flush()
        public = {"credential_id": key.bytes, "public_key": b"p", "sign_count": 0}
        session.add(Passkey(id=key, user_id=user_id, name_sealed=name, created_at=wall, **public))
        session.add(RecoveryCode(id=new_id(), user_id=user_id, code_hash=b"r", created_at=wall))
        session.add(sign_in_row(user_id, token, device))
        session.get_one(User, user_id).totp_sealed = crypto.seal("JBSWY3DP", "users", "totp", user_id)
        patient = session.get_one(Patient, person.patient_id)
        patient.phone_sealed = crypto.seal("+13055550100", "patients", "phone", patient.id)
        tomorrow = house.now + timedelta(days=1)
        email = Email("checkin_due", {"path": "/home"})
        mail.put(session, email, key=f"q:{user_id}", user_id=user_id, now=house.now, send_at=tomorrow)
        for row in session.scalars(select(Membership).where(Membership.patient_id == person.patient_id)):
            row.status, row.ended_at = "ended", row.created_at  # Stripe does not know this one
    return person


def test_everything_that_opens_the_account_is_gone(house: House, gateway: Gateway) -> None:
    token = new_token()
    person = a_person_with_everything(house, token)
    with db.reading() as session:
        assert accounts.principal(session, token, wall_now()) is not None
    close(house, gateway, person)
    user = rows(User, id=person.user_id)[0]
    assert (user.totp_sealed, user.password_hash) == (None, "")
    for model in (Passkey, RecoveryCode, KnownDevice):
        assert rows(model, user_id=person.user_id) == []
    assert all(row.revoked_at for row in rows(SignIn, user_id=person.user_id))
    with db.reading() as session:
        assert accounts.principal(session, token, wall_now()) is None
    visitor = Actor("visitor")
    with pytest.raises(HomewardError):
        doors.sign_in(email=person.email, password=PASSWORD, actor=visitor, now=house.now, wall_now=wall_now())


def test_no_mail_leaves_neither_queued_before_nor_after(house: House, gateway: Gateway) -> None:
    person = a_person_with_everything(house)
    close(house, gateway, person)
    with db.transaction() as session:
        mail.put(session, Email("checkin_due", {"path": "/home"}), key="later", user_id=person.user_id, now=house.now)
    assert to_patients(everything_leaves(house)) == [person.email]
    assert {row.status for row in rows(OutboxMessage, user_id=person.user_id)} == {"skipped"}
    assert [row.status for row in rows(OutboxMessage, template="account_closed")] == ["sent"]
    assert {row.status for row in rows(CheckIn, patient_id=person.patient_id)} == {"missed"}


def test_no_mail_that_was_queued_to_an_address_leaves_either(house: House, gateway: Gateway) -> None:
    person, wall = a_patient(email="leaves@example.com"), wall_now()
    waitlist.ask(
        email=person.email, state="GA", locale="en", catalog=house.catalog, actor=Actor("visitor"), now=house.now
    )
    waitlist.mail_waitlist_links(now=house.now)
    ask_for_new_email(
        user_id=person.user_id, email="next@example.com", actor=actor_of(person), now=house.now, wall_now=wall
    )
    waiting = {row.template for row in rows(OutboxMessage, status="queued")}
    assert waiting == {"waitlist_confirm", "confirm_new_email", "new_email_asked"}
    close(house, gateway, person)
    assert everything_leaves(house, still_wanted=still_wanted) == ["leaves@example.com"], "the goodbye, and no other"
    assert {row.template for row in rows(OutboxMessage, status="sent")} == {"account_closed"}


def test_who_leaves_under_a_legal_hold_gets_no_waitlist_mail_that_was_not_written_yet(
    house: House, gateway: Gateway
) -> None:
    person = a_patient(email="held@example.com")
    assert person.patient_id is not None
    reason = "Matter 26-118, asked for by counsel."
    actions.place_hold(patient_id=person.patient_id, reason=reason, actor=staff_actor("owner"), now=house.now)
    waitlist.ask(
        email=person.email, state="GA", locale="en", catalog=house.catalog, actor=Actor("visitor"), now=house.now
    )
    close(house, gateway, person)
    waitlist.mail_waitlist_links(now=house.now)
    assert rows(OutboxMessage, template="waitlist_confirm") == []


def test_the_old_mailbox_hears_of_a_new_address_even_if_the_account_is_closed_right_after(
    house: House, gateway: Gateway
) -> None:
    person, link = a_patient(email="old@example.com"), new_token()
    with db.transaction() as session:
        row, wall = new_id(), wall_now()
        detail = crypto.seal_json({"email": "thief@example.com"}, "one_time_links", "detail", row)
        times = {"created_at": wall, "expires_at": wall + timedelta(hours=1)}
        session.add(
            OneTimeLink(
                id=row,
                user_id=person.user_id,
                purpose="change_email",
                token_hash=token_hash(link),
                detail_sealed=detail,
                **times,
            )
        )
    confirm_new_email(token=link, password=PASSWORD, actor=actor_of(person), now=house.now, wall_now=wall_now())
    close(house, gateway, person)
    assert sorted(everything_leaves(house, still_wanted=still_wanted)) == ["old@example.com", "thief@example.com"]


def test_the_team_is_called_when_somebody_in_care_leaves_and_not_otherwise(house: House, gateway: Gateway) -> None:
    member, newcomer = a_person_with_everything(house), a_patient()
    close(house, gateway, member)
    close(house, gateway, newcomer)
    assert [row.code for row in rows(Alert, patient_id=member.patient_id)] == ["CLOSED-ACCOUNT"]
    assert rows(Alert, patient_id=newcomer.patient_id) == []
    assert rows(Enrollment, patient_id=member.patient_id)[0].status == "ended"


def test_a_booked_visit_is_given_back(house: House, gateway: Gateway) -> None:
    a_clinician()
    applicant: Applicant = an_applicant(house.catalog)
    visit = booked(applicant, house.now)
    close(house, gateway, applicant.person)
    assert rows(Appointment, id=visit)[0].status == "cancelled"
    assert rows(Enrollment, patient_id=applicant.patient_id)[0].status == "ended"


def test_the_address_leaves_the_waitlist_and_may_join_again_as_somebody_new(house: House, gateway: Gateway) -> None:
    person = a_patient(email="again@example.com")
    waitlist.ask(
        email=person.email, state="GA", locale="en", catalog=house.catalog, actor=Actor("visitor"), now=house.now
    )
    close(house, gateway, person)
    assert rows(WaitlistEntry) == []
    join(house, an_assessment(house), email="again@example.com")
    found = [row for row in rows(User, kind="patient") if row.id != person.user_id]
    assert len(found) == 1
    assert len(mail_of(Person(found[0].id, person.email), "confirm_address")) == 1


def test_a_copy_under_way_while_closing_is_dropped(
    house: House, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = a_patient()
    ready = ask(person)
    make(house, ready)
    copy_id = ask(person)
    from service.privacy import gateway as typesetter

    original = typesetter.pdf

    def closes_meanwhile(*arguments: Any, **named: Any) -> bytes:
        close(house, gateway, person)
        return original(*arguments, **named)

    monkeypatch.setattr(typesetter, "pdf", closes_meanwhile)
    assert not make(house, copy_id)
    assert [(row.status, row.json_sealed, row.pdf_sealed) for row in copies(person)] == [("expired", None, None)] * 2


def test_the_page_says_what_is_kept_and_asks_for_a_tick(house: House, client: Browser) -> None:
    person = a_patient()
    client.sign_in(person.user_id)
    page = client.get("/settings/close-account").text
    assert "7 years" in page
    assert "30 days" in page
    assert client.submit("/settings/close-account").status_code == 422
    assert not is_closed(person)
    answer = client.submit("/settings/close-account", {"understood": "y"})
    assert answer.headers["Location"] == "/account-closed"
    assert is_closed(person)
    assert client.get("/account-closed").status_code == 200
    assert client.get("/home").status_code == 303


def test_a_stranger_must_prove_again_before_closing(house: House, client: Browser) -> None:
    person = a_patient()
    client.sign_in(person.user_id, second_factor=False)
    for answer in (
        client.get("/settings/close-account"),
        client.submit("/settings/close-account", {"understood": "y"}),
    ):
        assert answer.status_code == 303
    assert not is_closed(person)


def test_under_a_legal_hold_the_account_closes_and_nothing_is_removed_before_the_hold_is_lifted(
    house: House, gateway: Gateway
) -> None:
    person = a_person_with_everything(house)
    assert person.patient_id is not None
    owner, reason = staff_actor("owner"), "Matter 26-118, asked for by counsel."
    waitlist.ask(
        email=person.email, state="GA", locale="en", catalog=house.catalog, actor=Actor("visitor"), now=house.now
    )
    actions.place_hold(patient_id=person.patient_id, reason=reason, actor=owner, now=house.now)
    close(house, gateway, person)
    assert is_closed(person)
    assert [row.removed_at is not None for row in rows(Passkey, user_id=person.user_id)] == [True]
    assert rows(User, id=person.user_id)[0].totp_sealed is not None
    assert [row.left_at is not None for row in rows(WaitlistEntry)] == [True]
    (call,) = rows(Alert, patient_id=person.patient_id)
    acknowledge(alert_id=call.id, actor=staff_actor("clinician"), now=house.now)
    later = timedelta(days=40)
    for lifted in (False, True):
        if lifted:
            actions.lift_hold(patient_id=person.patient_id, reason=reason, actor=owner, now=house.now)
        actions.retain(catalog=house.catalog, now=house.now + later, wall_now=wall_now() + later)
        assert (rows(Passkey, user_id=person.user_id) == []) is lifted
        assert (rows(Patient, id=person.patient_id)[0].phone_sealed is None) is lifted
        assert (rows(User, id=person.user_id)[0].totp_sealed is None) is lifted
