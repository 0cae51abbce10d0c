"""Everybody who may knock at a door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from service.accounts.models import SignIn, User
from service.accounts.rules import ABSOLUTE, IDLE
from service.kit import db
from service.kit.clock import wall_now
from tests.client import Browser

Objects = Literal["own", "another's", "nobody's", "of another kind", "no id at all"]
State = Literal["fresh", "proved long ago", "idle", "past twelve hours", "revoked", "half", "deactivated"]
ENDED: tuple[State, ...] = ("idle", "past twelve hours", "revoked", "deactivated")
ROLES = ("owner", "clinician", "coordinator", "billing", "auditor")


@dataclass(frozen=True)
class Who:
    """Somebody, in what state their sign-in is, and whose objects they name. `team`: on the patient's care team."""

    kind: Literal["visitor", "patient", "staff"]
    role: str | None = None
    state: State = "fresh"
    objects: Objects = "own"
    team: bool = False

    @property
    def signed_in(self) -> bool:
        return self.kind != "visitor" and self.state not in ENDED

    @property
    def only_objects(self) -> bool:
        """Where no object is named they are nobody new: the walk spares the doors without one."""
        return self.objects != "own" or (self.kind == "staff" and not self.team)

    def __str__(self) -> str:
        words = [self.role or self.kind]
        words += [self.state] if self.state != "fresh" else []
        words += ["on the team" if self.team else "off the team"] if self.kind == "staff" else []
        words += [f"{self.objects} objects"] if self.objects != "own" else []
        return ", ".join(words)


EVERYBODY: tuple[Who, ...] = (
    Who("visitor"),
    Who("patient"),
    Who("patient", objects="another's"),
    *(Who("staff", role, team=team) for role in ROLES for team in (True, False)),
    *(Who("patient", state=state) for state in ("proved long ago", *ENDED)),
    *(Who("staff", "clinician", state=state, team=True) for state in ("proved long ago", "half", *ENDED)),
    *(Who("staff", "owner", state=state, team=True) for state in ("proved long ago", "half")),
    *(
        Who(kind, role, objects=objects, team=True)
        for kind, role in (("patient", None), ("staff", "owner"), ("staff", "clinician"), ("staff", "coordinator"))
        for objects in ("nobody's", "of another kind", "no id at all")
    ),
    Who("staff", "auditor", objects="nobody's"),
)


def come_in(client: Browser, who: Who, user_id: UUID) -> None:
    """Be this person in `client`, in the state the sign-in has."""
    if who.kind == "visitor":
        return
    sign_in_id = client.sign_in(user_id, second_factor=who.state != "half")
    now = wall_now()
    with db.transaction() as session:
        row = session.get_one(SignIn, sign_in_id)
        if who.state == "proved long ago":
            row.second_factor_at = row.proved_at = now - timedelta(hours=1)
        elif who.state == "idle":
            row.seen_at = now - IDLE[who.kind] - timedelta(seconds=1)
        elif who.state == "past twelve hours":
            row.created_at = now - ABSOLUTE - timedelta(seconds=1)
        elif who.state == "revoked":
            row.revoked_at = now
        elif who.state == "deactivated":
            session.get_one(User, user_id).deactivated_at = now
