"""A small app that shows every macro, with the page's real headers. Run it to look: `python -m tests.look.guide`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, render_template, request
from flask_babel import Babel
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup
from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from config.settings import HOUSE
from service.catalog.queries import catalog
from service.kit import charts, spoken, templates
from service.kit.fields import DayField, Form, TicksField
from service.site import views as site_views

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
BANDS = [
    charts.Band("Minimal", 0, 4, 0),
    charts.Band("Mild", 5, 9, 1),
    charts.Band("Moderate", 10, 14, 2),
    charts.Band("Mod. severe", 15, 19, 3),
    charts.Band("Severe", 20, 27, 4),
]


class GuideForm(Form):  # type: ignore[misc]
    how_often = RadioField(
        "Over the last 2 weeks, how often have you had little interest or pleasure in doing things?",
        choices=[
            SelectChoice("0", "Not at all"),
            SelectChoice("1", "Several days"),
            SelectChoice("2", "More than half the days"),
            SelectChoice("3", "Nearly every day"),
        ],
        validators=[InputRequired("Choose how often")],
    )
    time = RadioField(
        "Morning",
        choices=[SelectChoice("9", "9:00 AM"), SelectChoice("10", "10:30 AM"), SelectChoice("11", "11:00 AM")],
        default="10",
    )
    name = StringField(
        "Your full legal name",
        description="This is your electronic signature",
        validators=[InputRequired("Type your full legal name to sign")],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField("E-mail address", render_kw={"autocomplete": "email"})
    password = PasswordField("Password", render_kw={"autocomplete": "new-password"})
    zip = StringField("ZIP code", render_kw={"autocomplete": "postal-code", "inputmode": "numeric", "maxlength": 5})
    weight = IntegerField("Weight", render_kw={"inputmode": "numeric"})
    born = DayField(
        "When were you born?",
        description="For example, 4 23 1985",
        validators=[InputRequired("Enter your date of birth")],
        render_kw={"autocomplete": "bday"},
    )
    county = SelectField("County", choices=[SelectChoice("12086", "Miami-Dade"), SelectChoice("12099", "Palm Beach")])
    tried = TicksField(
        "What have you tried?",
        choices=[SelectChoice("ssri", "An SSRI"), SelectChoice("erp", "ERP"), SelectChoice("cbt", "CBT")],
        default=["erp"],
    )
    more = TextAreaField("Anything else?")
    agree = BooleanField(
        "I have read this consent and I agree to it",
        validators=[InputRequired("Confirm that you have read and agree to this consent")],
    )


def series() -> charts.Chart:
    """Six scores, two weeks apart."""
    first = date(2026, 9, 8)
    values = (17, 15, 13, 14, 10, 8)
    points = [charts.Point(first + timedelta(days=14 * index), value) for index, value in enumerate(values)]
    return charts.chart(points, low=0, high=27, bands=BANDS)


def make() -> Flask:
    """The guide, with no database behind it."""
    app = Flask("guide", static_folder=HOUSE / "service" / "static", static_url_path="/static", template_folder=None)
    app.config.update(SECRET_KEY="only for looking", WTF_CSRF_CHECK_DEFAULT=False)
    settings: Any = SimpleNamespace(
        templates_dir=HOUSE / "templates",
        static_dir=HOUSE / "service" / "static",
        config_dir=HOUSE / "config",
        environment="sandbox",
    )
    templates.install(app, settings)
    app.jinja_env.loader = ChoiceLoader([app.jinja_env.loader, FileSystemLoader(Path(__file__).parent)])  # type: ignore[list-item]
    Babel(app, configure_jinja=False)
    spoken.install(app)
    CSRFProtect(app)
    app.jinja_env.globals["reader"] = lambda: None  # nobody is signed in here

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    app.config["CATALOG"] = catalog(HOUSE / "config")
    app.register_blueprint(site_views.bp)

    @app.route("/guide", methods=["GET", "POST"])
    def guide() -> str:
        form = GuideForm()
        if request.method == "POST":
            form.validate()
        return render_template(
            "styleguide.html",
            form=form,
            chart=series(),
            when=datetime(2026, 11, 24, 15, 30, tzinfo=UTC),
            link=lambda text: Markup('<a href="#x">{}</a>').format(text),
        )

    @app.route("/question", methods=["GET", "POST"])
    def question() -> str:
        form = GuideForm()
        if request.method == "POST":
            form.validate()
        return render_template("one_question.html", form=form)

    @app.get("/error/<int:status>")
    def error(status: int) -> tuple[str, int]:
        return render_template([f"errors/{status}.html", "errors/400.html"], message=None, status=status), status

    return app


if __name__ == "__main__":
    make().run(host="127.0.0.1", port=5071)
