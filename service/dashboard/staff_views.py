"""Reports for owners and auditors."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, current_app, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from service.accounts.rules.demographics import ETHNICITY, RACE, SEX
from service.dashboard.actions import reports
from service.dashboard.rules.new_jersey import FIRST_YEAR, SMALL, ZONE
from service.kit import access, clock, web
from service.visits.rules.encounters.record import MODALITIES, PAYMENT_SOURCES

bp = Blueprint("dashboard_staff", __name__)


@bp.get("/staff/reports/new-jersey")
@access.staff(*reports.ROLES)
@access.step_up
def new_jersey() -> ResponseReturnValue:
    """A year of visits in counts. `year` chooses which."""
    years, year = _years()
    counts = reports.open_report(year=year, catalog=current_app.config["CATALOG"], actor=web.actor())
    titles = {
        "technology": _("Technology"),
        "condition": _("Category of condition"),
        "region": _("Region of the patient"),
        "practitioner_region": _("State of the practitioner"),
        "age": _("Age"),
        "sex": _("Sex"),
        "race": _("Race"),
        "ethnicity": _("Ethnicity"),
        "prescriptions": _("Prescriptions"),
        "diagnoses": _("Diagnosis codes"),
        "em_code": _("Evaluation and management codes"),
        "payment_source": _("Source of payment"),
    }
    return render_template(
        "dashboard/staff/new_jersey.html",
        counts=counts,
        tables=[(title, counts.table(name), _said().get(name, {})) for name, title in titles.items()],
        year=year,
        years=years,
        least=SMALL,
    )


@bp.post("/staff/reports/new-jersey/file")
@access.staff(*reports.ROLES)
@access.step_up
def new_jersey_file() -> ResponseReturnValue:
    """The same visits as a file, a line each, streamed as they are read."""
    _all, year = _years()
    lines = reports.export_report(year=year, catalog=current_app.config["CATALOG"], actor=web.actor())
    headers = {"Content-Disposition": f'attachment; filename="new-jersey-{year}.csv"'}
    return Response(stream_with_context(lines), mimetype="text/csv", headers=headers)


def _said() -> dict[str, dict[str, str]]:
    """Codes in words, by column; the file keeps the codes."""
    told: dict[str, Mapping[str, str]] = {
        "sex": SEX,
        "race": RACE,
        "ethnicity": ETHNICITY,
        "technology": MODALITIES,
        "payment_source": PAYMENT_SOURCES,
    }
    return {name: {code: _(text) for code, text in codes.items()} for name, codes in told.items()}


def _years() -> tuple[list[int], int]:
    """The years there can be visits in, the newest first, and the one that is wanted."""
    newest = max(clock.now().astimezone(ZONE).year, FIRST_YEAR)
    years = list(range(newest, FIRST_YEAR - 1, -1))
    asked = request.values.get("year", "")
    return years, int(asked) if asked in map(str, years) else newest
