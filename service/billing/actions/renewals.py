"""Stripe renews without asking us, so we ask first: seven days, a day and an hour before each charge."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.accounts import queries as accounts
from service.billing import emails, queries, rules, writes
from service.billing.actions import intents
from service.billing.gateway import Bug, Gateway
from service.billing.models import GateRecord, Membership
from service.billing.queries.told import CHARGE_COMES
from service.billing.rules.charges import coming_cents
from service.catalog.rules.whole import Catalog
from service.enrollment.rules import gate
from service.kit import db
from service.kit.actor import SYSTEM
from service.kit.errors import TryAgain
from service.mail import writes as mail
from service.safety import writes as safety

log = structlog.get_logger(__name__)


def ask_before_renewals(*, gateway: Gateway, catalog: Catalog, now: datetime) -> int:
    """Announce the charges to come, ask the gate about each, and pause those it refuses. Returns how many it paused.

    A no a week ahead calls somebody who can put it right; a no in the last day pauses before the charge.
    """
    with db.reading() as session:
        coming = queries.renewals(session, now)
    paused = in_a_row = 0
    for renewal in coming:
        try:
            stop = _ask(renewal.membership_id, catalog, now)
            if stop is not None and in_a_row < rules.ENOUGH:  # else Stripe is away: it is kept, and the tick asks it
                intents.perform(stop, gateway=gateway, catalog=catalog, now=now)
                paused, in_a_row = paused + 1, 0
        except (TryAgain, Bug) as error:
            in_a_row += 1
            log.error("a charge could not be stopped yet", membership=str(renewal.membership_id), error=str(error))
        except Exception:
            log.exception("a renewal could not be asked about", membership=str(renewal.membership_id))
    return paused


def _ask(membership_id: UUID, catalog: Catalog, now: datetime) -> UUID | None:
    """The intent that stops the charge, where the gate refuses it."""
    with db.transaction() as session:
        row = writes.locked_membership(session, membership_id)
        if row is None or row.status not in rules.IN_CARE or row.cancels_at_period_end or row.period_ends_at is None:
            return None
        if row.collection_resumes_at is not None and row.collection_resumes_at > row.period_ends_at:
            return None  # this one is left out
        stage = rules.stage(now, row.period_ends_at)
        if stage is None or row.stripe_subscription_id is None:
            return None
        period = rules.period_label(row.period_ends_at, stage)
        asked = _asked(session, row.patient_id, period)
        if asked is not None and asked[0] and stage == rules.LAST_STAGE:
            # Nobody asks after this one, so it is asked at every tick; an unchanged yes is not written down again.
            facts = queries.charge_facts(session, row.enrollment_id, catalog, row.period_ends_at)
            asked = asked if gate.may("charge", facts, row.period_ends_at).yes else None
        yes, _ = asked or _answer(session, row, period, row.period_ends_at, catalog, now)
        if yes:
            _announce(session, row, row.period_ends_at, now)
            return None
        if stage not in rules.STOPPING_STAGES:
            return None
        return intents.mean(session, row, "pause", lane="stop", actor=SYSTEM, now=now).id


def _asked(session: Session, patient_id: UUID, period: str) -> tuple[bool, UUID] | None:
    """The answer this asking already had. Still active after a no: the pause did not happen yet, or not for long."""
    row = session.execute(
        select(GateRecord.yes, GateRecord.id)
        .where(GateRecord.patient_id == patient_id, GateRecord.action == "charge", GateRecord.period == period)
        .order_by(GateRecord.asked_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.yes, row.id)


def _answer(
    session: Session, row: Membership, period: str, charge_at: datetime, catalog: Catalog, now: datetime
) -> tuple[bool, UUID]:
    answer, record_id = writes.ask_gate(
        session,
        patient_id=row.patient_id,
        enrollment_id=row.enrollment_id,
        period=period,
        charge_at=charge_at,
        catalog=catalog,
        now=now,
    )
    if not answer.yes:
        # Why stands in the answer's row: beside a membership in a log it would tell of somebody's health.
        log.error("the gate refuses a renewal", membership=str(row.id), period=period, answer=str(record_id))
        definition = catalog.alerts.get(rules.ALERT)
        if definition is not None:
            safety.raise_alert(
                session,
                code=rules.ALERT,
                source_kind="renewal",
                source_id=record_id,
                patient_id=row.patient_id,
                now=now,
                definition=definition,
            )
    return answer.yes, record_id


def _announce(session: Session, row: Membership, charge_at: datetime, now: datetime) -> None:
    person = accounts.patient(session, row.patient_id)
    mail.put(
        session,
        emails.renewal_reminder(
            price_cents=coming_cents(row, charge_at),
            charge_at=charge_at,
            card=rules.card_words(row.card_brand, row.card_last4),
            time_zone=person.time_zone,
            locale=person.locale,
        ),
        key=f"renewal:{row.id}:{charge_at:%Y-%m-%dT%H:%MZ}",
        now=now,
        user_id=person.user_id,
        locale=person.locale,
        send_before=charge_at,
        wanted_while=f"{CHARGE_COMES}:{row.id}",
    )
