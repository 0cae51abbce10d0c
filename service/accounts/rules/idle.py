"""How long somebody may be away, when they are warned, and how long what they typed is kept. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.accounts.rules.sign_in import ABSOLUTE, IDLE

WARNING = timedelta(minutes=2)  # before a sign-in ends; WCAG 2.2.1 asks for at least 20 seconds
KEPT_LIFE = timedelta(hours=1)
KEPT_MOST = 20  # for one person at a time: whoever stole an old cookie must not fill our disks
KEPT_AFTER = timedelta(hours=72)  # a laptop closed over a weekend; older cookies keep nothing


def idle_left(kind: str, seen_at: datetime, wall_now: datetime) -> int:
    """Seconds until somebody who does nothing is signed out; 0 when they are."""
    return max(0, int((seen_at + IDLE[kind] - wall_now).total_seconds()))


def age_left(created_at: datetime, wall_now: datetime) -> int:
    """Seconds until the sign-in ends whatever they do; 0 when it has."""
    return max(0, int((created_at + ABSOLUTE - wall_now).total_seconds()))
