"""The storm itself: hypothesis chooses what happens next."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.billing.stand_in import ASKS, DECLINED, FAILS_LATER, GOOD
from tests.billing.storm.doing import Neighbour
from tests.billing.storm.pool import PEOPLE, Pool
from tests.billing.storm.town import Town, a_town
from tests.billing.storm.truths import wrongs

WHO = st.integers(0, PEOPLE - 1)
CARD = st.sampled_from((GOOD, GOOD, GOOD, FAILS_LATER, ASKS, DECLINED))
PLAN = st.sampled_from(("monthly", "monthly_plus"))
SEED = st.integers(0, 99)
SEAM = st.integers(1, 9)
TROUBLE = st.sampled_from(("500", "500_after", "429", "timeout", "timeout_before", "reset_after"))
NAP = st.sampled_from([timedelta(**one) for one in ({"minutes": 20}, {"hours": 5}, {"days": 2}, {"days": 9})])
LONG = st.sampled_from([timedelta(days=days) for days in (3, 12, 30, 62)])
CODES = ("WELCOME50", "QUARTER20")
CODE = st.sampled_from(("", "", *CODES))
WITHOUT = st.sampled_from(("keep", "end"))
RISES = st.sampled_from(("", "keep", "end"))  # what becomes of whoever says nothing to a price that rises
_numbers = count(1)


class Storm(RuleBasedStateMachine):
    """Patients, staff, workers, clocks and faults. `pool` and `folder` are set by the test that runs it."""

    pool: Pool
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.town: Town

    @initialize(unpaid=st.booleans(), members=st.integers(0, PEOPLE), code=CODE, rises=RISES)
    def open(self, unpaid: bool, members: int, code: str, rises: str) -> None:
        number = next(_numbers)
        name = f"{self.pool.name}_storm"
        ends = "unpaid" if unpaid else "canceled"
        town = a_town(self.pool, name, self.folder / str(number), dunning_ends_in=ends)
        self.town = self.stack.enter_context(town)
        for one in self.town.people[:members]:
            self.town.starts(one, code=code)
            self.town.pays(one, GOOD)
            self.town.comes_back(one)
        if rises:
            self.town.raises_price("monthly", 1500, in_days=20, without=rises)  # type: ignore[arg-type]

    def one(self, who: int) -> Neighbour:
        return self.town.people[who]

    # Patients

    @rule(who=WHO, plan=PLAN, card=CARD, code=CODE, returns=st.booleans())
    def pay(self, who: int, plan: str, card: str, code: str, returns: bool) -> None:
        one = self.one(who)
        self.town.tries(lambda: self.town.starts(one, plan, code))
        self.town.pays(one, card)
        if returns:
            self.town.tries(lambda: self.town.comes_back(one))

    @rule(who=WHO, plan=PLAN, code=CODE, seams=SEAM)
    def start_and_lose_the_web(self, who: int, plan: str, code: str, seams: int) -> None:
        one = self.one(who)
        self.town.killed_after(seams, lambda: self.town.starts(one, plan, code))

    @rule(who=WHO, card=CARD)
    def pay_on_the_page_before_them(self, who: int, card: str) -> None:
        self.town.pays(self.one(who), card)

    @rule(who=WHO)
    def come_back(self, who: int) -> None:
        self.town.tries(lambda: self.town.comes_back(self.one(who)))

    @rule(who=WHO, seams=st.integers(0, 6))
    def cancel(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.wishes(self.one(who), "cancel"))

    @rule(who=WHO, seams=st.integers(0, 6))
    def stay(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.wishes(self.one(who), "undo_cancel"))

    @rule(who=WHO, plan=PLAN, seams=st.integers(0, 9))
    def change_plan(self, who: int, plan: str, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.changes_plan(self.one(who), plan))

    @rule(who=WHO, months=st.integers(1, 2), seams=st.integers(0, 9))
    def skip(self, who: int, months: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.wishes(self.one(who), "skip", months=months))

    @rule(who=WHO, seams=st.integers(0, 9))
    def unskip(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.wishes(self.one(who), "unskip"))

    @rule(who=WHO, seams=st.integers(0, 9))
    def go_on(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.goes_on(self.one(who)))

    @rule(who=WHO, days=st.integers(1, 14), seams=st.integers(0, 9))
    def move_date(self, who: int, days: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.moves_date(self.one(who), days))

    @rule(who=WHO, card=CARD, seams=st.integers(0, 9))
    def another_card(self, who: int, card: str, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.gives_card(self.one(who), card))

    @rule(who=WHO, seams=st.integers(0, 9))
    def pay_what_failed(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.pays_open(self.one(who)))

    @rule(who=WHO, seams=st.integers(0, 9))
    def end_now(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.wishes(self.one(who), "end_now"))

    @rule(who=WHO, code=st.sampled_from(CODES), seams=st.integers(0, 9))
    def use_a_code(self, who: int, code: str, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.uses_code(self.one(who), code))

    @rule(who=WHO, seams=st.integers(0, 9))
    def agree_to_the_new_price(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.agrees(self.one(who)))

    # The clinic and the banks

    @rule(plan=PLAN, cents=st.sampled_from((1, 1500)), in_days=st.sampled_from((1, 25, 45)), without=WITHOUT)
    def raise_a_price(self, plan: str, cents: int, in_days: int, without: str) -> None:
        self.town.tries(lambda: self.town.raises_price(plan, cents, in_days=in_days, without=without))  # type: ignore[arg-type]

    @rule(agree=st.lists(WHO, max_size=PEOPLE, unique=True), late=st.booleans(), without=WITHOUT)
    def a_price_rises_and_is_charged(self, agree: list[int], late: bool, without: str) -> None:
        """Told; some say yes, in time or an hour before the charge; and then its day comes."""
        self.town.tries(lambda: self.town.raises_price("monthly", 1500, in_days=3, without=without))  # type: ignore[arg-type]
        self.town.live(timedelta(days=1))
        for who in agree:
            if late:
                self.town.to_new_price(self.one(who), timedelta(hours=-1))
            self.town.tries(lambda who=who: self.town.agrees(self.one(who)))  # type: ignore[misc]
        self.town.live(timedelta(days=62))

    @rule(who=WHO)
    def dispute(self, who: int) -> None:
        self.town.disputes(self.one(who))

    @rule(who=WHO, outcome=st.sampled_from(("won", "lost")))
    def the_bank_decides(self, who: int, outcome: str) -> None:
        self.town.bank_decides(self.one(who), outcome)  # type: ignore[arg-type]

    # Staff

    @rule(who=WHO, share=st.sampled_from((0.1, 0.5, 1.0)), decides=st.booleans(), seams=st.integers(0, 9))
    def refund(self, who: int, share: float, decides: bool, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.refunds(self.one(who), share, decides=decides))

    @rule(who=WHO, given=st.sampled_from((("credit", 3000), ("comp", 1))), seams=st.integers(0, 9))
    def credit(self, who: int, given: tuple[str, int], seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.credits(self.one(who), *given))

    @rule(who=WHO, reason=st.sampled_from(("died", "out_of_state")), seams=st.integers(0, 9))
    def end_care(self, who: int, reason: str, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.ends_care(self.one(who), reason))

    @rule(who=WHO)
    def withdraw_consent(self, who: int) -> None:
        self.town.tries(lambda: self.town.withdraws(self.one(who)))

    @rule(who=WHO)
    def move_away(self, who: int) -> None:
        self.town.tries(lambda: self.town.moves_away(self.one(who)))

    # What stops charges

    @rule(who=WHO)
    def hold(self, who: int) -> None:
        self.town.hold(self.one(who))

    @rule(who=WHO)
    def lift(self, who: int) -> None:
        self.town.lift(self.one(who))

    @rule(who=WHO, after=st.sampled_from([timedelta(minutes=m) for m in (-50, 10, 50, 26 * 60, 60 * 60)]))
    def hold_around_the_charge(self, who: int, after: timedelta) -> None:
        """Just before it, between draft and finalise, or between retries."""
        self.town.to_next_charge(self.one(who), after)
        self.town.hold(self.one(who))

    @rule(who=WHO, seams=st.integers(0, 9))
    def resume_by_staff(self, who: int, seams: int) -> None:
        self.town.killed_after(seams, lambda: self.town.goes_on_by_staff(self.one(who)))

    # Workers

    @rule(
        seed=SEED,
        share=st.sampled_from((0.3, 1.0)),
        twice=st.sampled_from((0.0, 0.3)),
        lost=st.sampled_from((0, 0, 0.2)),
    )
    def deliver(self, seed: int, share: float, twice: float, lost: float) -> None:
        self.town.deliver(seed, share, twice, lost)

    @rule(seed=SEED, lost=st.sampled_from((0.0, 0.3)))
    def work(self, seed: int, lost: float) -> None:
        self.town.work(seed, lost)

    @rule(seed=SEED, seams=SEAM)
    def work_and_die(self, seed: int, seams: int) -> None:
        self.town.wire.kill_in = seams
        self.town.work(seed)

    @rule(seams=SEAM)
    def tick_and_die(self, seams: int) -> None:
        self.town.wire.kill_in = seams
        self.town.tick("tick", "sweep", "hour")

    @rule()
    def two_workers(self) -> None:
        self.town.shake()  # all jobs but two are lost
        jobs = self.town.take_jobs()[:2] * 2
        work = [lambda job=job: self.town.do(job.name, **job.arguments) for job in jobs]  # type: ignore[misc]
        self.town.together(*work, lambda: self.town.tick("sweep"), lambda: self.town.tick("tick", "sweep"))

    # Trouble

    @rule(kind=TROUBLE, number=st.integers(1, 3))
    def trouble(self, kind: str, number: int) -> None:
        self.town.wire.trouble(kind, number)
        self.town.shake()

    @rule(number=st.integers(1, 2))
    def the_bank_says_no(self, number: int) -> None:
        self.town.wire.trouble("decline", number)

    # Time

    @rule(how_long=NAP)
    def nobody_at_work(self, how_long: timedelta) -> None:
        self.town.sleep(how_long)

    @rule(how_long=st.one_of(NAP, LONG))
    def time_passes(self, how_long: timedelta) -> None:
        self.town.live(how_long)

    def teardown(self) -> None:
        try:
            if hasattr(self, "town"):
                self.town.settle()
                found = wrongs(self.town)
                assert not found, "\n".join(found)
        finally:
            self.stack.close()
