"""A card that will be out of date at the next charge: its owner hears of it while there is time."""

from __future__ import annotations

from datetime import datetime

import structlog

from service.accounts import queries as accounts
from service.billing import emails, rules
from service.billing.queries import told
from service.kit import db
from service.mail import writes as mail

log = structlog.get_logger(__name__)
BATCH = 500


def warn_of_cards(*, now: datetime, limit: int = BATCH) -> int:
    """Write to whose card ends before the charge of the coming weeks, once for each charge. Returns how many heard.

    Some banks renew a card by themselves: then Stripe shows it, and nobody is written to.
    """
    with db.reading() as session:
        found = told.expiring_cards(session, now, limit)
    heard = 0
    for one in found:
        try:
            with db.transaction() as session:
                person = accounts.patient(session, one.patient_id)
                queued = mail.put(
                    session,
                    emails.card_expires(
                        card=rules.card_words(one.card_brand, one.card_last4),
                        expires_on=one.expires_on,
                        charge_at=one.charge_at,
                        time_zone=person.time_zone,
                        locale=person.locale,
                    ),
                    key=f"card_expires:{one.membership_id}:{one.expires_on}:{one.charge_at:%Y-%m-%d}",
                    now=now,
                    user_id=person.user_id,
                    locale=person.locale,
                    send_before=one.charge_at,
                    wanted_while=f"{told.CARD_OUT}:{one.membership_id}",
                )
                heard += queued is not None
        except Exception:
            log.exception("somebody could not be told of their card", membership=str(one.membership_id))
    return heard
