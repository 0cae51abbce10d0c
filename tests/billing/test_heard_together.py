"""Messages about one subscription are answered by one look at Stripe, and one that fails stops none of the others."""

from __future__ import annotations

from uuid import UUID

from service.billing import actions, rules
from service.billing.gateway import Bug, Gateway, InvoiceFacts, SubscriptionFacts
from service.kit.clock import wall_now
from service.kit.errors import TryAgain
from service.kit.ids import new_id
from tests.billing.stand_in import KEY, SECRET, Message, StandIn
from tests.billing.test_events import EXPECTED_MAILS, an_event, paid, rows, signed
from tests.conftest import House
from tests.factories.billing import invoices_of, mails_to, membership_row


class Counting(Gateway):
    """Notes what it was asked for; may be away, or unable to show one charge."""

    asked: list[str]
    away = False
    hidden = ""

    def get_subscription(self, subscription_id: str) -> SubscriptionFacts:
        self.asked.append(subscription_id)
        if self.away:
            raise TryAgain("stripe: away")
        return super().get_subscription(subscription_id)

    def get_invoice(self, invoice_id: str) -> InvoiceFacts:
        self.asked.append(invoice_id)
        if invoice_id == self.hidden:
            raise Bug("stripe: no such invoice")
        return super().get_invoice(invoice_id)


def counting(stripe: StandIn) -> Counting:
    gateway = Counting(
        key=KEY, api_url=stripe.url, webhook_secrets=SECRET, checkout_origin=stripe.url, site="https://x"
    )
    gateway.asked = []
    return gateway


def taken_in(gateway: Gateway, *messages: Message) -> list[UUID]:
    """They are in the inbox, and nobody has looked at them."""
    for message in messages:
        notice = gateway.verify_webhook(message.raw, message.signature)
        actions.receive(notice=notice, body=message.raw.decode(), wall_now=wall_now())
    return [row.id for row in rows() if row.handled_at is None]


def handled(house: House, gateway: Gateway, waiting: list[UUID]) -> int:
    return actions.handle_events(
        event_ids=waiting, gateway=gateway, catalog=house.catalog, now=house.now, wall_now=wall_now()
    )


def test_all_that_a_first_payment_tells_costs_one_call_a_subscription(house: House, stripe: StandIn) -> None:
    gateway = counting(stripe)
    applicant, messages = paid(house, gateway, stripe)
    about = [one for one in messages if one.kind.startswith(("customer.subscription.", "invoice."))]
    waiting = taken_in(gateway, *about)
    gateway.asked.clear()
    assert handled(house, gateway, waiting) == len(waiting) > 2
    assert len(gateway.asked) == 1
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert (row.status, len(invoices_of(row.id)), mails_to(applicant)) == ("active", 1, EXPECTED_MAILS)
    assert all(one.handled_at is not None and one.attempts == 1 for one in rows() if one.id in waiting)


def test_whoever_comes_second_finds_nothing_to_do(house: House, stripe: StandIn) -> None:
    gateway = counting(stripe)
    _, messages = paid(house, gateway, stripe)
    waiting = taken_in(gateway, *messages)
    handled(house, gateway, waiting)
    gateway.asked.clear()
    assert (handled(house, gateway, waiting), gateway.asked) == (0, [])


def test_one_that_fails_is_kept_for_itself_and_the_others_are_done(house: House, stripe: StandIn) -> None:
    gateway = counting(stripe)
    applicant, messages = paid(house, gateway, stripe)
    about = [one for one in messages if one.kind.startswith("customer.subscription.")]
    subscription_id = gateway.list_subscriptions()[0][0].id
    bad = an_event("invoice.updated", "in_unreadable")
    bad["data"] = {
        "object": {
            "id": "in_unreadable",
            "object": "invoice",
            "parent": {"subscription_details": {"subscription": subscription_id}},
        }
    }
    gateway.hidden = "in_unreadable"
    waiting = taken_in(gateway, Message(*signed(bad), ""), *about)
    assert handled(house, gateway, waiting) == len(waiting) - 1
    assert [row.object_id for row in rows() if row.handled_at is None] == ["in_unreadable"]
    assert [(row.attempts, row.last_error) for row in rows() if row.handled_at is None] == [(1, "Bug")]
    row = membership_row(applicant.patient_id)
    assert row is not None
    assert row.status == "active"


def test_where_stripe_is_away_each_is_tried_again_later(house: House, stripe: StandIn) -> None:
    gateway = counting(stripe)
    _, messages = paid(house, gateway, stripe)
    waiting = taken_in(gateway, *[one for one in messages if one.kind.startswith(("customer.subscr", "invoice."))])
    gateway.asked.clear()
    gateway.away = True
    assert handled(house, gateway, waiting) == 0
    assert len(gateway.asked) == 1
    assert {(row.attempts, row.last_error) for row in rows() if row.id in waiting} == {(1, "TryAgain: stripe: away")}


def told(kind: str, object_id: str, subject_id: str | None) -> rules.Told:
    return rules.Told(new_id(), kind, object_id, subject_id)


def test_messages_are_put_together_by_their_subscription_and_nothing_else() -> None:
    one = [
        told("invoice.paid", "in_1", "sub_1"),
        told("customer.subscription.updated", "sub_2", "sub_2"),
        told("customer.subscription.updated", "sub_1", "sub_1"),
        told("refund.updated", "re_1", "sub_1"),
        told("checkout.session.completed", "cs_1", "sub_1"),
        told("invoice.paid", "in_9", None),
        told("invoice.finalized", "in_8", None),
    ]
    groups = rules.together(one)
    assert sorted(groups) == sorted([[one[0].id, one[2].id], [one[1].id], *([single.id] for single in one[3:])])


def test_no_transaction_answers_for_more_than_three_charges() -> None:
    charges = [told("invoice.paid", f"in_{number}", "sub_1") for number in range(8)]
    again = [told("invoice.updated", f"in_{number}", "sub_1") for number in range(8)]
    groups = rules.together([*charges, *again])
    name = {one.id: one.object_id for one in (*charges, *again)}
    assert sorted(event_id for group in groups for event_id in group) == sorted(name)
    assert all(len({name[event_id] for event_id in group}) <= rules.MOST_CHARGES for group in groups)
