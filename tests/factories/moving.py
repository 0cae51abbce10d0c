"""People who move."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.catalog.rules.whole import Catalog
from service.enrollment.actions import move
from service.enrollment.models import Enrollment
from service.enrollment.rules.moving import WhichCounty
from service.kit import db
from service.safety.models import Alert
from tests.factories.visits import Applicant

if TYPE_CHECKING:
    from tests.conftest import House

HOMES = {"FL": ("Miami", "33101"), "NJ": ("Newark", "07102"), "GA": ("Atlanta", "30301"), "AE": ("APO", "09012")}


def moved(
    house: House, who: Applicant, state: str, *, catalog: Catalog | None = None, now: datetime | None = None
) -> move.Moved:
    """The patient says that they live in `state` now, and says yes to it."""
    city, zip_code = HOMES[state]
    became = move.move(
        user_id=who.person.user_id,
        line1="1 Main St",
        line2="",
        city=city,
        zip_code=zip_code,
        county_fips=None,
        yes_to=state,
        catalog=catalog or house.catalog,
        actor=who.actor,
        now=now or house.now,
    )
    assert not isinstance(became, WhichCounty)
    return became


def enrolled(who: Applicant) -> Enrollment:
    """The enrollment, as stored."""
    with db.reading() as session:
        return session.scalars(select(Enrollment).where(Enrollment.id == who.enrollment_id)).one()


def stands(who: Applicant) -> tuple[str, str, str | None, bool]:
    """(status, state, moving to, lives elsewhere) of the enrollment."""
    row = enrolled(who)
    return row.status, row.state, row.moving_to, row.moving_since is not None


def moved_alerts() -> list[str]:
    """The codes of alerts about moves, the oldest first."""
    about = select(Alert.code).where(Alert.code.in_(("MOVED", "HOME_AGAIN"))).order_by(Alert.raised_at, Alert.id)
    with db.reading() as session:
        return list(session.scalars(about))
