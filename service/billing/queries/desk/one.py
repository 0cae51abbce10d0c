"""One membership with everything about its money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.billing.models import Credit, Dispute, Membership, Refund
from service.billing.queries.desk import money, story
from service.billing.queries.desk.listing import Line, lines
from service.billing.rules import IN_CARE, LIVE


@dataclass(frozen=True, slots=True)
class Desk:
    """A membership as staff see it. Nothing in it says what it treats; reasons only for whoever may read them."""

    line: Line
    stripe_subscription_id: str
    stripe_customer_id: str
    next_plan: str | None
    next_price_cents: int | None
    paid_until: datetime | None
    credit_cents: int
    discount_percent: int | None
    discount_cents: int | None
    discount_ends_at: datetime | None
    activated_at: datetime | None
    ended_at: datetime | None
    charges: tuple[money.Charge, ...]
    given: tuple[money.Given, ...]
    disputes: tuple[money.DisputeFacts, ...]
    meant: tuple[story.Meant, ...]
    failed_tries: tuple[story.FailedTry, ...]
    answers: tuple[story.Answered, ...]
    may_read_reasons: bool
    agreed: tuple[story.Agreed, ...]
    ends: tuple[story.End, ...]
    notes: tuple[story.Note, ...]

    @property
    def live(self) -> bool:
        """May it still charge?"""
        return self.line.status in LIVE

    @property
    def next_charge_at(self) -> datetime | None:
        """When Stripe charges next: at the end of the month, or of those left out. None when it will not."""
        if self.line.status not in IN_CARE or self.line.ending:
            return None
        return self.line.resumes_at or self.line.period_ends_at

    @property
    def open_charge(self) -> money.Charge | None:
        """The charge that has failed and is not settled, the newest."""
        return next((one for one in self.charges if one.status == "open" and one.attempts > 0), None)

    @property
    def unknown(self) -> tuple[story.Meant, ...]:
        """What was asked of Stripe and has no answer yet."""
        return tuple(one for one in self.meant if one.status == "meant")


def desk(session: Session, membership_id: UUID, *, with_reasons: bool) -> Desk | None:
    """One membership with its money and its story, or None. A fixed number of statements."""
    row = session.get(Membership, membership_id)
    if row is None:
        return None
    given = [
        *money.refunds(session, Refund.membership_id == membership_id),
        *money.credits_(session, Credit.membership_id == membership_id),
    ]
    return Desk(
        line=lines(session, [row])[0],
        stripe_subscription_id=row.stripe_subscription_id or "",
        stripe_customer_id=row.stripe_customer_id or "",
        next_plan=row.next_plan,
        next_price_cents=row.next_price_cents,
        paid_until=row.paid_until,
        credit_cents=row.credit_cents,
        discount_percent=row.discount_percent,
        discount_cents=row.discount_cents,
        discount_ends_at=row.discount_ends_at,
        activated_at=row.activated_at,
        ended_at=row.ended_at,
        charges=money.charges(session, membership_id),
        given=tuple(sorted(given, key=lambda one: one.asked_at, reverse=True)),
        disputes=tuple(money.disputes(session, Dispute.membership_id == membership_id)),
        meant=story.meant(session, membership_id),
        failed_tries=story.failed_tries(session, row.patient_id),
        answers=story.answers(session, row.patient_id, since=row.created_at, with_reasons=with_reasons),
        may_read_reasons=with_reasons,
        agreed=story.agreed(session, membership_id),
        ends=story.ends(session, membership_id),
        notes=story.notes(session, membership_id),
    )
