"""Who works here. Owners and auditors look; only owners change anything."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from service.accounts.actions import team as actions
from service.accounts.forms.staff import ROLE_HINTS, ROLE_NAMES
from service.accounts.staff_views import bp
from service.kit import access, clock


@bp.get("/staff/team")
@access.staff("owner", "auditor")
def team() -> ResponseReturnValue:
    """Everybody on the team, and who is invited."""
    return render_template(
        "accounts/staff/team.html",
        team=actions.open_team(wall_now=clock.wall_now()),
        role_names=ROLE_NAMES,
        may_change=current_user.role == "owner",
        zone=current_user.time_zone,
    )


@bp.get("/staff/team/<uuid:user_id>")
@access.staff("owner", "auditor")
def member(user_id: UUID) -> ResponseReturnValue:
    """One of the team, and what an owner may do."""
    return render_template(
        "accounts/staff/member.html",
        member=actions.open_member(user_id=user_id),
        role_names=ROLE_NAMES,
        role_hints=ROLE_HINTS,
        may_change=current_user.role == "owner" and current_user.user_id != user_id,
        is_me=current_user.user_id == user_id,
        zone=current_user.time_zone,
    )
