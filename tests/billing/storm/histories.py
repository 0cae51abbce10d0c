"""What may happen, step by step. Each history ends with what is wrong: nothing, unless a mistake is planted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from sqlalchemy import select

from service.billing.actions.desk import refunds
from service.billing.models import Intent
from service.kit import db
from tests.billing.stand_in import FAILS_LATER, GOOD
from tests.billing.storm.at_stripe import charged, subscriptions_of
from tests.billing.storm.doing import DAY, HOUR
from tests.billing.storm.town import Town
from tests.billing.storm.truths import unlike_stripe, wrongs

A_MOMENT = timedelta(minutes=10)


def begin(town: Town, card: str = GOOD, code: str = "") -> None:
    """Agree, pay, come back."""
    (one,) = town.people
    town.starts(one, code=code)
    town.pays(one, card)
    town.comes_back(one)
    town.look_after()


def asleep_over_a_charge(town: Town) -> list[str]:
    """A hold, and no worker is there when Stripe renews."""
    begin(town)
    town.live(25 * DAY)
    town.hold(town.people[0])
    town.sleep(7 * DAY)
    town.settle()
    return wrongs(town)


def held_as_a_draft(town: Town) -> list[str]:
    """A hold between draft and finalise, with everybody at work: nothing may even be charged."""
    begin(town)
    town.to_next_charge(town.people[0], A_MOMENT)
    town.hold(town.people[0])
    town.settle()
    return wrongs(town)


def held_between_retries(town: Town) -> list[str]:
    """A card that fails, a hold after the first try, and a bank that says yes again."""
    begin(town, FAILS_LATER)
    town.to_next_charge(town.people[0], 2 * HOUR)
    town.hold(town.people[0])
    town.live(HOUR)
    town.wire.mend_cards()
    town.settle()
    return wrongs(town)


def a_lost_answer(town: Town) -> list[str]:
    """A refund that Stripe made, and whose answer never came: asked again."""
    begin(town)
    town.wire.trouble("timeout", 1, method="POST", path="/v1/refunds")
    town.tries(lambda: town.refunds(town.people[0], 0.3, decides=True))
    town.settle()
    return wrongs(town)


def a_lost_answer_and_a_night(town: Town) -> list[str]:
    """The same, and nobody is at work until its key serves no longer."""
    begin(town)
    town.wire.trouble("timeout", 4, method="POST", path="/v1/refunds")
    town.tries(lambda: town.refunds(town.people[0], 0.3, decides=True))
    town.sleep(5 * HOUR)
    town.settle()
    return wrongs(town)


def two_refunds(town: Town) -> list[str]:
    """Nearly all of a payment, by two of the staff who looked at the same moment."""
    begin(town)
    row = town.membership(town.people[0])
    assert row is not None
    (invoice,) = town.invoices(row.id)
    for cents, actor in ((22_500, town.pool.owner), (20_000, town.pool.other_owner)):
        told = {"membership_id": row.id, "invoice_id": invoice.id, "amount_cents": cents, "left_cents": 25_000}
        told |= {"reason": "goodwill", "note": "", "actor": actor}
        town.tries(lambda told=told: town.call(refunds.ask_refund, **told))  # type: ignore[misc]
    town.settle()
    return wrongs(town)


def told_in_the_wrong_order(town: Town) -> list[str]:
    """Cancelled, and undone; the messages come latest first, and nobody compares yet."""
    begin(town)
    for name in ("cancel", "undo_cancel"):
        town.wishes(town.people[0], name)
    town.collect()
    town.bag.reverse()
    town.deliver()
    town.work()
    return wrongs(town)


def twice_and_compared(town: Town) -> list[str]:
    """Everything is told twice, and compared as well."""
    begin(town)
    town.to_next_charge(town.people[0], DAY)
    town.deliver(seed=3, twice=1.0)
    town.settle()
    return wrongs(town)


def killed_while_cancelling(town: Town) -> list[str]:
    """The web is killed just before Stripe hears of it."""
    begin(town)
    for seams in range(1, 7):
        town.killed_after(seams, lambda: town.wishes(town.people[0], "cancel"))
        town.settle()
        if found := wrongs(town) or not_heard(town):
            return found
        town.tries(lambda: town.wishes(town.people[0], "undo_cancel"))
    return []


def not_heard(town: Town) -> list[str]:
    """What is done as we have it is done at Stripe as well."""
    with db.reading() as session:
        latest = session.scalars(select(Intent).order_by(Intent.meant_at.desc())).first()
    (subscription,) = subscriptions_of(town, town.people[0])
    if latest is not None and latest.kind == "cancel" and latest.status == "done":
        return [] if subscription["cancel_at_period_end"] else ["a wish to cancel is done here, and unheard at Stripe"]
    return []


def a_lost_job(town: Town) -> list[str]:
    """Redis forgets every job."""
    begin(town)
    town.wishes(town.people[0], "cancel")
    town.deliver()
    town.work(lost=1.0)
    town.settle()
    return wrongs(town)


def a_month_skipped(town: Town) -> list[str]:
    """One month is left out, and the one after it is charged."""
    begin(town)
    town.wishes(town.people[0], "skip", months=1)
    town.live(65 * DAY)
    (subscription,) = subscriptions_of(town, town.people[0])
    paid = len(charged(town, subscription))
    return wrongs(town) + ([] if paid == 2 else [f"{paid} months are paid where 2 are right"])


def an_older_charge_is_heard_of_last(town: Town) -> list[str]:
    """Two months without anybody at work; then Stripe tells all of it, the latest first, and nobody compares yet."""
    begin(town)
    town.sleep(65 * DAY)
    town.collect()
    town.bag.reverse()
    town.deliver()
    town.work()
    return list(unlike_stripe(town))


def a_price_rises_and_nobody_answers(town: Town) -> list[str]:
    """Told in time; the patient says nothing, and pays what they agreed to."""
    begin(town)
    town.raises_price("monthly", 1500, in_days=20)
    town.live(95 * DAY)
    town.settle()
    return wrongs(town)


def a_price_rises_soon_and_it_is_agreed_to(town: Town) -> list[str]:
    """Its day is sooner than thirty days: the first charge at it comes later. Then they pay it."""
    begin(town)
    town.live(5 * DAY)
    town.raises_price("monthly", 1500, in_days=10)
    town.live(DAY)
    town.agrees(town.people[0])
    town.live(90 * DAY)
    town.settle()
    (subscription,) = subscriptions_of(town, town.people[0])
    paid = [invoice["amount_paid"] for invoice in charged(town, subscription)]
    return wrongs(town) + ([] if paid == [25000, 25000, 26500, 26500] else [f"{paid} were charged"])


def a_price_rises_and_silence_ends_it(town: Town) -> list[str]:
    """The clinic keeps no old price: without an answer the paid month is the last, and nothing more is charged."""
    begin(town)
    town.raises_price("monthly", 1500, in_days=35, without="end")
    town.live(70 * DAY)
    town.settle()
    (subscription,) = subscriptions_of(town, town.people[0])
    paid = len(charged(town, subscription))
    ended = subscription["status"] == "canceled" and paid == 2
    return wrongs(town) + ([] if ended else [f"it is {subscription['status']}, and {paid} months are paid"])


def a_code_on_the_pay_page(town: Town) -> list[str]:
    """Twenty per cent off three charges, the first one among them."""
    begin(town, code="QUARTER20")
    town.live(125 * DAY)
    town.settle()
    (subscription,) = subscriptions_of(town, town.people[0])
    paid = [invoice["amount_paid"] for invoice in charged(town, subscription)]
    return wrongs(town) + ([] if paid == [20000, 20000, 20000, 25000, 25000] else [f"{paid} were charged"])


def a_code_and_then_the_same_again(town: Town) -> list[str]:
    """Fifty dollars off one charge; then they try the code once more."""
    begin(town)
    town.live(DAY)
    for _ in range(2):
        town.tries(lambda: town.uses_code(town.people[0], "WELCOME50"))
        town.live(32 * DAY)
    town.settle()
    return wrongs(town)


def a_payment_is_disputed(outcome: Literal["won", "lost"]) -> Callable[[Town], list[str]]:
    """The bank takes it back, staff try to give it back as well, and the bank decides."""

    def history(town: Town) -> list[str]:
        (one,) = town.people
        begin(town)
        town.disputes(one)
        town.look_after()
        town.tries(lambda: town.refunds(one, 0.3, decides=True))
        town.live(5 * DAY)
        town.bank_decides(one, outcome)
        town.look_after()
        town.live(DAY)
        town.tries(lambda: town.refunds(one, 0.3, decides=True))
        town.settle()
        return wrongs(town)

    history.__name__ = f"a_payment_is_disputed_and_{outcome}"
    return history


DISPUTED_AND_LOST, DISPUTED_AND_WON = a_payment_is_disputed("lost"), a_payment_is_disputed("won")
