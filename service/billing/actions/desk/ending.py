"""Staff end or pause a membership for a patient who asked them to. The patient is told by mail of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.audit import writes as audit
from service.billing import emails, queries, rules, writes
from service.billing.actions import intents
from service.billing.actions.cancel import call_care
from service.billing.actions.desk.look import NO_SUCH, check
from service.billing.actions.desk.notes import write_down
from service.billing.actions.halting import end, pause
from service.billing.actions.refunds import due_by_policy
from service.billing.actions.stops.performing import perform_all
from service.billing.gateway import Gateway
from service.billing.models import Cancellation, Intent, Membership
from service.billing.rules.leaving import ASKED
from service.catalog.rules.refunds import DELIVERED, EndRule, end_rule
from service.catalog.rules.whole import Catalog
from service.kit import crypto, db
from service.kit.actor import Actor
from service.kit.errors import Conflict, Rejected, words
from service.kit.ids import new_id
from service.mail import writes as mail


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of it. Without `answered` Stripe has not said yes yet and is asked again by itself."""

    answered: bool
    given_back_cents: int = 0


def gives_back(*, membership_id: UUID, catalog: Catalog, actor: Actor, now: datetime) -> dict[str, int]:
    """What an end at once gives back, in cents, by what was delivered."""
    check(actor)
    with db.reading() as session:
        row = session.get(Membership, membership_id)
        if row is None:
            raise NO_SUCH
        rule = _rule(catalog, now)
        return {one: sum(due_by_policy(session, row, rule.share(one), stopped_at=now).values()) for one in DELIVERED}


def cancel_for(
    *, membership_id: UUID, why: str, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Acted:
    """No further charge; care goes on to the end of the paid month. Twice is once. Raises Conflict, NotFound."""
    check(actor)
    with db.transaction() as session:
        row = _live(session, membership_id)
        if row.cancels_at_period_end:
            raise Conflict("cancelled", words("This membership is cancelled already."))
        intent = intents.mean(session, row, "cancel", actor=actor, now=now)
        if intent.tries == 0 and intent.meant_at == now:
            _note_end(session, row, why, now)
            call_care(session, row, catalog, now)
        audit.record(session, actor, "membership.cancel", "membership", row.id, patient_id=row.patient_id)
        meant = [intent.id]
    return Acted(perform_all(meant, gateway=gateway, catalog=catalog, now=now))


def end_for(
    *, membership_id: UUID, delivered: str, why: str, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Acted:
    """End it at once and give back what the policy says for what was `delivered`. Twice is once."""
    check(actor)
    if delivered not in DELIVERED:
        raise Rejected("delivered_unknown", words("Say whether anything was delivered"))
    with db.transaction() as session:
        row = _live(session, membership_id)
        rule = _rule(catalog, now)
        cents = sum(due_by_policy(session, row, rule.share(delivered), stopped_at=now).values())
        meant = end(session, row, rule, delivered=delivered, stopped_at=now, actor=actor, now=now, note=why.strip())
        call_care(session, row, catalog, now)
    return Acted(perform_all(meant, gateway=gateway, catalog=catalog, now=now), cents)


def pause_for(
    *, membership_id: UUID, why: str, gateway: Gateway, catalog: Catalog, actor: Actor, now: datetime
) -> Acted:
    """No charge until somebody lets it go on, and none that is drafted or open. The patient is told. Twice is once.

    Raises Conflict for one that does not run, is stopped, or whose next charge was moved; NotFound.
    """
    author_id = check(actor)
    with db.transaction() as session:
        row = _live(session, membership_id)
        if row.status == "stopped":
            raise Conflict("stopped", words("This membership is stopped already."))
        _check_not_moved(session, row, now)
        meant = pause(session, row, actor=actor, now=now)
        first = session.get_one(Intent, meant[0])
        if first.tries == 0 and first.meant_at == now:
            write_down(session, row, why.strip(), author_id=author_id, now=now)
        person = accounts.patient(session, row.patient_id)
        key = f"membership_stopped:{meant[0]}"
        mail.put(session, emails.membership_stopped(), key=key, now=now, user_id=person.user_id, locale=person.locale)
        audit.record(session, actor, "membership.pause", "membership", row.id, patient_id=row.patient_id)
    return Acted(perform_all(meant, gateway=gateway, catalog=catalog, now=now))


def _live(session: Session, membership_id: UUID) -> Membership:
    row = writes.locked_membership(session, membership_id)
    if row is None:
        raise NO_SUCH
    if row.status not in rules.LIVE or row.stripe_subscription_id is None:
        raise Conflict("not_running", words("This membership does not charge anybody."))
    return row


def _check_not_moved(session: Session, row: Membership, now: datetime) -> None:
    """Stripe pauses nobody in days that were given: nothing is promised to the patient that would not come about."""
    it = queries.running(row, queries.history(session, row.id, now), "UTC")
    if it is not None and it.moved:
        raise Conflict(
            "moved",
            words(
                "Nothing was paused: their next charge was moved to a later day, and Stripe cannot pause before that "
                "charge. Pause once it is made, or end it for them."
            ),
        )


def _rule(catalog: Catalog, now: datetime) -> EndRule:
    rule = end_rule(catalog.ends, ASKED, now.date())
    if rule is None:
        raise Conflict("no_policy", words("No refund rule holds today for this. Ask an owner to add one."))
    return rule


def _note_end(session: Session, row: Membership, why: str, now: datetime) -> None:
    row_id = new_id()
    session.add(
        Cancellation(
            id=row_id,
            membership_id=row.id,
            patient_id=row.patient_id,
            asked_by="staff",
            reason=ASKED,
            comment_sealed=crypto.seal(why.strip(), "cancellations", "comment", row_id) if why.strip() else None,
            asked_at=now,
        )
    )
