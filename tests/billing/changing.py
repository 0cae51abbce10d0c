"""A running membership whose patient changes things, at a Stripe that keeps its own account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import requests
from sqlalchemy import select

from service.billing import actions, queries
from service.billing.actions import PlanReview
from service.billing.forms.changes import Reader, changing_plan
from service.billing.gateway import Gateway
from service.billing.models import Agreement, Intent, Invoice, Membership
from service.billing.rules.terms import Terms
from service.catalog.rules.changes import PriceChange
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.mail.models import OutboxMessage
from tests.billing.stand_in import GOOD, KEY, StandIn
from tests.billing.test_checkout import confirm, start
from tests.billing.test_events import deliver
from tests.conftest import House
from tests.factories.billing import membership_row, ready_to_pay, terms_of
from tests.factories.visits import Applicant

MIAMI = "America/New_York"


@dataclass
class Member:
    """A patient with a membership, the house, Stripe, and the way there."""

    house: House
    stripe: StandIn
    gateway: Gateway
    applicant: Applicant
    catalog: Catalog

    @property
    def row(self) -> Membership:
        found = membership_row(self.applicant.patient_id)
        assert found is not None
        return found

    @property
    def subscription_id(self) -> str:
        return self.row.stripe_subscription_id or ""

    @property
    def about(self) -> dict[str, Any]:
        """What every use case of a patient is told."""
        return {
            "patient_id": self.applicant.patient_id,
            "gateway": self.gateway,
            "catalog": self.catalog,
            "actor": self.applicant.actor,
            "now": self.house.now,
        }

    @property
    def charge_at(self) -> datetime:
        """The next charge as the patient's page says it."""
        at = self.card.next_charge_at
        assert at is not None
        return at

    @property
    def charge_on(self) -> date:
        """Its day."""
        return self.charge_at.date()

    @property
    def paid_until_on(self) -> date:
        """The last day that was paid for or given."""
        assert self.card.paid_until is not None
        return self.card.paid_until.date()

    @property
    def card(self) -> queries.MembershipCard:
        with db.reading() as session:
            found = queries.membership_of(session, self.applicant.patient_id)
        assert found is not None
        return found

    @property
    def changes(self) -> queries.Changes:
        with db.reading() as session:
            return queries.changes_of(session, self.card, self.catalog, MIAMI, self.house.now)

    def pass_time(self, to: datetime) -> None:
        """Time passes at Stripe and here, what Stripe says of it arrives, and the ticks run."""
        self.stripe.move_to(to)
        self.house.at(to)
        deliver(self.house, self.gateway, *self.stripe.messages())

    def day_by_day(self, to: datetime, *, step: timedelta = timedelta(hours=12)) -> None:
        """As `pass_time`, with the ticks of each half day."""
        while self.house.now < to:
            self.pass_time(min(self.house.now + step, to))
            self.tick()

    def tick(self) -> None:
        """What the clock does by itself."""
        actions.ask_before_renewals(gateway=self.gateway, catalog=self.catalog, now=self.house.now)
        actions.change_prices(gateway=self.gateway, catalog=self.catalog, now=self.house.now)
        actions.ask_again(gateway=self.gateway, catalog=self.catalog, now=self.house.now)

    def review(self, plan: str = "monthly_plus") -> PlanReview:
        return actions.review_plan(
            patient_id=self.applicant.patient_id,
            plan_key=plan,
            gateway=self.gateway,
            catalog=self.catalog,
            now=self.house.now,
        )

    def upgrade(self, shown: PlanReview | None = None) -> PlanReview:
        """Agree to what is shown, and change now."""
        found = shown or self.review()
        actions.change_plan(shown=found, terms=changing_plan(found, Reader(MIAMI, "en", "")), **self.about)
        return found

    def terms(self, occasion: Any, cents: int | None = None, plan: str | None = None) -> Terms:
        known = terms_of(self.catalog.plans[plan or self.row.plan], occasion)
        return known if cents is None else replace(known, amount_cents=cents)

    def at_stripe(self) -> Any:
        """The subscription as Stripe has it."""
        return self.gateway.get_subscription(self.subscription_id)

    def charged(self) -> list[int]:
        """What Stripe took from the card, charge after charge: Stripe's own account."""
        answer = requests.get(
            f"{self.stripe.url}/v1/invoices",
            params={"subscription": self.subscription_id, "limit": "100", "status": "paid"},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=5,
        ).json()
        return [one["amount_paid"] for one in reversed(answer["data"]) if one["amount_paid"]]

    def kept(self) -> list[int]:
        """What we know was taken."""
        with db.reading() as session:
            rows = session.scalars(
                select(Invoice).where(Invoice.membership_id == self.row.id, Invoice.amount_paid_cents > 0)
            )
            return [one.amount_paid_cents for one in sorted(rows, key=lambda one: one.issued_at)]

    def agreed(self) -> list[tuple[str, int]]:
        """Each box that was ticked: what for, and the monthly amount."""
        with db.reading() as session:
            query = select(Agreement).where(Agreement.membership_id == self.row.id).order_by(Agreement.agreed_at)
            return [(one.occasion, one.amount_cents) for one in session.scalars(query)]

    def mails(self, template: str = "membership_changed") -> list[str]:
        """The keys of its mails of one kind."""
        with db.reading() as session:
            query = select(OutboxMessage.message_key).where(
                OutboxMessage.user_id == self.applicant.person.user_id, OutboxMessage.template == template
            )
            return list(session.scalars(query.order_by(OutboxMessage.created_at)))

    def intents(self) -> list[tuple[str, str]]:
        """(kind, status) of what was meant, in order."""
        with db.reading() as session:
            query = select(Intent).where(Intent.membership_id == self.row.id).order_by(Intent.meant_at, Intent.id)
            return [(one.kind, one.status) for one in session.scalars(query)]


def a_member(house: House, stripe: StandIn, *, card: str = GOOD, plan: str = "monthly") -> Member:
    """Somebody who pays monthly since the house's start, and was seen in person, so that the gate's yes lasts."""
    gateway = stripe.gateway()
    applicant = ready_to_pay(house, in_person_exam_on=date(2026, 11, 2))
    stripe.pay(start(house, gateway, applicant, plan), card)
    assert confirm(house, gateway, applicant) == "paid"
    stripe.messages()
    return Member(house, stripe, gateway, applicant, house.catalog)


def with_changes(member: Member, *changes: PriceChange) -> None:
    """The clinic writes these price changes into its files and deploys."""
    member.catalog = replace(member.catalog, price_changes=changes)
    actions.offer_prices(gateway=member.gateway, catalog=member.catalog)
