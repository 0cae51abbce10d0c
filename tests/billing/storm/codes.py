"""A code takes off what was promised, for as many charges as were promised, and once for each person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from service.billing.actions import CodeOffer
from tests.billing.storm.at_stripe import Json, invoices_of, moment, subscriptions_of, whole_month
from tests.billing.storm.doing import Neighbour, Promise
from tests.billing.storm.town import Town


def given_twice(town: Town) -> Iterator[str]:
    """A code takes something off for one person by one use, and never for more charges than they were told."""
    for one in town.people:
        promised = promises(town, one)
        used: dict[str, set[str]] = {}
        for found in subscriptions_of(town, one):
            times: Counter[str] = Counter()
            for invoice in invoices_of(town, found):
                for taken in invoice["total_discount_amounts"]:
                    code = code_of(town, taken["discount"])
                    if code and taken["amount"] and invoice["status"] == "paid":
                        used.setdefault(code, set()).add(taken["discount"])
                        times[code] += 1
            for code, number in times.items():
                most = max([at_most(told) for told in promised if told.offer.code == code], default=0)
                if number > most:
                    yield f"{found['id']}: {code} took something off {number} charges, {most} were promised"
        yield from (f"{code} counted {len(uses)} times for one person" for code, uses in used.items() if len(uses) > 1)


def at_most(promise: Promise) -> int:
    """How many charges it may lower: one more where its answer was lost, since it counts from a later moment then."""
    months = promise.offer.months or 1
    return months if promise.done or months == 1 else months + 1


def not_as_promised(town: Town) -> Iterator[str]:
    """The first charges after it take off exactly what was said, as many as were said.

    Whoever leaves months out, moves the date or begins anew is told that a code does not wait.
    """
    for one in town.people:
        for promise in promises(town, one):
            if not promise.done:
                continue
            invoices = town.wire.objects("invoice", subscription=promise.subscription_id)
            coming = [each for each in invoices if is_month(each) and follows(each, promise)]
            for invoice in coming[: promise.offer.months or 1]:
                if any(promise.at <= when <= moment(invoice["created"]) for when in one.rhythm):
                    break
                yield from wrong_on(town, invoice, promise.offer)


def follows(invoice: Json, promise: Promise) -> bool:
    """Was it made after the code counted? The very first charge is made with it."""
    made = moment(invoice["created"])
    return made > promise.at or (made == promise.at and invoice["billing_reason"] == "subscription_create")


def wrong_on(town: Town, invoice: Json, offer: CodeOffer) -> Iterator[str]:
    """Does this charge take off what was said?"""
    taken = {code_of(town, each["discount"]): each["amount"] for each in invoice["total_discount_amounts"]}
    right = off(offer, sum(line["amount"] for line in invoice["lines"]["data"]))
    gift = "" in taken  # months given by staff come off as well, and it costs nothing either way
    if taken.get(offer.code, 0) != right and not gift:
        yield f"{invoice['id']}: {offer.code} took {taken.get(offer.code, 0)} cents off, {right} were promised"


def off(offer: CodeOffer, cents: int) -> int:
    """What it takes off so much, in cents, half a cent up."""
    part = Decimal(cents) * (offer.percent_off or 0) / 100
    return min(cents, int(part.quantize(Decimal(1), ROUND_HALF_UP)) + (offer.off_cents or 0))


def promises(town: Town, one: Neighbour) -> list[Promise]:
    """What this person was told that codes would do: on pay pages they paid on, and for a running membership."""
    found = list(one.promises)
    for page_id, offer in one.pages.items():
        page = next((each for each in town.wire.objects("checkout.session") if each["id"] == page_id), None)
        if offer is not None and page is not None and page["status"] == "complete" and page["subscription"]:
            (subscription,) = [each for each in town.wire.objects("subscription") if each["id"] == page["subscription"]]
            found.append(Promise(moment(subscription["created"]), offer, page["subscription"], done=True))
    return found


def code_of(town: Town, discount_id: str) -> str:
    """The code it came by; "" for a gift of the staff's."""
    (discount,) = [each for each in town.wire.objects("discount") if each["id"] == discount_id]
    codes = {each["id"]: each["code"] for each in town.wire.objects("promotion_code")}
    return str(codes.get(discount["promotion_code"], ""))


def is_month(invoice: Json) -> bool:
    """A month's charge and nothing beside it."""
    lines = invoice["lines"]["data"]
    return bool(lines) and all(whole_month(line) for line in lines)


LOOKS = (given_twice, not_as_promised)
