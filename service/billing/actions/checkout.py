"""From "I agree" to the pay page: record what we mean to do, do it, record what came of it.

No transaction is open while Stripe is asked. Whatever is lost in between, a crash, a second tab, an answer, the next
try finds it by its idempotency key: there is one open page, and never two charges.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from service.billing import rules
from service.billing.actions import attempts, sync
from service.billing.actions.attempts import Meant
from service.billing.actions.changes.promotion import CodeOffer
from service.billing.gateway import CheckoutPage, Gateway
from service.billing.rules.terms import Terms
from service.catalog.rules.plans import Plan
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.kit.actor import Actor
from service.kit.errors import Rejected, TryAgain, words

RETURN = "/membership/return?session_id="
TRIES = 3  # another tab may move things while we ask Stripe; then look again


def start_checkout(
    *,
    patient_id: UUID,
    plan_key: str,
    terms: Terms | None,
    gateway: Gateway,
    catalog: Catalog,
    actor: Actor,
    now: datetime,
    code: CodeOffer | None = None,
) -> str:
    """Where the patient goes to pay. Pressing twice, or in two tabs, leads to the same page.

    `terms` is what they read and ticked, kept with the attempt; None when they did not tick. `code` takes something
    off, as `find_code` said. Raises Rejected then and
    when the gate says no (the reasons are kept), Conflict for somebody who is a member already, TryAgain when Stripe
    cannot be asked now (nothing is lost: the next try goes on from there).
    """
    if terms is None:
        raise Rejected("not_agreed", words("Tick the box to agree to the monthly charge, so that you can pay."))
    plan = catalog.plans.get(plan_key)
    if plan is None or not plan.open:
        raise Rejected("no_such_plan", words("Choose one of the plans on this page."))
    if (terms.plan, terms.amount_cents) != (plan.key, plan.price_cents):
        raise Rejected("other_terms", words("The plans have changed. Look at the price again, then tick the box."))
    for _ in range(TRIES):
        meant = attempts.mean(patient_id, plan, terms, catalog, actor, now, code.code if code else None)
        if meant.refused:
            raise NotYet(meant.refused)
        page = _ask_stripe(meant, plan, code, gateway)
        if page.status == "completed":
            return RETURN + page.id
        if page.status == "open" and page.url:
            if attempts.record(meant, page):
                return page.url
            _close(page, meant, gateway)
    raise TryAgain("the pay page changed under our hands three times")


class NotYet(Rejected):
    """The gate said no. `codes` are its reasons, for a page that can say what is missing."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__("gate_says_no", words("You cannot start your membership yet. Nothing was charged."))
        self.codes = codes


def _ask_stripe(meant: Meant, plan: Plan, code: CodeOffer | None, gateway: Gateway) -> CheckoutPage:
    """The page of this attempt as Stripe has it, made now where it was not made before."""
    assert meant.membership_id
    assert meant.checkout_id
    assert meant.expires_at
    if meant.session_id is not None:
        if meant.retire:
            page = gateway.expire_checkout(meant.session_id, key=rules.expire_key(meant.checkout_id))
        else:
            page = gateway.get_checkout(meant.session_id)
        return _noted(page)
    customer_id = meant.customer_id or gateway.ensure_customer(
        membership_id=meant.membership_id, key=rules.customer_key(meant.membership_id)
    )
    page = gateway.start_checkout(
        customer_id=customer_id,
        membership_id=meant.membership_id,
        checkout_id=meant.checkout_id,
        price_key=plan.stripe_lookup_key,
        price_cents=plan.price_cents,
        expires_at=meant.expires_at,
        key=meant.key,
        promotion_id=code.promotion_id if code else None,
    )
    if page.status == "open":
        # Stripe replays its first answer for a key, even when the page was paid since.
        page = gateway.get_checkout(page.id)
    return _noted(page)


def _close(page: CheckoutPage, meant: Meant, gateway: Gateway) -> None:
    """Another tab chose otherwise while Stripe made this page: close it before anybody sees it."""
    assert meant.checkout_id
    _noted(gateway.expire_checkout(page.id, key=rules.expire_key(meant.checkout_id)))


def _noted(page: CheckoutPage) -> CheckoutPage:
    if page.status != "open":
        with db.transaction() as session:
            sync.page_now(session, page)
    return page
