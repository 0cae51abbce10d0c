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

from service.billing import actions
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
class Neighbour:
    """One patient as the storm knows them: the page they have before them, and every reason why nobody may charge."""

    who: Applicant
    page: str = ""
    blocks: set[str] = field(default_factory=set)
    blocked: list[tuple[datetime, bool]] = field(default_factory=list)

    def blocked_throughout(self, since: datetime, until: datetime) -> bool:
        """Was there a reason not to charge during the whole of this time?"""
        standing = [now for at, now in self.blocked if at < since][-1:] or [False]
        return standing[0] and all(now for at, now in self.blocked if since < at <= until)


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

    def act(self, name: str, **arguments: Any) -> Any:
        """One of billing's actions, now."""
        return self.call(getattr(actions, name), **arguments)

    def call(self, what: Callable[..., Any], **arguments: Any) -> Any:
        """Any action, with the gateway, the catalog and both clocks where it asks for them."""
        known = {"gateway": self.gateway, "catalog": self.catalog, "now": self.now, "wall_now": self.now}
        wanted = inspect.signature(what).parameters
        return what(**{name: value for name, value in known.items() if name in wanted}, **arguments)

    def tries(self, what: Callable[[], Any]) -> Any:
        """Do it; a no is an answer, a kill is a kill, and a refusal that we do not understand is kept."""
        try:
            return what()
        except A_NO as error:
            return error
        except Killed:
            return None
        except Bug as error:
            self.answers.append(f"{self.now:%m-%d %H:%M} {error}")
            return error
        finally:
            self.wire.kill_in = 0

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
