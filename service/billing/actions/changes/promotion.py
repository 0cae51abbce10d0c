"""Codes that take something off: looked up, shown in words, used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import queries
from service.billing.actions import intents
from service.billing.actions.changes.common import check, mine, note
from service.billing.gateway import Gateway, Promotion
from service.billing.models import Checkout, Intent, Invoice, Membership
from service.billing.rules import IN_CARE
from service.billing.rules.changes import may_use_code
from service.billing.rules.charges import day_of, months_after, next_amount
from service.billing.rules.giving import charges_before
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words

CODE: Final = re.compile(r"[A-Z0-9]{4,20}")


@dataclass(frozen=True, slots=True)
class CodeOffer:
    """What a code does to a price: the first charge, for how many charges (None: all), and what comes after.

    `credit_cents`: what of the patient's credit goes into that first charge.
    """

    promotion_id: str
    code: str
    percent_off: int | None
    off_cents: int | None
    months: int | None
    first_cents: int
    after_cents: int
    credit_cents: int = 0


def find_code(
    *,
    code: str,
    patient_id: UUID,
    price_cents: int,
    credit_cents: int = 0,
    gateway: Gateway,
    catalog: Catalog,
    now: datetime,
) -> CodeOffer:
    """What this code would do to a monthly `price_cents`, for this patient, who has `credit_cents`. Changes nothing.

    Raises Rejected for one that is unknown, over, used up, or was used by this patient before; Conflict for a second
    one beside one that still counts; the gateway's TryAgain and Bug.
    """
    typed = re.sub(r"[\s-]", "", code).upper()
    known = next((one for one in catalog.promotions if one.code == typed), None) if CODE.fullmatch(typed) else None
    if known is None:
        raise Rejected("unknown_code", words("We do not know this code. Check how it is written."))
    with db.reading() as session:
        zone = accounts.patient(session, patient_id).time_zone
        card = queries.membership_of(session, patient_id)
        if card is not None and card.status != "ended" and (card.discount_percent or card.discount_cents):
            raise Conflict("second_code", words("You already have a discount. Only one counts at a time."))
    if known.last_on is not None and day_of(now, zone) > known.last_on:
        raise Rejected("code_over", words("This code has ended. It counts no more."))
    found = gateway.find_promotion(typed)
    if found is None:
        raise Rejected("code_used_up", words("This code was used as often as it could be. It counts no more."))
    with db.reading() as session:
        if _used_before(session, patient_id, found):
            raise Rejected("code_used", words("You have used this code before. It counts once for each person."))
    return _offer(found, _charges(found, card, now), price_cents, credit_cents)


def apply_promotion(
    *, patient_id: UUID, code: str, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> None:
    """Use a code for the charges to come of a running membership. Raises as `find_code` does, and Conflict "busy"."""
    with db.reading() as session:
        card = queries.membership_of(session, patient_id)
    price_cents = 1 if card is None else card.next_price_cents or card.price_cents
    offer = find_code(
        code=code, patient_id=patient_id, price_cents=price_cents, gateway=gateway, catalog=catalog, now=now
    )
    with db.transaction() as session:
        found = mine(session, patient_id, now)
        check(may_use_code(found.it))
        if found.row.discount_percent or found.row.discount_cents:
            raise Conflict("second_code", words("You already have a discount. Only one counts at a time."))
        note(session, actor, "promotion", found.row)
        details = {"promotion_id": offer.promotion_id}
        intent_id = intents.mean(session, found.row, "promotion", details=details, actor=actor, now=now).id
    intents.perform(intent_id, gateway=gateway, catalog=catalog, now=now)


def _charges(found: Promotion, card: queries.MembershipCard | None, now: datetime) -> int | None:
    """For how many charges it counts. Stripe ends it by the calendar, whatever charges there are: over a short month a
    running membership may have one more or one fewer until then."""
    at = card.next_charge_at if card is not None and card.status in IN_CARE else None
    if card is None or at is None or found.months is None or found.months == 1:
        return found.months
    return charges_before(card.anchor_at or at, at, months_after(now, found.months))


def _offer(found: Promotion, months: int | None, price_cents: int, credit_cents: int) -> CodeOffer:
    first = next_amount(price_cents, percent=found.percent_off, off_cents=found.amount_off_cents, credit_cents=0)
    used = min(first, credit_cents)
    return CodeOffer(
        promotion_id=found.id,
        code=found.code,
        percent_off=found.percent_off,
        off_cents=found.amount_off_cents,
        months=months,
        first_cents=first - used,
        after_cents=price_cents,
        credit_cents=used,
    )


def _used_before(session: Session, patient_id: UUID, found: Promotion) -> bool:
    """On a running membership, or paid with on a page before.

    What Stripe was asked and we never heard the end of has counted where a charge since then was lower.
    """
    lower = exists().where(
        Invoice.membership_id == Intent.membership_id,
        Invoice.issued_at >= Intent.meant_at,
        Invoice.discount_cents > 0,
    )
    on_one = select(Intent.id).where(
        Intent.patient_id == patient_id,
        Intent.kind == "promotion",
        or_(Intent.status == "done", and_(Intent.status.in_(("overtaken", "given_up")), Intent.tries > 0, lower)),
        Intent.details["promotion_id"].astext == found.id,
    )
    on_a_page = (
        select(Checkout.id)
        .join(Membership, Membership.id == Checkout.membership_id)
        .where(Membership.patient_id == patient_id, Checkout.promotion == found.code, Checkout.status == "completed")
    )
    return session.scalar(on_one.limit(1)) is not None or session.scalar(on_a_page.limit(1)) is not None
