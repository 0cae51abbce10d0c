"""The figures about money for those who run it: as a table, a picture and a file. Nobody is named."""

from __future__ import annotations

from itertools import dropwhile

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from service.billing.actions.control import figures
from service.billing.actions.control.figures import Month
from service.billing.forms.watching import WhyForm
from service.billing.rules.figures import MEANS, REASONS, Figures
from service.billing.staff_views import bp
from service.billing.staff_views.common import watching_door
from service.kit import access, clock, web
from service.kit.bars import bars
from service.kit.errors import words
from service.kit.format import money

WHY_FILE = {
    "regular_review": words("A regular look at the business"),
    "accounts": words("For the accounts or the tax adviser"),
    "authority": words("A court or an authority asked for it"),
    "other": words("Something else"),
}


@bp.get("/staff/reports/money")
@watching_door
def money_report() -> ResponseReturnValue:
    """Thirteen months, the running one last."""
    months = figures.open_figures(actor=web.actor(), now=clock.now(), wall_now=clock.wall_now())
    names = [_name(one) for one in months]
    short = [_name(one, "MMM y" if one is months[0] or one.figures.month.month == 1 else "MMM") for one in months]
    revenue = [(name, one.figures.mrr_cents) for name, one in zip(short, months, strict=True)]
    net = [(name, one.figures.net_cents) for name, one in zip(short, months, strict=True)]
    return render_template(
        "billing/staff/figures.html",
        months=_since_the_first(list(zip(names, months, strict=True)))[::-1],
        latest=months[-1],
        before=months[-2],
        revenue=bars(revenue, say=lambda cents: money(cents, whole=True), axis=_short),
        net=bars(net, say=lambda cents: money(cents), axis=_short),
        means=MEANS,
        reasons=REASONS,
        share=lambda value: "–" if value is None else f"{value:.1%}",
    )


@bp.route("/staff/reports/money/file", methods=["GET", "POST"])
@watching_door
@access.step_up
def money_file() -> ResponseReturnValue:
    """The same as a file, for a reason that is written down."""
    form = WhyForm().offer(WHY_FILE)
    if request.method == "POST" and form.validate():
        now = clock.now()
        file = figures.export_figures(reason=form.reason.data, actor=web.actor(), now=now, wall_now=clock.wall_now())
        headers = {"Content-Disposition": f'attachment; filename="figures-{now:%Y-%m-%d}.csv"'}
        return Response(file, mimetype="text/csv", headers=headers)
    page = render_template(
        "billing/staff/why.html",
        form=form,
        title=_("Download the figures"),
        lead=_("You get a file (CSV) with thirteen months and every figure. It names nobody."),
        button=_("Download the file"),
        back=url_for(".money_report"),
        fields={},
        room="money",
    )
    return page, 422 if form.errors else 200


def _since_the_first(months: list[tuple[str, Month]]) -> list[tuple[str, Month]]:
    """Without the months before anything happened, which would only be turned past. The running one always stays."""
    return list(dropwhile(lambda one: one[1].figures == Figures(one[1].figures.month), months)) or months[-1:]


def _name(month: Month, shape: str = "MMM y") -> str:
    return str(format_date(month.figures.month, shape))


def _short(cents: int) -> str:
    """$1.2k, $3M: room beside a picture is short."""
    dollars = cents / 100
    sign, size = ("-" if dollars < 0 else ""), abs(dollars)
    for limit, letter in ((1_000_000, "M"), (1_000, "k")):
        if size >= limit:
            return f"{sign}${size / limit:g}{letter}"
    return f"{sign}${size:g}"
