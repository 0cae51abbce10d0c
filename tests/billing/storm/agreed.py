"""Nobody is ever charged a new price without a yes of their own, by its date, and after thirty days' notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from service.kit import db
from service.mail.models import OutboxMessage
from tests.billing.storm.at_stripe import charged, moment, subscriptions_of, whole_month
from tests.billing.storm.doing import Neighbour, Yes
from tests.billing.storm.town import Town

NOTICE = timedelta(days=30)  # shared/domain.md 7.3, written down here a second time on purpose
BY = timedelta(hours=24)  # a yes later than that before a charge counts no more: config/billing.toml


def dearer_than_agreed(town: Town) -> Iterator[str]:
    """Each month that was charged costs what its patient said yes to in time, and not what they turned away from."""
    for one in town.people:
        for invoice in (each for found in subscriptions_of(town, one) for each in charged(town, found)):
            at = moment(invoice["created"])
            for cents in (line["amount"] for line in invoice["lines"]["data"] if whole_month(line)):
                counting = [yes for yes in one.yeses if counts(one, yes, cents, at)]
                if not counting:
                    said = [(f"{yes.at:%m-%d %H:%M}", yes.cents, yes.occasion) for yes in one.yeses]
                    yield f"{invoice['id']}: {cents} cents a month were charged on {at} with {said}"
                elif all(yes.occasion == "price" for yes in counting) and not told_in_time(one, at):
                    yield f"{invoice['id']}: the new price was charged on {at}, told {told(one)}"


def counts(one: Neighbour, yes: Yes, cents: int, at: datetime) -> bool:
    """Does this yes stand for a month at that price, charged then?"""
    if yes.cents < cents or yes.at > at or (yes.since is not None and yes.since > at):
        return False
    if yes.occasion == "price" and yes.at > at - BY:
        return False
    return not any(other.done and other.cents < cents and yes.at < other.at <= at for other in one.yeses)


def told_in_time(one: Neighbour, at: datetime) -> bool:
    """Was a mail about a new price on its way to them at least thirty days before?"""
    return any(when <= at - NOTICE for when in told(one))


def told(one: Neighbour) -> list[datetime]:
    """When they were told of a new price."""
    mine = (OutboxMessage.user_id == one.who.person.user_id, OutboxMessage.template == "price_change")
    with db.reading() as session:
        return list(session.scalars(select(OutboxMessage.created_at).where(*mine)))


LOOKS = (dearer_than_agreed,)
