"""What a membership goes through, in the very calls our gateway makes (shared/stripe.md, section 4)."""

from __future__ import annotations

from typing import Any

from tests.live.sides import DAY, HOUR, Side

Asked = dict[str, Any]


def _ends(subscription: Any) -> int:
    return int(subscription["items"].data[0].current_period_end)


def _renewed(side: Side, subscription: Any) -> Any:
    """Past its next renewal, and past the hour in which that is a draft."""
    side.until(_ends(side.subscription(subscription.id)) + 2 * HOUR)
    return side.subscription(subscription.id)


def start(side: Side) -> None:
    """The first payment."""
    member = side.member()
    side.standing("begun", member.id)
    [tie] = side.api.invoice_payments.list({"invoice": member.latest_invoice.id}).data
    side.note("payment", status=tie.status, amount=tie.amount_paid)
    intent = side.api.payment_intents.retrieve(tie.payment.payment_intent, {"expand": ["latest_charge"]})
    charge = intent.latest_charge
    side.note("charge", intent=intent.status, status=charge.status, amount=charge.amount, captured=charge.captured)


def first_payment_fails(side: Side) -> None:
    """A declined card at the start: left incomplete, or nothing at all."""
    member = side.member("pm_card_chargeCustomerFail")
    side.standing("begun", member.id)
    side.refused("strictly", lambda: side.member("pm_card_chargeCustomerFail", payment_behavior="error_if_incomplete"))
    side.refused("declined at once", lambda: side.card(member.customer, "pm_card_chargeDeclined"))


def renewal(side: Side) -> None:
    """A draft for an hour, then paid; and once more."""
    member = side.member()
    side.until(_ends(member) + 60)
    side.standing("drafted", member.id)
    side.until(_ends(member) + 2 * HOUR)
    side.standing("charged", member.id)
    _renewed(side, member)
    side.standing("charged again", member.id)


def failed_card(side: Side) -> None:
    """A renewal fails, a new card pays it."""
    member = side.member()
    bad = side.card(member.customer, "pm_card_chargeCustomerFail")
    side.api.subscriptions.update(member.id, {"default_payment_method": bad})
    late = _renewed(side, member)
    side.standing("late", member.id)
    invoice = late.latest_invoice.id
    side.refused("tried again", lambda: side.api.invoices.pay(invoice))
    good = side.card(member.customer, "pm_card_visa")
    side.api.subscriptions.update(member.id, {"default_payment_method": good})
    side.note("paid", status=side.api.invoices.pay(invoice, {"payment_method": good}).status)
    side.standing("recovered", member.id)
    side.refused("paid twice", lambda: side.api.invoices.pay(invoice))


def given_up(side: Side) -> None:
    """Nobody pays: retried for two weeks, then what the account is set to."""
    member = side.member()
    bad = side.card(member.customer, "pm_card_chargeCustomerFail")
    side.api.subscriptions.update(member.id, {"default_payment_method": bad})
    _renewed(side, member)
    side.until(side.now + 25 * DAY)
    ended = side.subscription(member.id)
    side.note("ended", status=ended.status, reason=ended.cancellation_details.reason)
    side.note(
        "ended, invoice", status=ended.latest_invoice.status, is_retried=ended.latest_invoice.next_payment_attempt
    )


def authentication(side: Side) -> None:
    """A renewal that the bank wants confirmed."""
    member = side.member()
    asks = side.card(member.customer, "pm_card_authenticationRequired")
    side.api.subscriptions.update(member.id, {"default_payment_method": asks})
    late = _renewed(side, member)
    side.standing("late", member.id)
    side.note("page", is_there=bool(late.latest_invoice.hosted_invoice_url))
    side.refused("tried again", lambda: side.api.invoices.pay(late.latest_invoice.id))


def plan_change(side: Side) -> None:
    """Up at once, with the exact preview; down from the next charge on."""
    member = side.member()
    side.until(side.now + 10 * DAY)
    item, dear = member["items"].data[0].id, side.price(39900)
    changed: Asked = {"items": [{"id": item, "price": dear}], "proration_behavior": "always_invoice"}
    changed["proration_date"] = side.now
    preview = side.api.invoices.create_preview({"subscription": member.id, "subscription_details": changed})
    side.note("preview", due=preview.amount_due, lines=sorted(line.amount for line in preview.lines.data))
    side.api.subscriptions.update(member.id, {**changed, "payment_behavior": "error_if_incomplete"})
    found = side.standing("up", member.id)
    side.note("up", charged_as_previewed=found.latest_invoice.amount_paid == preview.amount_due)
    down = {"items": [{"id": item, "price": side.price(25000)}], "proration_behavior": "none"}
    side.api.subscriptions.update(member.id, down)
    side.standing("down", member.id)
    _renewed(side, member)
    side.standing("renewed", member.id)


def refused_change(side: Side) -> None:
    """A change whose payment is declined changes nothing."""
    member = side.member()
    bad = side.card(member.customer, "pm_card_chargeCustomerFail")
    side.api.subscriptions.update(member.id, {"default_payment_method": bad})
    side.until(side.now + 10 * DAY)
    changed: Asked = {"items": [{"id": member["items"].data[0].id, "price": side.price(39900)}]}
    changed |= {"proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"}
    side.refused("up", lambda: side.api.subscriptions.update(member.id, changed))
    side.standing("as before", member.id)


def skip(side: Side) -> None:
    """A month without a charge, and the undo."""
    member = side.member()
    paused = {"pause_collection": {"behavior": "void", "resumes_at": _ends(member) + DAY}}
    side.api.subscriptions.update(member.id, paused)
    _renewed(side, member)
    side.standing("skipped", member.id)
    side.until(_ends(member) + 2 * DAY)
    side.standing("over", member.id)
    side.api.subscriptions.update(member.id, {"pause_collection": {"behavior": "void"}})
    side.api.subscriptions.update(member.id, {"pause_collection": ""})
    _renewed(side, member)
    side.standing("undone", member.id)


def move_the_date(side: Side) -> None:
    """The next charge a week later."""
    member = side.member()
    moved = {"trial_end": _ends(member) + 7 * DAY, "proration_behavior": "none"}
    side.api.subscriptions.update(member.id, moved)
    side.standing("moved", member.id)
    side.until(_ends(member) + DAY)
    side.standing("the old date", member.id)
    side.until(_ends(member) + 7 * DAY + 2 * HOUR)
    side.standing("the new date", member.id)


def pause(side: Side) -> None:
    """A clinical stop, and on again."""
    member = side.member()
    stop = {"type": "subscription", "bill_for": {"unused_time_from": {"type": "none"}}}
    side.api.subscriptions.pause(member.id, stop)
    side.standing("paused", member.id)
    side.until(_ends(member) + DAY)
    side.standing("a renewal later", member.id)
    anew = {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"}
    side.api.subscriptions.resume(member.id, {**anew, "proration_behavior": "none"})
    side.standing("resumed", member.id)
    side.refused("resumed twice", lambda: side.api.subscriptions.resume(member.id))


def void(side: Side) -> None:
    """A renewal stopped while it is a draft."""
    member = side.member()
    side.until(_ends(member) + 60)
    draft = side.subscription(member.id).latest_invoice.id
    side.refused("a draft", lambda: side.api.invoices.void_invoice(draft))
    side.api.invoices.update(draft, {"auto_advance": False})
    side.api.invoices.finalize_invoice(draft, {"auto_advance": False})
    side.note("void", status=side.api.invoices.void_invoice(draft).status)
    side.refused("voided twice", lambda: side.api.invoices.void_invoice(draft))
    side.refused("paid", lambda: side.api.invoices.pay(draft))
    side.until(side.now + 2 * DAY)
    side.standing("later", member.id)


def refunds(side: Side) -> None:
    """A part, too much, the rest, and once more."""
    member = side.member()
    intent = side.intent_of(member.latest_invoice.id)
    part = side.api.refunds.create({"payment_intent": intent, "amount": 10000, "metadata": {"refund": "r-1"}})
    side.note("a part", status=part.status, amount=part.amount)
    side.refused("too much", lambda: side.api.refunds.create({"payment_intent": intent, "amount": 15001}))
    side.refused("nothing", lambda: side.api.refunds.create({"payment_intent": intent, "amount": 0}))
    side.refused("below nothing", lambda: side.api.refunds.create({"payment_intent": intent, "amount": -5}))
    rest = side.api.refunds.create({"payment_intent": intent})
    side.note("the rest", status=rest.status, amount=rest.amount)
    side.refused("once more", lambda: side.api.refunds.create({"payment_intent": intent}))
    charge = side.api.charges.retrieve(rest.charge)
    side.note("charge", refunded=charge.refunded, amount=charge.amount_refunded)
    side.note("listed", amounts=sorted(one.amount for one in side.api.refunds.list({"payment_intent": intent}).data))
    side.standing("afterwards", member.id)


def coupon(side: Side) -> None:
    """Half off one month, by code."""
    member = side.member()
    half = side.api.coupons.create({"percent_off": 50, "duration": "once"})
    asked = {"promotion": {"type": "coupon", "coupon": half.id}, "max_redemptions": 1}
    code = side.api.promotion_codes.create(asked)
    side.api.subscriptions.update(member.id, {"discounts": [{"promotion_code": code.id}]})
    used = side.api.promotion_codes.retrieve(code.id)
    side.note("code", active=used.active, redeemed=used.times_redeemed)
    again: Asked = {"discounts": [{"promotion_code": code.id}]}
    side.refused("used twice", lambda: side.member(**again))
    _renewed(side, member)
    side.standing("half", member.id)
    _renewed(side, member)
    side.standing("whole again", member.id)


def balance(side: Side) -> None:
    """A credit is used up by the next charges."""
    member = side.member()
    asked = {"amount": -30000, "currency": "usd", "metadata": {"credit": "c-1"}}
    credit = side.api.customers.balance_transactions.create(member.customer, asked)
    side.note("credit", type=credit.type, amount=credit.amount, ending=credit.ending_balance)
    _renewed(side, member)
    side.standing("covered", member.id)
    _renewed(side, member)
    side.standing("partly", member.id)
    side.note("left", balance=side.api.customers.retrieve(member.customer).balance)


def cancel(side: Side) -> None:
    """At the end, not after all, and now."""
    member = side.member()
    side.api.subscriptions.update(member.id, {"cancel_at_period_end": True})
    side.standing("announced", member.id)
    side.api.subscriptions.update(member.id, {"cancel_at_period_end": False})
    side.standing("undone", member.id)
    side.api.subscriptions.cancel(member.id, {"prorate": False, "invoice_now": False})
    side.standing("now", member.id)
    side.refused("twice", lambda: side.api.subscriptions.cancel(member.id))
    other = side.member()
    side.api.subscriptions.update(other.id, {"cancel_at_period_end": True})
    side.until(_ends(other) + HOUR)
    side.standing("with its period", other.id)


def dispute(side: Side) -> None:
    """The bank takes a payment back; we give in."""
    member = side.member("pm_card_createDispute")
    intent = side.intent_of(member.latest_invoice.id)
    [found] = side.wait(lambda: side.api.disputes.list({"payment_intent": intent}).data)
    side.note("dispute", status=found.status, amount=found.amount, reason=found.reason)
    side.note("charge", disputed=side.api.charges.retrieve(found.charge).disputed)
    side.refused("refunded", lambda: side.api.refunds.create({"payment_intent": intent}))
    side.note("given in", status=side.wait(lambda: side.api.disputes.close(found.id)).status)
    side.refused("twice", lambda: side.api.disputes.close(found.id))
    side.standing("afterwards", member.id)


def errors(side: Side) -> None:
    """What Stripe says to nonsense."""
    key = {"idempotency_key": f"homeward-live-{side.clock}"}
    once = side.api.customers.create({"test_clock": side.clock}, key)
    side.customers.append(once.id)
    again = side.api.customers.create({"test_clock": side.clock}, key)
    side.note("a key again", same=once.id == again.id)
    side.refused("a key for something else", lambda: side.api.customers.create({"name": "Other"}, key))
    side.refused("nobody", lambda: side.api.customers.retrieve("cus_nobody"))
    side.refused("an unknown parameter", lambda: side.api.customers.create({"diagnosis": "x"}))
    side.refused(
        "no card", lambda: side.api.subscriptions.create({"customer": once.id, "items": [{"price": side.price(25000)}]})
    )
    side.refused("backwards", lambda: side.until(side.now - DAY))


ALL = (
    *(start, first_payment_fails, renewal, failed_card, given_up, authentication, plan_change, refused_change, skip),
    *(move_the_date, pause, void, refunds, coupon, balance, cancel, dispute, errors),
)
BY_NAME = {scenario.__name__: scenario for scenario in ALL}
