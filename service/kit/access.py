"""Every route declares who may enter. A route without a declaration lets nobody in.

@blueprint.get("/check-ins/<uuid:checkin_id>")
@access.patient
def show(checkin_id): ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "homeward_door"
_URGENT = "homeward_urgent"
_STEP_UP = "homeward_step_up"
_QUIET = "homeward_quiet"
_SETTING_UP = "homeward_setting_up"


@dataclass(frozen=True, slots=True)
class Door:
    """Who may enter. `machine` is for callers that prove themselves by signature and carry no cookie."""

    kind: Literal["public", "signed_in", "patient", "staff", "machine"]
    roles: frozenset[str] = frozenset()


def _declare(door: Door) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, door)
        return view

    return declare


def public(view: View) -> View:
    """Anybody."""
    return _declare(Door("public"))(view)


def machine(view: View) -> View:
    """A machine that signs what it sends: no cookie, no CSRF token, and the view must check the signature."""
    return _declare(Door("machine"))(view)


def signed_in(view: View) -> View:
    """Anybody who is signed in, staff with their second factor."""
    return _declare(Door("signed_in"))(view)


def patient(view: View) -> View:
    """A patient, for what is their own."""
    return _declare(Door("patient"))(view)


def staff(*roles: str) -> Callable[[View], View]:
    """Staff with one of `roles` and their second factor."""
    if not roles:
        raise ValueError("name the roles that may enter")
    return _declare(Door("staff", frozenset(roles)))


def urgent(view: View) -> View:
    """What is sent here may be a call for help: any page that turns it down shows where help is, first."""
    setattr(view, _URGENT, True)
    return view


def step_up(view: View) -> View:
    """Behind the door the person proves again that it is them, unless they did so within the last ten minutes."""
    setattr(view, _STEP_UP, True)
    return view


def setting_up(view: View) -> View:
    """Staff who have no second step yet may come here with their password alone: this is where they add one."""
    setattr(view, _SETTING_UP, True)
    return view


def is_setting_up(view: object) -> bool:
    """Is `view` one of those where a first second step is added?"""
    return bool(getattr(view, _SETTING_UP, False))


def quiet(view: View) -> View:
    """A page's own script asks here. That is no sign of life: it keeps nobody signed in."""
    setattr(view, _QUIET, True)
    return view


def is_quiet(view: object) -> bool:
    """Does asking `view` leave the sign-in as old as it was?"""
    return bool(getattr(view, _QUIET, False))


def needs_step_up(view: object) -> bool:
    """Did `view` ask for a fresh proof?"""
    return bool(getattr(view, _STEP_UP, False))


def is_urgent(view: object) -> bool:
    """Did `view` say that it may receive a call for help?"""
    return bool(getattr(view, _URGENT, False))


def door_of(view: object) -> Door | None:
    """What `view` declared, or None."""
    return getattr(view, _ATTRIBUTE, None)
