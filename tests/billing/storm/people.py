"""Patients, staff, and what stops charges: each step as a page would take it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from service.billing.actions.desk import credits, refunds
from service.billing.actions.stops import end_care
from service.billing.rules.charges import coming_cents
from service.catalog.rules.whole import Catalog
from service.enrollment.actions import move, withdraw
from service.kit import db
from service.kit.ids import new_id
from service.safety import writes as safety
from service.safety.models import SafetyHold
from tests.billing.stand_in import ASKS
from tests.billing.storm.doing import Doing, Neighbour, Promise, Yes
from tests.factories.billing import terms_of

HERE = ZoneInfo("America/New_York")


def session_of(page: str) -> str:
    """The pay page's own id in its address, or in that of the page they come back to; "" where there is none."""
    return next((part for part in page.replace("?", "/").replace("=", "/").split("/") if part.startswith("cs_")), "")


class People(Doing):
    """Everything a person may do."""

    # Patients --------------------------------------------------------------------------------------------------------

    def starts(self, one: Neighbour, plan: str = "monthly", code: str = "") -> None:
        """Press "agree and pay", with a code where they have one."""
        sold = self.sold_today()
        terms, mine = terms_of(sold.plans[plan]), {"patient_id": one.who.patient_id, "catalog": sold}
        cents = terms.amount_cents
        offer = self.act("find_code", code=code, price_cents=cents, **mine) if code else None
        about = {"plan_key": plan, "terms": terms, "code": offer, "actor": one.who.actor, **mine}
        press = lambda: self.act("start_checkout", **about)  # noqa: E731
        one.page = self.agreeing(one, Yes(self.now, cents, "start"), press)
        one.pages.setdefault(session_of(one.page), offer)

    def sold_today(self) -> Catalog:
        """The catalog as whoever begins today sees it."""
        return self.catalog.on(self.now.astimezone(HERE).date())

    def pays(self, one: Neighbour, card: str) -> None:
        """Choose a card on the page that is before them, which may have closed since."""
        if not one.page.startswith("http"):
            return
        leads_to = self.wire.browse(one.page, card)
        if card == ASKS and leads_to.endswith("/authenticate"):
            self.wire.browse(one.page + "/authenticate", outcome="approve")

    def comes_back(self, one: Neighbour) -> None:
        """The return page, for the page they had."""
        session_id = session_of(one.page)
        if session_id:
            self.act("confirm_checkout", session_id=session_id, patient_id=one.who.patient_id)

    def wishes(self, one: Neighbour, name: str, **arguments: Any) -> Any:
        """Something a patient asks for of their own membership."""
        return self.act(name, patient_id=one.who.patient_id, actor=one.who.actor, **arguments)

    def changes_plan(self, one: Neighbour, plan: str) -> None:
        """Look at what another plan would cost, then press."""
        mine = {"patient_id": one.who.patient_id}
        review = self.act("review_plan", plan_key=plan, **mine)
        told = {**mine, "terms": terms_of(review.plan, "plan"), "actor": one.who.actor}
        yes = Yes(self.now, review.plan.price_cents, "plan")
        if review.step == "now":
            self.agreeing(one, yes, lambda: self.act("change_plan", shown=review, **told))
        elif review.step == "next":
            self.agreeing(one, yes, lambda: self.act("change_plan_later", plan_key=plan, **told))
        else:
            back = Yes(self.now, review.old_cents, "plan")
            self.agreeing(one, back, lambda: self.act("keep_plan", actor=one.who.actor, **mine))

    def moves_date(self, one: Neighbour, days: int) -> None:
        """The next charge some days later."""
        row = self.membership(one)
        if row is not None and row.period_ends_at is not None:
            one.rhythm.append(self.now)
            self.wishes(one, "move_date", day=row.period_ends_at.astimezone(HERE).date() + timedelta(days=days))

    def goes_on(self, one: Neighbour) -> None:
        """Begin again inside a month that was left out."""
        row = self.membership(one)
        if row is not None:
            one.rhythm.append(self.now)
            price = row.next_price_cents or row.price_cents
            terms = replace(terms_of(self.catalog.plans[row.plan], "resume"), amount_cents=price)
            due = coming_cents(row, self.now)
            press = lambda: self.wishes(one, "restart", due_cents=due, terms=terms)  # noqa: E731
            self.agreeing(one, Yes(self.now, price, "resume"), press)

    def agrees(self, one: Neighbour) -> None:
        """Tick the box beside a new price, where there is one to tick."""
        row, found = self.membership(one), self.new_price(one)
        if row is not None and found is not None:
            plan = self.catalog.plans[row.next_plan or row.plan]
            terms = replace(terms_of(plan, "price"), amount_cents=found.new_cents)
            press = lambda: self.wishes(one, "agree_to_price", notice_id=found.notice_id, terms=terms)  # noqa: E731
            self.agreeing(one, Yes(self.now, found.new_cents, "price", since=found.applies_at), press)

    def uses_code(self, one: Neighbour, code: str) -> None:
        """Read what a code would do to the charges to come, and use it."""
        row, mine = self.membership(one), {"patient_id": one.who.patient_id, "code": code}
        if row is None or row.stripe_subscription_id is None:
            return
        offer = self.act("find_code", price_cents=row.next_price_cents or row.price_cents, **mine)
        promise = Promise(self.now, offer, row.stripe_subscription_id)
        one.promises.append(promise)
        self.act("apply_promotion", actor=one.who.actor, **mine)
        promise.done = True

    def gives_card(self, one: Neighbour, card: str) -> None:
        """Another card on Stripe's page, and back."""
        page = self.wishes(one, "start_card")
        leads_to = self.wire.browse(page, card) if page.startswith("http") else ""  # used up already: only the way back
        if leads_to.endswith("/authenticate"):
            self.wire.browse(page + "/authenticate", outcome="approve")
        self.wishes(one, "card_given", session_id=session_of(page))

    def pays_open(self, one: Neighbour) -> None:
        """Pay what failed, now."""
        row = self.membership(one)
        for invoice in self.invoices(row.id) if row is not None else ():
            if invoice.status == "open":
                amount = invoice.amount_due_cents
                self.wishes(one, "pay_now", invoice_id=invoice.id, amount_cents=amount)
                return

    def goes_on_by_staff(self, one: Neighbour) -> None:
        """Somebody of the staff lets a stopped membership go on, with a new month from today."""
        row = self.membership(one)
        if row is not None:
            one.rhythm.append(self.now)
            self.act("resume", membership_id=row.id, actor=self.pool.coordinator)

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
        one.rhythm.append(self.now)
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
