"""Patients, staff, and what stops charges: each step as a page would take it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from service.billing.actions.desk import credits, refunds
from service.billing.actions.stops import end_care
from service.enrollment.actions import move, withdraw
from service.kit import db
from service.kit.ids import new_id
from service.safety import writes as safety
from service.safety.models import SafetyHold
from tests.billing.stand_in import ASKS
from tests.billing.storm.doing import Doing, Neighbour
from tests.factories.billing import terms_of


class People(Doing):
    """Everything a person may do."""

    # Patients --------------------------------------------------------------------------------------------------------

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
