"""The watch over the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog

from service.audit import queries as trail
from service.audit.actions import AnchorBehind, AnchorForged, AnchorsLost, ChainChanged, anchor, seal
from service.audit.gateway import Unreadable
from service.catalog.rules.whole import Catalog
from service.kit import db
from service.safety import rules, writes

log = structlog.get_logger(__name__)
SEALED_WITHIN = timedelta(seconds=60)
TRAIL_WINDOW = timedelta(hours=1)  # wider than the sealer's own, so that it sees what that one missed
ONCE_A_DAY = timedelta(days=3)
THE_TRAIL = UUID(int=1)  # the alert is about no row: one alert of a kind while one is open


def watch_trail(*, catalog: Catalog, anchors: Path | None, now: datetime, wall_now: datetime) -> None:
    """Anchor the audit trail's head once a day, and call a person when it is not sealed within a minute, not anchored
    for a day, or shorter or other than its last anchor says. One alert of each kind while one is open. What the
    sealer's own window has missed is chained here: an hour back after it called somebody, three days back once a day.
    """
    wrong: list[str] = []
    window = TRAIL_WINDOW
    try:
        if anchors is not None and anchor(path=anchors, wall_now=wall_now) is not None:
            window = ONCE_A_DAY
    except (AnchorBehind, AnchorForged, AnchorsLost, ChainChanged, Unreadable, OSError) as error:
        log.error("the audit trail could not be anchored", error=type(error).__name__)
        wrong.append("AUDIT-ANCHOR")
    with db.transaction() as session:
        trail.read_only_the_window(session)
        newest = trail.newest(session, TRAIL_WINDOW)
        since = newest.since
        if anchors is not None and not wrong and newest.sealed_at is not None:
            anchored = trail.anchored_at(session, wall_now)
            if anchored is None or anchored < wall_now - trail.ANCHOR_DUE:
                log.error("the audit trail has no anchor of the last day")
                wrong.append("AUDIT-ANCHOR")
        if trail.oldest_unsealed(session, since, wall_now - SEALED_WITHIN) is not None:
            log.error("audit entries wait to be sealed")
            wrong.append("AUDIT-UNSEALED")
        for code in wrong:
            writes.raise_alert(
                session,
                code=code,
                source_kind="system",
                source_id=THE_TRAIL,
                patient_id=None,
                now=now,
                definition=rules.definition(catalog, code),
            )
    if "AUDIT-UNSEALED" in wrong or window == ONCE_A_DAY:
        seal(wall_now=wall_now, look_back=window)
