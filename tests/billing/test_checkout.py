"""From "I agree" to the pay page: never without a yes of the gate, never two pages, never two charges."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from service.billing import actions
from service.billing.gateway import Bug, CheckoutPage, Gateway
from service.billing.models import Checkout, GateRecord
from service.kit import db
from service.kit.errors import Conflict, NotFound, Rejected, TryAgain
from tests.billing.stand_in import DECLINED, GOOD, StandIn
from tests.conftest import House
from tests.factories.billing import (
    a_hold,
    an_approved_patient,
    enrollment_status,
    invoices_of,
    mails_to,
    membership_row,
    ready_to_pay,
    terms_of,
)
from tests.factories.visits import Applicant


def start(house: House, gateway: Gateway, applicant: Applicant, plan: str = "monthly", *, agreed: bool = True) -> str:
    return actions.start_checkout(
        patient_id=applicant.patient_id,
        plan_key=plan,
        terms=terms_of(house.catalog.plans.get(plan, house.catalog.plans["monthly"])) if agreed else None,
        gateway=gateway,
        catalog=house.catalog,
        actor=applicant.actor,
        now=house.now,
    )


def confirm(house: House, gateway: Gateway, applicant: Applicant) -> str:
    return actions.confirm_checkout(
        session_id=checkouts()[-1].stripe_session_id or "",
        patient_id=applicant.patient_id,
        gateway=gateway,
        catalog=house.catalog,
        now=house.now,
    )


def checkouts() -> list[Checkout]:
    with db.reading() as session:
        return list(session.scalars(select(Checkout).order_by(Checkout.meant_at, Checkout.id)))


def gate_records() -> list[GateRecord]:
    with db.reading() as session:
        return list(session.scalars(select(GateRecord).order_by(GateRecord.asked_at, GateRecord.id)))


class Crashing(Gateway):
    """The process dies right after Stripe made the page: nothing of it was recorded."""

    def start_checkout(self, **arguments: object) -> CheckoutPage:  # type: ignore[override]
        super().start_checkout(**arguments)  # type: ignore[arg-type]
        raise SystemError("power cut")


def test_a_patient_who_agreed_pays_and_is_a_member(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    page = start(house, gateway, applicant)
    assert page.startswith(stripe.url)
    before = membership_row(applicant.patient_id)
    assert before is not None
    assert before.status == "awaiting_payment"
    back = stripe.pay(page)
    assert back.headers["Location"].startswith("https://localhost/membership/return?session_id=cs_")
    assert confirm(house, gateway, applicant) == "paid"
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert (row.status, row.card_brand, row.card_last4, row.price_cents) == ("active", "visa", "4242", 25000)
    assert row.activated_at == house.now
    assert row.period_ends_at is not None
    assert row.period_ends_at.date() == date(2026, 12, 23)
    assert enrollment_status(applicant) == "active"
    assert [(i.status, i.amount_paid_cents) for i in invoices_of(row.id)] == [("paid", 25000)]
    assert mails_to(applicant) == Counter(["membership_started", "payment_receipt"])
    assert confirm(house, gateway, applicant) == "paid"
    assert mails_to(applicant) == Counter(["membership_started", "payment_receipt"])


def test_nobody_pays_who_did_not_agree(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house)
    with pytest.raises(Rejected):
        start(house, gateway, applicant, agreed=False)
    assert membership_row(applicant.patient_id) is None


def test_nobody_pays_before_everything_is_signed(house: House, gateway: Gateway) -> None:
    applicant = an_approved_patient(house)
    with pytest.raises(actions.NotYet) as no:
        start(house, gateway, applicant)
    assert no.value.codes == ("consents",)
    assert membership_row(applicant.patient_id) is None
    (record,) = gate_records()
    assert (record.yes, record.reasons) == (False, ["consents"])


def test_nobody_pays_while_a_hold_stands_or_the_license_is_gone(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house, license_expires_on=date(2026, 12, 1))
    a_hold(house, applicant)
    house.at(house.now + timedelta(days=8))
    with pytest.raises(actions.NotYet) as no:
        start(house, gateway, applicant)
    assert no.value.codes == ("license", "registration", "hold")


def test_nobody_pays_without_an_enrollment_or_for_a_plan_that_is_not_there(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house)
    with pytest.raises(Rejected):
        start(house, gateway, applicant, "golden")
    with pytest.raises(NotFound):
        start(house, gateway, replace(applicant, patient_id=applicant.enrollment_id))


def test_pressing_twice_leads_to_the_same_page(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house)
    assert start(house, gateway, applicant) == start(house, gateway, applicant)
    assert len(checkouts()) == 1


def test_a_crash_after_stripes_answer_is_healed_by_the_next_try(house: House, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    plain = stripe.gateway()
    crashing = Crashing(
        key="sk_test_homeward",
        api_url=stripe.url,
        webhook_secrets="whsec_test",
        checkout_origin=stripe.url,
        site="https://localhost",
    )
    with pytest.raises(SystemError):
        start(house, crashing, applicant)
    assert [(c.status, c.stripe_session_id) for c in checkouts()] == [("meant", None)]
    page = start(house, plain, applicant)
    (row,) = checkouts()
    assert (row.status, page.endswith(row.stripe_session_id or "-")) == ("open", True)


def test_an_attempt_too_old_to_replay_is_replaced(house: House, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    away = Gateway(
        key="sk_test_homeward",
        api_url="http://127.0.0.1:1",
        webhook_secrets="whsec_test",
        checkout_origin=stripe.url,
        site="https://localhost",
    )
    with pytest.raises(TryAgain):
        start(house, away, applicant)
    house.at(house.now + timedelta(minutes=25))
    start(house, stripe.gateway(), applicant)
    first, second = checkouts()
    assert (first.status, second.status) == ("expired", "open")
    assert first.idempotency_key != second.idempotency_key


def test_choosing_the_other_plan_closes_the_first_page(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    first = start(house, gateway, applicant)
    second = start(house, gateway, applicant, "monthly_plus")
    assert first != second
    assert gateway.get_checkout(checkouts()[0].stripe_session_id or "").status == "expired"
    stripe.pay(second)
    assert confirm(house, gateway, applicant) == "paid"
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert (row.plan, row.price_cents) == ("monthly_plus", 34900)


def test_choosing_again_after_paying_charges_nothing_more(house: House, gateway: Gateway, stripe: StandIn) -> None:
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    # The message has not come and nobody came back: the second press finds the payment itself.
    again = start(house, gateway, applicant, "monthly_plus")
    assert again.startswith("/membership/return?session_id=cs_")
    assert confirm(house, gateway, applicant) == "paid"
    with pytest.raises(Conflict):
        start(house, gateway, applicant)


def test_a_declined_card_starts_nothing_and_another_card_may_follow(
    house: House, gateway: Gateway, stripe: StandIn
) -> None:
    applicant = ready_to_pay(house)
    page = start(house, gateway, applicant)
    stripe.pay(page, DECLINED)
    assert confirm(house, gateway, applicant) in ("not_paid", "waiting")
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert (row.status, mails_to(applicant)) == ("awaiting_payment", Counter())
    assert start(house, gateway, applicant) == page
    stripe.pay(page, GOOD)
    assert confirm(house, gateway, applicant) == "paid"


def test_somebody_elses_payment_is_not_found(house: House, gateway: Gateway) -> None:
    applicant, other = ready_to_pay(house), ready_to_pay(house)
    start(house, gateway, applicant)
    with pytest.raises(NotFound):
        confirm(house, gateway, other)


def test_a_price_that_differs_from_the_catalog_is_refused_loudly(house: House, gateway: Gateway) -> None:
    applicant = ready_to_pay(house)
    plan = replace(house.catalog.plans["monthly"], price_cents=24900)
    catalog = replace(house.catalog, plans={"monthly": plan})
    with pytest.raises(Bug):
        actions.start_checkout(
            patient_id=applicant.patient_id,
            plan_key="monthly",
            terms=terms_of(plan),
            gateway=gateway,
            catalog=catalog,
            actor=applicant.actor,
            now=house.now,
        )


def test_a_hold_that_came_during_the_payment_is_recorded_and_breaks_nothing(
    house: House, gateway: Gateway, stripe: StandIn
) -> None:
    applicant = ready_to_pay(house)
    stripe.pay(start(house, gateway, applicant))
    a_hold(house, applicant)
    assert confirm(house, gateway, applicant) == "paid"
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert row.status == "active"
