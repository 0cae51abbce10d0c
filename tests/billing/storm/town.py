"""A small town with a clinic: people who may pay, workers, a clock, and Stripe. Every step is a real action."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import event, select, update
from sqlalchemy.orm import sessionmaker

from config.settings import Settings
from service.billing import actions, queries, rules
from service.billing.actions.desk import credits, refunds
from service.billing.actions.stops import end_care
from service.billing.gateway import Bug, Declined, NeedsAction
from service.billing.models import GateRecord, Invoice, Membership
from service.catalog.queries import catalog as shipped
from service.enrollment.actions import move, withdraw
from service.kit import clock, crypto, db, queue
from service.kit.actor import Actor
from service.kit.errors import HomewardError, TryAgain
from service.kit.ids import new_id
from service.safety import writes as safety
from service.safety.models import SafetyHold
from tests.billing.stand_in import ASKS, Message
from tests.billing.storm.wire import Killed, Wire
from tests.conftest import House, new_database, role_url
from tests.factories.accounts import a_staff_member
from tests.factories.billing import ready_to_pay, terms_of
from tests.factories.care import looking_after
from tests.factories.visits import Applicant
from workers.schedule import SCHEDULE

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PEOPLE = 3
STAFF = ("coordinator", "owner", "owner")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMED_OTHERWISE = {"watch": "watch_billing"}  # tasks whose action has another name
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


@dataclass(frozen=True)
class Pool:
    """A database with people who may pay, of which each town is a copy."""

    name: str
    settings: Settings
    people: tuple[Applicant, ...]
    coordinator: Actor
    owner: Actor
    other_owner: Actor
    clinician: UUID


def a_pool(settings: Settings, database: str, *, people: int = PEOPLE) -> Pool:
    """Approved, signed, examined in person (the federal authority ends within the storm's year), looked after."""
    name = f"{database}_pool"
    new_database(name)
    house = House(settings)
    house.at(START)
    with _open(settings, name, lambda: START):
        found = tuple(ready_to_pay(house, in_person_exam_on=date(2026, 11, 20)) for _ in range(people))
        staff = [Actor("staff", user_id=a_staff_member(role).user_id, role=role) for role in STAFF]
        for one in found:
            for somebody in staff:
                looking_after(somebody, one.patient_id)
        clinician = a_staff_member("clinician").user_id
    return Pool(name, settings, found, *staff, clinician)


@contextmanager
def _open(settings: Settings, name: str, now: Callable[[], datetime], wire: Wire | None = None) -> Iterator[None]:
    crypto.configure(settings)
    clock.use(now)
    engine = db.connect(role_url("app", name), pool_size=8)
    if wire is not None:
        event.listen(engine, "commit", lambda connection: wire.seam())
    db.bind(sessionmaker(engine, expire_on_commit=False))
    try:
        yield
    finally:
        db.bind(None)
        queue.use(None)
        clock.use(clock.wall_now)
        engine.dispose()


class Town:
    """Everything that can happen. Whatever is refused with a named reason is an answer; anything else is a failure."""

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

    # Doing something -------------------------------------------------------------------------------------------------

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

    # People ----------------------------------------------------------------------------------------------------------

    def starts(self, one: Neighbour, plan: str = "monthly") -> None:
        """Press "agree and pay"."""
        terms = terms_of(self.catalog.plans[plan])
        who = {"patient_id": one.who.patient_id, "actor": one.who.actor}
        found = self.act("start_checkout", plan_key=plan, terms=terms, **who)
        if isinstance(found, str):
            one.page = found

    def pays(self, one: Neighbour, card: str) -> None:
        """Choose a card on the page that is before them, which may have closed since."""
        if not one.page.startswith("http"):
            return
        leads_to = self.wire.browse(one.page, card)
        if card == ASKS and leads_to.endswith("/authenticate"):
            self.wire.browse(one.page + "/authenticate", outcome="approve")

    def comes_back(self, one: Neighbour) -> None:
        """The return page, for the page they had."""
        session_id = next((part for part in one.page.replace("?", "/").split("/") if part.startswith("cs_")), None)
        if session_id:
            self.act("confirm_checkout", session_id=session_id, patient_id=one.who.patient_id)

    def wishes(self, one: Neighbour, name: str, **arguments: Any) -> Any:
        """Something a patient asks for of their own membership."""
        return self.act(name, patient_id=one.who.patient_id, actor=one.who.actor, **arguments)

    def changes_plan(self, one: Neighbour, plan: str) -> None:
        """Look at what another plan would cost, then press."""
        mine, terms = {"patient_id": one.who.patient_id}, terms_of(self.catalog.plans[plan], "plan")
        review = self.act("review_plan", plan_key=plan, **mine)
        if review.step == "now":
            self.act("change_plan", shown=review, terms=terms, actor=one.who.actor, **mine)
        else:
            self.act("change_plan_later", plan_key=plan, terms=terms, actor=one.who.actor, **mine)

    def moves_date(self, one: Neighbour, days: int) -> None:
        """The next charge some days later."""
        row = self.membership(one)
        if row is not None and row.period_ends_at is not None:
            zone = ZoneInfo("America/New_York")
            self.wishes(one, "move_date", day=row.period_ends_at.astimezone(zone).date() + timedelta(days=days))

    def goes_on(self, one: Neighbour) -> None:
        """Begin again inside a month that was left out."""
        row = self.membership(one)
        if row is not None:
            terms = terms_of(self.catalog.plans[row.plan], "resume")
            self.wishes(one, "restart", due_cents=row.next_price_cents or row.price_cents, terms=terms)

    def gives_card(self, one: Neighbour, card: str) -> None:
        """Another card on Stripe's page, and back."""
        page = self.wishes(one, "start_card")
        leads_to = self.wire.browse(page, card)
        if leads_to.endswith("/authenticate"):
            self.wire.browse(page + "/authenticate", outcome="approve")
        session_id = next(part for part in page.split("/") if part.startswith("cs_"))
        self.wishes(one, "card_given", session_id=session_id)

    def pays_open(self, one: Neighbour) -> None:
        """Pay what failed, now."""
        row = self.membership(one)
        for invoice in self.invoices(row.id) if row is not None else ():
            if invoice.status == "open":
                amount = invoice.amount_due_cents
                self.wishes(one, "pay_now", invoice_id=invoice.id, amount_cents=amount)
                return

    # Staff -----------------------------------------------------------------------------------------------------------

    def refunds(self, one: Neighbour, share: float, *, decides: bool) -> None:
        """Staff give a part of the last payment back; above an amount a second person decides."""
        row = self.membership(one)
        for invoice in self.invoices(row.id) if row is not None else ():
            left = invoice.amount_paid_cents - invoice.refunded_cents - invoice.refunding_cents
            if left > 0:
                assert row is not None
                asked = self.call(
                    refunds.ask_refund,
                    membership_id=row.id,
                    invoice_id=invoice.id,
                    amount_cents=max(1, round(left * share)),
                    left_cents=left,
                    reason="goodwill",
                    note="",
                    actor=self.pool.owner,
                )
                if asked.came == "waits" and decides:
                    actor = self.pool.other_owner
                    self.call(refunds.decide_refund, refund_id=asked.refund_id, yes=True, actor=actor)
                return

    def credits(self, one: Neighbour, kind: str, amount: int) -> None:
        """Money or months off the charges to come."""
        row = self.membership(one)
        if row is not None:
            told = {"membership_id": row.id, "kind": kind, "amount": amount, "reason": "goodwill", "note": ""}
            self.call(credits.give, credit_id=new_id(), actor=self.pool.owner, **told)

    def ends_care(self, one: Neighbour, reason: str) -> None:
        """Staff end somebody's care."""
        told = {"reason": reason, "delivered": "nothing_yet", "note": ""}
        self.call(end_care, enrollment_id=one.who.enrollment_id, actor=self.pool.owner, **told)
        self.block(one, reason)

    # What stops charges ----------------------------------------------------------------------------------------------

    def withdraws(self, one: Neighbour) -> None:
        """The patient takes back their consent to the treatment."""
        if self.call(withdraw.withdraw_consent, key="ketamine_treatment", why="", actor=one.who.actor):
            self.block(one, "consent")

    def moves_away(self, one: Neighbour) -> None:
        """The patient lives elsewhere now, where we do not serve."""
        self.call(
            move.move,
            user_id=one.who.person.user_id,
            line1="1 Main St",
            line2="",
            city="Atlanta",
            zip_code="30301",
            county_fips=None,
            yes_to="GA",
            actor=one.who.actor,
        )
        self.block(one, "moved")

    def block(self, one: Neighbour, why: str) -> None:
        """From now on nobody may charge them, for this reason."""
        one.blocks.add(why)
        one.blocked.append((self.now, True))

    def unblock(self, one: Neighbour, why: str) -> None:
        """This reason is over."""
        one.blocks.discard(why)
        one.blocked.append((self.now, bool(one.blocks)))

    def hold(self, one: Neighbour) -> None:
        """An answer worries us."""
        with db.transaction() as session:
            safety.place_hold(
                session,
                code="RF-SI",
                source_kind="checkin",
                source_id=new_id(),
                patient_id=one.who.patient_id,
                now=self.now,
            )
        self.block(one, "hold")

    def lift(self, one: Neighbour) -> None:
        """A clinician judged that it is safe."""
        with db.transaction() as session:
            mine = SafetyHold.patient_id == one.who.patient_id
            session.execute(update(SafetyHold).where(mine).values(lifted_at=self.now, lifted_by=self.pool.clinician))
        self.unblock(one, "hold")

    # Workers ---------------------------------------------------------------------------------------------------------

    def collect(self) -> None:
        """What Stripe told goes into the bag."""
        self.bag += self.wire.post()

    def deliver(self, seed: int = 0, share: float = 1.0, twice: float = 0.0, lost: float = 0.0) -> None:
        """A shuffled share of the bag arrives; some of it twice, some of it never."""
        self.collect()
        draw = random.Random(seed)
        if seed:
            draw.shuffle(self.bag)
        number = round(len(self.bag) * share)
        arriving, self.bag = self.bag[:number], self.bag[number:]
        for message in arriving:
            if draw.random() < lost:
                continue
            for _ in range(2 if draw.random() < twice else 1):
                self.tries(lambda message=message: self.receive(message))  # type: ignore[misc]

    def receive(self, message: Message) -> None:
        """One message at our door."""
        notice = self.gateway.verify_webhook(message.raw, message.signature)
        actions.receive(notice=notice, body=message.raw.decode(), wall_now=self.now)

    def work(self, seed: int = 0, lost: float = 0.0) -> None:
        """The workers do their jobs, in any order; some jobs are lost with Redis."""
        draw, jobs = random.Random(seed), self.take_jobs()
        if seed:
            draw.shuffle(jobs)
        for job in jobs:
            if draw.random() >= lost:
                self.tries(lambda job=job: self.do(job.name, **job.arguments))  # type: ignore[misc]

    def take_jobs(self) -> list[queue.Job]:
        """Billing's jobs, which are nobody else's from now on."""
        jobs = [job for job in self.jobs if job.name.startswith("billing.")]
        self.jobs.clear()
        return jobs

    def do(self, task: str, **arguments: Any) -> Any:
        """A task of billing's, as its worker calls it."""
        ids = {name: UUID(value) if name.endswith("_id") else value for name, value in arguments.items()}
        name = task.removeprefix("billing.")
        return self.act(NAMED_OTHERWISE.get(name, name), **ids)

    def tick(self, *every: str) -> None:
        """Billing's part of the timetable."""
        for entry in SCHEDULE:
            if entry.task.startswith("billing.") and entry.every in every:
                self.tries(lambda entry=entry: self.do(entry.task, **entry.arguments))  # type: ignore[misc]

    def look_after(self) -> None:
        """What workers do at any moment: what has arrived, what is due, and each hour what is compared."""
        self.deliver()
        self.work()
        self.tick("tick", "sweep")
        if self.now - self.swept_at >= HOUR:
            self.swept_at = self.now
            self.tick("hour")
        self.deliver()
        self.work()

    # Time ------------------------------------------------------------------------------------------------------------

    def sleep(self, how_long: timedelta) -> None:
        """Time passes and no worker is there."""
        self.now += how_long
        self.wire.move_to(self.now)

    def live(self, how_long: timedelta) -> None:
        """Time passes from one due moment to the next, with everybody at work."""
        until = self.now + how_long
        while self.now < until:
            self.now = min((until, *self._stops()))
            self.wire.move_to(self.now)
            self.look_after()

    def _stops(self) -> Iterator[datetime]:
        with db.reading() as session:
            ours = queries.next_due_at(session, self.now)
        for found in (ours, self.wire.next_due()):
            if found is not None:
                yield max(found, self.now + timedelta(seconds=1))

    def settle(self) -> None:
        """After the storm: nothing goes wrong any more, what was said arrives, what failed is tried again."""
        self.wire.kill_in = 0
        self.wire.world.faults.clear()
        self.answers.clear()
        for wait in (timedelta(minutes=6), HOUR + timedelta(minutes=1), 7 * HOUR, DAY + HOUR, HOUR):
            self.live(wait)
            self.look_after()

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

    def to_next_charge(self, one: Neighbour, after: timedelta) -> None:
        """Everybody lives on until this long after the next month begins (within the hour: while it is a draft)."""
        row = self.membership(one)
        if row is not None and row.status in rules.LIVE and row.period_ends_at and row.period_ends_at > self.now:
            self.live(row.period_ends_at + after - self.now)

    def gate_records(self, one: Neighbour) -> list[GateRecord]:
        """What the gate answered about this person."""
        with db.reading() as session:
            mine = GateRecord.patient_id == one.who.patient_id
            return list(session.scalars(select(GateRecord).where(mine).order_by(GateRecord.asked_at)))


@contextmanager
def a_town(pool: Pool, name: str, folder: Path, *, dunning_ends_in: str = "canceled") -> Iterator[Town]:
    """A fresh copy of the pool, and a Stripe that knows nobody yet."""
    new_database(name, template=pool.name)
    wire = Wire(folder, START, dunning_ends_in=dunning_ends_in)
    town = Town(pool, wire)
    try:
        with wire.connected(), _open(pool.settings, name, lambda: town.now, wire):
            queue.use(town.jobs.append)
            actions.offer_prices(gateway=town.gateway, catalog=town.catalog)
            yield town
    finally:
        wire.close()
