"""A month left out: nothing charged, nothing lost, undone in time, and begun again when the patient wants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.billing import actions, queries
from service.billing.gateway import Declined, Gateway
from service.kit import db
from service.kit.errors import Conflict, TryAgain
from tests.billing.changing import Member, a_member
from tests.billing.stand_in import FAILS_LATER, KEY, SECRET, StandIn
from tests.conftest import House
from tests.factories.billing import a_hold


def skip(member: Member, months: int = 1) -> None:
    actions.skip(months=months, **member.about)


def unskip(member: Member) -> None:
    actions.unskip(**member.about)


def restart(member: Member, due: int = 25000) -> None:
    actions.restart(due_cents=due, terms=member.terms("resume"), **member.about)


def day(month: int, of: int, year: int = 2027) -> datetime:
    return datetime(year, month, of, 15, 0, tzinfo=UTC)


def test_a_month_left_out_costs_nothing_and_the_next_one_comes(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member)
    assert member.charge_on == day(1, 23).date()
    assert not member.card.unpaid
    member.day_by_day(day(1, 10))
    assert member.charged() == [25000]
    assert member.card.unpaid
    assert member.paid_until_on == day(12, 23, 2026).date()
    assert member.card.status == "active"
    with db.reading() as session:
        assert member.applicant.patient_id in {one.patient_id for one in queries.active_memberships(session)}
    member.day_by_day(day(1, 24))
    assert member.charged() == [25000, 25000] == member.kept()
    assert not member.card.skips
    assert member.paid_until_on == day(2, 23).date()
    assert [key.rpartition(":")[0].rpartition("T")[0] for key in member.mails("renewal_reminder")] == [
        f"renewal:{member.row.id}:2027-01-23"
    ]


def test_a_pause_of_three_months_ends_on_its_day(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member, 3)
    assert member.charge_on == day(3, 23).date()
    member.day_by_day(day(3, 22), step=timedelta(days=2))
    assert member.charged() == [25000]
    member.day_by_day(day(3, 24))
    assert member.charged() == [25000, 25000]


def test_undone_in_time_the_charge_comes_as_before(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member)
    member.pass_time(day(12, 20, 2026))
    unskip(member)
    assert member.charge_on == day(12, 23, 2026).date()
    assert [key.partition(":")[0] for key in member.mails()] == ["membership_changed"] * 2
    member.day_by_day(day(12, 24, 2026))
    assert member.charged() == [25000, 25000]
    assert member.changes.months_left == 3, "what was taken back does not count"


@pytest.mark.parametrize("pressed", [1, 3])
def test_pressed_again_it_is_one_month_and_one_mail(house: House, stripe: StandIn, pressed: int) -> None:
    member = a_member(house, stripe)
    skip(member)
    for _ in range(pressed - 1):
        with pytest.raises(Conflict) as no:
            skip(member)
        assert no.value.code == "skipping"
    assert (len(member.mails()), member.changes.months_left) == (1, 2)


@pytest.mark.parametrize("months", [0, -1, 4, 2**70])
def test_only_what_is_offered_can_be_left_out(house: House, stripe: StandIn, months: int) -> None:
    member = a_member(house, stripe)
    with pytest.raises(Conflict) as no:
        skip(member, months)
    assert no.value.code == "no_such_choice"
    assert member.intents() == []


def test_after_its_cut_off_it_is_too_late(house: House, stripe: StandIn) -> None:
    member = a_member(house, stripe)
    house.at(member.charge_at - timedelta(days=3) + timedelta(seconds=1))
    with pytest.raises(Conflict) as no:
        skip(member)
    assert no.value.code == "too_late"
    assert member.at_stripe().collection_resumes_at is None


def test_starting_again_charges_today_and_begins_a_month(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member)
    member.pass_time(day(1, 4))
    restart(member)
    assert member.charged() == [25000, 25000]
    assert member.charge_on == day(2, 4).date()
    assert member.agreed()[-1] == ("resume", 25000)
    assert not member.card.unpaid
    with pytest.raises(Conflict) as no:
        restart(member)
    assert no.value.code == "nothing_to_undo"
    member.day_by_day(day(2, 5))
    assert member.charged() == [25000] * 3 == member.kept()


def test_the_gate_is_asked_before_starting_again(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member)
    member.pass_time(day(1, 4))
    a_hold(house, member.applicant)
    with pytest.raises(actions.GateSaysNo) as no:
        restart(member)
    assert no.value.codes == ("hold",)
    assert member.charged() == [25000]
    assert member.card.unpaid
    assert ("resume", 25000) not in member.agreed()


def test_a_declined_card_leaves_the_month_left_out(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe, card=FAILS_LATER)
    skip(member)
    member.pass_time(day(1, 4))
    with pytest.raises(Declined):
        restart(member)
    assert member.card.unpaid
    assert member.card.status == "active"
    assert member.charge_on == day(1, 23).date()
    assert member.intents()[-1] == ("restart", "refused")


@pytest.mark.parametrize("due", [0, -1, 24999, 25001])
def test_another_amount_than_the_one_due_is_not_charged(house: House, moving_stripe: StandIn, due: int) -> None:
    member = a_member(house, moving_stripe)
    skip(member)
    member.pass_time(day(1, 4))
    with pytest.raises(Conflict) as no:
        restart(member, due)
    assert no.value.code == "changed"
    assert member.charged() == [25000]


class Lost(Gateway):
    """Stripe did it, and its answer was lost."""

    calls = 0

    def restart(self, subscription_id: str, *, key: str) -> None:
        self.calls += 1
        super().restart(subscription_id, key=key)
        raise TryAgain("lost")


def test_an_answer_that_was_lost_is_looked_up_and_not_called_for_again(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member)
    member.pass_time(day(1, 4))
    sound, member.gateway = (
        member.gateway,
        Lost(key=KEY, api_url=moving_stripe.url, webhook_secrets=SECRET, checkout_origin="x", site="https://x"),
    )
    with pytest.raises(TryAgain):
        restart(member)
    with pytest.raises(Conflict) as busy:
        unskip(member)
    assert busy.value.code in ("busy", "unpaid_month")
    house.at(house.now + timedelta(minutes=6))
    a_hold(house, member.applicant)
    actions.ask_again(gateway=member.gateway, catalog=member.catalog, now=house.now)
    assert member.gateway.calls == 1  # type: ignore[attr-defined]
    member.gateway = sound
    assert member.intents()[-1] == ("restart", "done")
    assert member.charged() == [25000, 25000]


def test_nothing_is_left_out_while_a_payment_is_open_or_an_end_is_near(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe, card=FAILS_LATER)
    actions.cancel(**member.about)
    with pytest.raises(Conflict) as no:
        skip(member)
    assert no.value.code == "ending"
    actions.undo_cancel(**member.about)
    member.pass_time(member.charge_at + timedelta(hours=2))
    assert member.card.status == "grace"
    with pytest.raises(Conflict) as no:
        skip(member)
    assert no.value.code == "payment_first"


def test_no_more_than_three_months_in_twelve(house: House, moving_stripe: StandIn) -> None:
    member = a_member(house, moving_stripe)
    skip(member, 2)
    member.day_by_day(day(2, 24), step=timedelta(days=2))
    assert [one.months for one in _choices(member)] == [1]
    with pytest.raises(Conflict) as no:
        skip(member, 2)
    assert no.value.code == "no_such_choice"
    skip(member, 1)
    member.day_by_day(day(4, 24), step=timedelta(days=2))
    with pytest.raises(Conflict) as no:
        skip(member, 1)
    assert no.value.code == "too_often"


def _choices(member: Member) -> tuple[object, ...]:
    from service.billing.rules import changes

    with db.reading() as session:
        past = queries.history(session, member.row.id, member.house.now)
        it = queries.running(member.card, past, "America/New_York")
    assert it is not None
    return changes.skips(it, member.catalog.billing.changes, past.months_left_out)
