"""A patient's home, in one statement: where they stand, with their check-ins. One more where they owe us something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from service.billing.queries import MembershipCard
from service.catalog.rules import instruments
from service.catalog.rules.instruments import Instrument
from service.catalog.rules.whole import Catalog
from service.checkins import queries as checkins
from service.dashboard import rules
from service.dashboard.queries.standing import standing
from service.enrollment.queries.logistics import missing_of_patient
from service.enrollment.queries.records import EnrollmentDetails
from service.enrollment.rules.regions import place_name
from service.kit.charts import Band, Chart, Point, chart
from service.kit.db import Line
from service.visits.queries import Visit
from service.visits.rules.day import room_is

MoneyKind = Literal["unpaid", "active", "ending", "grace", "stopped", "ended"]
MONEY_KINDS: dict[str, MoneyKind] = {
    "awaiting_payment": "unpaid",
    "active": "active",
    "grace": "grace",
    "stopped": "stopped",
    "ended": "ended",
}


@dataclass(frozen=True, slots=True)
class Money:
    """The membership in the patient's words. `next_cents` is 0 when nothing will be charged."""

    kind: MoneyKind
    plan: str
    next_cents: int
    next_at: datetime | None
    card_brand: str
    card_last4: str
    price_asked: bool = False  # a new price waits for an answer


@dataclass(frozen=True, slots=True)
class DueCheckIn:
    """A check-in to fill in now."""

    id: UUID
    questions: int
    minutes: int
    begun: bool
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Scores:
    """One instrument's scores as a drawing and as a trend. `trend` is None after the first."""

    instrument: Instrument
    chart: Chart
    trend: checkins.Trend | None
    last: checkins.Point
    highest: int


@dataclass(frozen=True, slots=True)
class Home:
    """Everything the page says."""

    stage: rules.Stage
    done: int
    visit: Visit | None
    money: Money | None
    on_hold: bool
    due: tuple[DueCheckIn, ...]
    scores: tuple[Scores, ...]
    last_check_in_at: datetime | None
    moving: rules.Moving
    moving_to: str  # the state's name, empty where care may not go on
    room: UUID | None  # the visit whose room is open now
    missing: tuple[str, ...]  # what the patient has to tell us before care can go on: keys of the completion checklist


def home(session: Session | Line, catalog: Catalog, *, patient_id: UUID, zone: str, now: datetime) -> Home:
    """Gather what a patient's home page shows at `now`."""
    at = standing(session, patient_id)
    found, joined, visit = at.check_ins, at.enrollment, at.visit
    where = rules.stage(joined.status if joined else None, visit.ends_at if visit else None, now)
    moving = rules.moving(where, joined.moving_to, joined.moving_since is not None) if joined else ""
    return Home(
        stage=where,
        done=rules.steps_done(where),
        visit=visit if visit is not None and visit.ends_at > now else None,
        money=_money(catalog, at.membership),
        on_hold=at.on_hold,
        due=tuple(_due(item, catalog) for item in found if item.is_open(now)),
        scores=_scores(found, catalog, zone),
        last_check_in_at=max((item.submitted_at for item in found if item.submitted_at), default=None),
        moving=moving,
        moving_to=place_name(joined.moving_to) if joined and joined.moving_to else "",
        room=visit.id if visit and room_is(visit.starts_at, visit.ends_at, now, catalog.visits) == "open" else None,
        missing=_missing(session, patient_id, joined, moving, at.on_hold, now),
    )


def _missing(
    session: Session | Line,
    patient_id: UUID,
    joined: EnrollmentDetails | None,
    moving: rules.Moving,
    on_hold: bool,
    now: datetime,
) -> tuple[str, ...]:
    """Asked only where the page says it: once a clinician has decided, and of somebody whom we want to call."""
    if joined is None or not (on_hold or (joined.status == "decided" and not moving)):
        return ()
    return missing_of_patient(session, patient_id, joined.state, now)


def _due(item: checkins.CheckInDetails, catalog: Catalog) -> DueCheckIn:
    instrument = catalog.instruments[item.instrument]
    questions = len(instrument.scored_items)
    return DueCheckIn(item.id, questions, checkins.minutes(instrument), bool(item.answers), item.closes_at)


def _money(catalog: Catalog, found: MembershipCard | None) -> Money | None:
    if found is None:
        return None
    kind: MoneyKind = MONEY_KINDS[found.status]
    if kind == "active" and found.ends:
        kind = "ending"
    plan = catalog.plans.get(found.plan)
    return Money(
        kind=kind,
        plan=plan.name if plan else found.plan,
        next_cents=found.next_cents,
        next_at=found.ended_at if kind == "ended" else found.next_charge_at or found.period_ends_at,
        card_brand=(found.card_brand or "").title(),
        card_last4=found.card_last4 or "",
        price_asked=found.price_asked and kind in ("active", "grace"),
    )


def _scores(found: tuple[checkins.CheckInDetails, ...], catalog: Catalog, zone: str) -> tuple[Scores, ...]:
    out = []
    for key in dict.fromkeys(item.instrument for item in found if item.score is not None):
        instrument = catalog.instruments[key]
        series, highest = checkins.points(found, key, zone), checkins.highest_total(instrument)
        out.append(
            Scores(
                instrument=instrument,
                chart=_chart(instrument, series, float(highest)),
                trend=checkins.trend(series),
                last=series[-1],
                highest=int(highest),
            )
        )
    return tuple(out)


def _chart(instrument: Instrument, series: tuple[checkins.Point, ...], highest: float) -> Chart:
    named, drawn = _bands(instrument.bands)
    points = [Point(point.on, float(point.total)) for point in series]
    # The drawing has little room beside it on a phone; the table below it says the published names.
    return replace(chart(points, low=0, high=highest, bands=drawn), bands=named)


@lru_cache(maxsize=64)
def _bands(bands: tuple[instruments.Band, ...]) -> tuple[tuple[Band, ...], tuple[Band, ...]]:
    """An instrument's bands under their published and under their short names."""
    named = tuple(
        Band(band.name.capitalize(), float(band.lowest), float(band.highest), min(tone, 4))
        for tone, band in enumerate(bands)
    )
    return named, tuple(band._replace(name=_short(band.name)) for band in named)


def _short(name: str) -> str:
    """A band's name in at most a dozen letters: "Mod. severe"."""
    first, _, rest = name.partition(" ")
    return f"{first[:3]}. {rest}" if len(name) > 12 and rest else name
