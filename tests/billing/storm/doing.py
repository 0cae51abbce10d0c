"""What every step of a storm is made of: somebody does something, by a real action, and a kill may come in between."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.billing import actions, queries
from service.billing.actions import CodeOffer
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.models import GateRecord, Invoice, Membership
from service.catalog.queries import catalog as shipped
from service.kit import db, queue
from service.kit.errors import HomewardError, TryAgain
from tests.billing.stand_in import Message
from tests.billing.storm.pool import START, Pool
from tests.billing.storm.wire import Killed, Wire
from tests.factories.visits import Applicant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A_NO = (HomewardError, TryAgain, Declined, NeedsAction)


@dataclass
class Yes:
    """A price the patient agreed to or chose. `since`: from this charge on. `done`: they were told that it counts."""

    at: datetime
    cents: int
    occasion: str
    since: datetime | None = None
    done: bool = False


@dataclass
class Promise:
    """What a code was said to do, for which subscription. `done`: they were told that it counts."""

    at: datetime
    offer: CodeOffer
    subscription_id: str
    done: bool = False


@dataclass
class Neighbour:
    """One patient as the storm knows them: the page before them, what they said yes to, why nobody may charge.

    `pages`: what was promised on each pay page. `rhythm`: when their months were left out, moved, or began anew.
    """

    who: Applicant
    page: str = ""
    blocks: set[str] = field(default_factory=set)
    blocked: list[tuple[datetime, bool]] = field(default_factory=list)
    yeses: list[Yes] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    pages: dict[str, CodeOffer | None] = field(default_factory=dict)
    rhythm: list[datetime] = field(default_factory=list)

    def blocked_throughout(self, since: datetime, until: datetime) -> bool:
        """Was there a reason not to charge during the whole of this time?"""
        return self.blocked_since(since) is not None and all(now for at, now in self.blocked if since < at <= until)

    def blocked_since(self, at: datetime) -> datetime | None:
        """Since when there was a reason not to charge, without a break until `at`; None where there was none.

        Of what happened in that very second, the end of a reason came first: they may go on at once.
        """
        since = None
        for when, now in self.blocked:
            if when < at or (when == at and not now):
                since = (since or when) if now else None
        return since


class Doing:
    """Whatever is refused with a named reason is an answer; anything else is a failure."""

    def __init__(self, pool: Pool, wire: Wire) -> None:
        self.pool, self.wire = pool, wire
        self.now = START
        self.catalog = shipped(pool.settings.config_dir)
        self.gateway = wire.gateway()
        self.people = [Neighbour(one) for one in pool.people]
        self.bag: list[Message] = []
        self.jobs: list[queue.Job] = []
        self.swept_at = START
        self.answers: list[str] = []
        self.shaken: list[datetime] = []  # when something went wrong that has nothing to do with money
        self.looked: list[datetime] = []  # when the workers did everything there was to do

    def act(self, name: str, **arguments: Any) -> Any:
        """One of billing's actions, now."""
        return self.call(getattr(actions, name), **arguments)

    def call(self, what: Callable[..., Any], **arguments: Any) -> Any:
        """Any action, with the gateway, the catalog and both clocks where it asks for them."""
        known = {"gateway": self.gateway, "catalog": self.catalog, "now": self.now, "wall_now": self.now}
        wanted = inspect.signature(what).parameters
        return what(**{name: value for name, value in known.items() if name in wanted} | arguments)

    def agreeing(self, one: Neighbour, yes: Yes, what: Callable[[], Any]) -> Any:
        """Do something that rests on a yes. A clear no makes it none; without an answer it stays said."""
        one.yeses.append(yes)
        try:
            found = what()
        except (HomewardError, Declined, NeedsAction):
            one.yeses.remove(yes)
            raise
        yes.done = True
        return found

    def tries(self, what: Callable[[], Any]) -> Any:
        """Do it; a no is an answer, a kill is a kill, and a refusal that we do not understand is kept."""
        try:
            return what()
        except A_NO as error:
            return error
        except Killed:
            self.shake()
            return None
        except Bug as error:
            self.answers.append(f"{self.now:%m-%d %H:%M} {error}")
            return error
        finally:
            self.wire.kill_in = 0

    def shake(self) -> None:
        """Something goes wrong at this moment: what comes of it is not held against the nets."""
        self.shaken.append(self.now)

    def killed_after(self, seams: int, what: Callable[[], Any]) -> Any:
        """Do it in a worker or a web process that is killed at the `seams`-th place between two steps."""
        self.wire.kill_in = seams
        return self.tries(what)

    def together(self, *work: Callable[[], Any]) -> None:
        """At the same moment, on connections of their own."""
        with ThreadPoolExecutor(len(work)) as pool:
            list(pool.map(self.tries, work))

    # Looking ---------------------------------------------------------------------------------------------------------

    def membership(self, one: Neighbour) -> Membership | None:
        """The latest, as stored."""
        with db.reading() as session:
            mine = select(Membership).where(Membership.patient_id == one.who.patient_id)
            return session.scalars(mine.order_by(Membership.created_at.desc())).first()

    def new_price(self, one: Neighbour) -> queries.NewPrice | None:
        """The price they were told of last, as their page shows it."""
        row = self.membership(one)
        with db.reading() as session:
            return None if row is None else queries.new_price(session, row, self.catalog)

    def invoices(self, membership_id: UUID) -> list[Invoice]:
        """Its charges, the latest first."""
        with db.reading() as session:
            mine = select(Invoice).where(Invoice.membership_id == membership_id)
            return list(session.scalars(mine.order_by(Invoice.issued_at.desc())))

    def gate_records(self, one: Neighbour) -> list[GateRecord]:
        """What the gate answered about this person."""
        with db.reading() as session:
            mine = GateRecord.patient_id == one.who.patient_id
            return list(session.scalars(select(GateRecord).where(mine).order_by(GateRecord.asked_at)))
