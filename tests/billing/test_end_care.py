"""Care ends, or somebody has died: what costs stops at once, the policy's refund goes back once, and nobody is hurt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from service.accounts.models import SignIn, User
from service.audit.models import AuditEntry
from service.billing import actions
from service.billing.actions import stops
from service.billing.gateway import Gateway
from service.billing.models import Cancellation, Intent, Refund
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.clock import wall_now
from service.kit.errors import Conflict, HomewardError, NotAllowed, OutsideCareTeam, Rejected, TryAgain
from service.mail.models import OutboxMessage
from tests.billing.stand_in import StandIn
from tests.billing.test_events import deliver
from tests.billing.test_renewals import a_member, charge_at, pass_time, row_of
from tests.billing.test_stops import HOUR, Away, a_draft, like, money, refunds, statuses
from tests.client import Browser
from tests.conftest import House
from tests.factories.accounts import a_staff_member
from tests.factories.at_once import at_once
from tests.factories.billing import enrollment_status, mails_to, ready_to_pay
from tests.factories.care import looking_after
from tests.factories.visits import Applicant


def staff(applicant: Applicant, role: str = "clinician") -> Actor:
    return looking_after(Actor("staff", user_id=a_staff_member(role).user_id, role=role), applicant.patient_id)


def end(
    house: House,
    gateway: Gateway,
    applicant: Applicant,
    reason: str,
    delivered: str = "this_month",
    *,
    actor: Actor | None = None,
    note: str = "",
) -> stops.EndedCare:
    return stops.end_care(
        enrollment_id=applicant.enrollment_id,
        reason=reason,
        delivered=delivered,
        note=note,
        gateway=gateway,
        catalog=house.catalog,
        actor=actor or staff(applicant),
        now=house.now,
        wall_now=wall_now(),
    )


def half_a_month(house: House, stripe: StandIn, applicant: Applicant) -> None:
    """To the second in the middle of the 30 days that were paid for."""
    began = row_of(applicant).period_starts_at
    assert began is not None
    house.at(began + timedelta(days=15))
    stripe.move_to(house.now)


@pytest.mark.parametrize(
    ("reason", "delivered", "cents"),
    [
        ("care_ended", "this_month", 12500),
        ("care_ended", "nothing_yet", 25000),
        ("safety_stop", "not_this_month", 25000),
        ("safety_stop", "this_month", 12500),
        ("approval_withdrawn", "nothing_yet", 25000),
        ("out_of_state", "not_this_month", 12500),
        ("consent_withdrawn", "this_month", 12500),
        ("died", "this_month", 25000),
    ],
)
def test_care_that_ends_ends_what_costs_and_gives_back_what_the_policy_says(
    house: House, moving_stripe: StandIn, reason: str, delivered: str, cents: int
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    half_a_month(house, moving_stripe, applicant)
    done = end(house, gateway, applicant, reason, delivered)
    assert (done.given_back_cents, done.answered, done.member) == (cents, True, True)
    assert (row_of(applicant).status, enrollment_status(applicant)) == ("ended", "ended")
    assert [(one.reason, one.status, one.amount_cents) for one in refunds()] == [(reason, "done", cents)]
    assert money(applicant) == [25000, -cents]
    pass_time(house, moving_stripe, gateway, house.now + timedelta(days=40))
    assert (statuses(applicant), money(applicant)) == (["paid"], [25000, -cents])
    with pytest.raises(Conflict, match="care_over"):
        end(house, gateway, applicant, reason, delivered)


def test_a_draft_is_not_collected_after_the_end(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, due = a_draft(house, moving_stripe)
    end(house, gateway, applicant, "safety_stop")
    pass_time(house, moving_stripe, gateway, due + timedelta(days=20))
    assert (row_of(applicant).status, statuses(applicant)) == ("ended", ["paid", "void"])
    assert [cents for cents in money(applicant) if cents > 0] == [25000]


def test_a_charge_collected_just_before_the_end_and_heard_of_after_it_goes_back_by_the_same_policy(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    house.at(charge_at(applicant) + timedelta(hours=3))
    moving_stripe.move_to(house.now)
    end(house, gateway, applicant, "died")
    assert all(deliver(house, gateway, *moving_stripe.messages()))
    assert [actions.judge_payments(gateway=gateway, catalog=house.catalog, now=house.now) for _ in range(2)] == [1, 0]
    with db.reading() as session:
        back = session.scalars(select(Refund)).one()
    assert (back.reason, back.status, back.amount_cents) == ("died", "done", 25000)


def test_who_has_died_gets_no_mail_and_nobody_signs_in_for_them(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    with db.transaction() as session:
        now = wall_now()
        session.add(
            SignIn(
                id=applicant.enrollment_id,
                token_hash=b"x" * 32,
                user_id=applicant.person.user_id,
                created_at=now,
                seen_at=now,
                expires_at=now + HOUR,
            )
        )
    end(house, gateway, applicant, "died", actor=staff(applicant, "coordinator"))
    from service.accounts.queries import address_of

    with db.reading() as session:
        user = session.get_one(User, applicant.person.user_id)
        assert user.deactivated_at is not None
        assert session.get_one(SignIn, applicant.enrollment_id).revoked_at is not None
        assert address_of(session, user.id) is None  # so that whatever is queued is skipped as it would leave
        ended = session.scalars(select(OutboxMessage.user_id).where(OutboxMessage.template == "membership_ended"))
        assert set(ended) <= {user.id}


def test_an_answer_that_was_lost_leaves_nothing_undone_and_nothing_done_twice(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    half_a_month(house, moving_stripe, applicant)

    class Gone(Gateway):
        def cancel(self, subscription_id: str, *, at_period_end: bool = True, key: str) -> None:
            super().cancel(subscription_id, at_period_end=at_period_end, key=key)
            raise TryAgain("timed out")

        def refund(self, payment_id: str, **told: object) -> object:  # type: ignore[override]
            super().refund(payment_id, **told)  # type: ignore[arg-type]
            raise TryAgain("timed out")

    assert not end(house, like(gateway, Gone, moving_stripe), applicant, "care_ended").answered
    assert enrollment_status(applicant) == "ended"
    for minutes in (6, 70, 1600):
        house.at(house.now + timedelta(minutes=minutes))
        actions.ask_again(gateway=gateway, catalog=house.catalog, now=house.now)
    assert (row_of(applicant).status, money(applicant)) == ("ended", [25000, -12500])
    assert [one.status for one in refunds()] == ["done"]


def test_stripe_away_for_a_day_is_asked_until_it_has_heard(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, _ = a_draft(house, moving_stripe)
    away = like(gateway, Away, moving_stripe)
    away.heard = False  # type: ignore[attr-defined]
    assert not end(house, away, applicant, "care_ended").answered
    for minutes in (6, 1440, 1):
        house.at(house.now + timedelta(minutes=minutes))
        actions.ask_again(gateway=gateway, catalog=house.catalog, now=house.now)
    assert (row_of(applicant).status, statuses(applicant)) == ("ended", ["paid", "void"])


@pytest.mark.parametrize("role", ["coordinator", "owner"])
def test_whether_to_treat_is_only_a_clinicians_to_decide(house: House, moving_stripe: StandIn, role: str) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    for reason in ("care_ended", "safety_stop", "approval_withdrawn", "account_closed", "lapsed", ""):
        with pytest.raises(NotAllowed):
            end(house, gateway, applicant, reason, actor=staff(applicant, role))
    assert (row_of(applicant).status, enrollment_status(applicant)) == ("active", "active")


@pytest.mark.parametrize("role", ["billing", "auditor"])
def test_who_looks_after_nobody_ends_nobodys_care(house: House, moving_stripe: StandIn, role: str) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    actor = Actor("staff", user_id=a_staff_member(role).user_id, role=role)
    with pytest.raises(NotAllowed):
        end(house, gateway, applicant, "died", actor=actor)
    with pytest.raises(NotAllowed):
        end(house, gateway, applicant, "died", actor=applicant.actor)


def test_a_stranger_to_the_care_team_needs_a_reason_first(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    actor = Actor("staff", user_id=a_staff_member("clinician").user_id, role="clinician")
    with pytest.raises(OutsideCareTeam):
        end(house, gateway, applicant, "died", actor=actor)


@pytest.mark.parametrize(("delivered", "note"), [("", ""), ("everything", ""), ("this_month", "x" * 2001)])
def test_what_cannot_be_read_ends_nothing(house: House, moving_stripe: StandIn, delivered: str, note: str) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    with pytest.raises(Rejected):
        end(house, gateway, applicant, "died", delivered, note=note)
    assert row_of(applicant).status == "active"


def test_who_has_not_paid_yet_is_charged_nothing_afterwards(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house)
    done = end(house, gateway, applicant, "approval_withdrawn", "nothing_yet")
    assert (done.given_back_cents, done.member) == (0, False)
    assert enrollment_status(applicant) == "ended"


def test_the_note_is_sealed_and_the_reason_kept(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    end(house, gateway, applicant, "out_of_state", note="Moved to Georgia for good.")
    with db.reading() as session:
        row = session.scalars(select(Cancellation)).one()
        trail = session.scalars(select(AuditEntry.reason).where(AuditEntry.action == "care.end")).all()
    assert (row.asked_by, row.reason) == ("staff", "out_of_state")
    assert row.comment_sealed is not None
    assert b"Georgia" not in row.comment_sealed
    assert crypto.unseal(row.comment_sealed, "cancellations", "comment", row.id) == "Moved to Georgia for good."
    assert trail == ["out_of_state"]


def test_two_who_end_it_at_once_end_it_once(committed: House, stripe: StandIn) -> None:
    committed.at(committed.now)
    applicant, gateway = a_member(committed, stripe)
    actors = [staff(applicant) for _ in range(3)]
    done = at_once(
        *[lambda actor=actor: end(committed, gateway, applicant, "safety_stop", actor=actor) for actor in actors]  # type: ignore[misc]
    )
    # The others hear that it is done, or that nobody looks after the patient any more.
    assert sorted(isinstance(one, HomewardError) for one in done) == [False, True, True], done
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Refund)) == 1
        assert session.scalars(select(Intent.kind).order_by(Intent.kind)).all() == ["end", "refund"]
    assert row_of(applicant).status == "ended"


@pytest.fixture
def running(app: Flask, house: House, moving_stripe: StandIn) -> Iterator[Applicant]:
    """A member; the application speaks to their Stripe."""
    before = app.config["GATEWAY"]
    app.config["GATEWAY"] = moving_stripe.gateway()
    yield a_member(house, moving_stripe)[0]
    app.config["GATEWAY"] = before


def test_a_clinician_ends_care_on_the_page_and_sees_first_what_goes_back(client: Browser, running: Applicant) -> None:
    client.sign_in(looking_after(a_staff_member("clinician"), running.patient_id).user_id)
    address = f"/staff/enrollments/{running.enrollment_id}/end"
    assert address in client.get(f"/staff/enrollments/{running.enrollment_id}").text
    page = client.get(address).text
    assert "Treatment is complete" in page
    sent = {"reason": "safety_stop", "delivered": "not_this_month", "note": ""}
    sure = client.submit(address, sent)
    assert sure.status_code == 200
    assert "$250.00" in sure.text
    assert row_of(running).status == "active"
    answer = client.submit(f"{address}/sure", sent)
    assert answer.status_code == 303
    assert "Their care is over" in client.get(answer.headers["Location"]).text
    assert row_of(running).status == "ended"
    again = client.submit(f"{address}/sure", sent)
    assert "break-glass" in again.headers["Location"]  # nobody looks after them any more
    assert len(refunds()) == 1


def test_who_works_with_memberships_reads_that_care_ended_and_not_why(client: Browser, running: Applicant) -> None:
    client.sign_in(looking_after(a_staff_member("clinician"), running.patient_id).user_id)
    sent = {"reason": "safety_stop", "delivered": "this_month", "note": ""}
    client.submit(f"/staff/enrollments/{running.enrollment_id}/end/sure", sent)
    client.sign_in(a_staff_member("billing").user_id)
    page = client.get(f"/staff/memberships/{row_of(running).id}").text
    assert "Ended with their care" in page
    assert "Cancelled for the patient" not in page
    assert "safe to go on" not in page


def test_of_somebody_who_has_died_no_page_says_that_they_may_come_back(client: Browser, running: Applicant) -> None:
    client.sign_in(looking_after(a_staff_member("clinician"), running.patient_id).user_id)
    address = f"/staff/enrollments/{running.enrollment_id}/end"
    for reason, comes_back in (("died", False), ("care_ended", True)):
        sure = client.submit(address, {"reason": reason, "delivered": "this_month", "note": ""}).text
        assert "The enrollment ends now. That cannot be undone" in sure
        assert ("who comes back begins anew" in sure) is comes_back


def test_a_page_that_was_left_empty_says_what_is_missing(client: Browser, running: Applicant) -> None:
    client.sign_in(looking_after(a_staff_member("coordinator"), running.patient_id).user_id)
    address = f"/staff/enrollments/{running.enrollment_id}/end"
    answer = client.submit(address, {"reason": "safety_stop"})
    assert answer.status_code == 422
    assert "Say whether anything was delivered" in answer.text
    assert "Treatment is complete" not in answer.text
    assert client.submit(f"{address}/sure", {"reason": "x" * 50, "delivered": "this_month"}).status_code == 422


def test_the_mail_that_it_ended_is_one(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    end(house, gateway, applicant, "care_ended")
    deliver(house, gateway, *moving_stripe.messages())
    assert mails_to(applicant)["membership_ended"] == 1
