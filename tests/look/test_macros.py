"""Our macros say the same thing to eyes, to screen readers and to a browser without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from jinja2 import UndefinedError

from service.kit.templates import email_environment
from tests.look.guide import HOUSE, make
from tests.look.test_design_system import Outline


@pytest.fixture(scope="module")
def app() -> Flask:
    return make()


@pytest.fixture
def page(app: Flask) -> Iterator[str]:
    with app.test_client() as client:
        yield client.post("/guide", data={"born-month": "2", "born-day": "30", "born-year": "1985"}).get_data(
            as_text=True
        )


def render(app: Flask, source: str, **values: object) -> str:
    with app.test_request_context():
        return app.jinja_env.from_string('{% import "ui/all.html" as ui %}' + source).render(**values)


def test_an_error_is_said_in_the_title_in_the_summary_and_at_the_field(page: str) -> None:
    assert "<title>Error: " in page
    assert page.count("Choose how often") == 2
    assert 'href="#how_often"' in page
    assert 'id="how_often"' in page


def test_a_day_that_does_not_exist_leads_to_its_first_box_and_keeps_what_was_typed(page: str) -> None:
    assert 'href="#born-month"' in page
    assert re.search(r'id="born-day"[^>]*value="30"', page)
    assert "Enter a day that exists" in page


def test_no_sentence_of_a_library_reaches_a_person(page: str) -> None:
    assert "Not a valid" not in page
    assert "This field is required" not in page


def test_help_in_a_crisis_comes_before_anything_else(page: str) -> None:
    assert page.index('href="tel:988"') < page.index("<header")
    for way in ("tel:988", "sms:988", "988lifeline.org/chat", "tel:911"):
        assert way in page


def test_no_page_carries_a_script_or_a_style_of_its_own(page: str) -> None:
    assert "<style" not in page
    assert not re.search(r"\sstyle=", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert not address.startswith(("http:", "//"))
        assert not address.startswith("https:") or address == "https://988lifeline.org/chat/"


def test_what_a_person_typed_is_never_markup(app: Flask) -> None:
    html = render(app, "{{ ui.table(['a'], [[words]], words) }}{{ ui.tag(words) }}{{ ui.banner(words) }}", words="<b>&")
    assert "<b>&" not in html
    assert html.count("&lt;b&gt;&amp;") == 4


@pytest.mark.parametrize("href", [None, "/a?b=1&c=2"])
@pytest.mark.parametrize("kind", ["primary", "secondary", "quiet", "danger"])
def test_a_button_is_what_the_design_system_draws(app: Flask, href: str | None, kind: str) -> None:
    looks = {"secondary": "govuk-button--secondary", "danger": "govuk-button--warning"}
    looks["quiet"] = f"{looks['secondary']} button--quiet"
    ours = render(app, "{{ ui.button(words, href=href, kind=kind, name='n')}}", words="A & <b>", href=href, kind=kind)
    theirs = render(
        app,
        '{% from "govuk_frontend_jinja/components/button/macro.html" import govukButton %}{{ govukButton(params) }}',
        params={
            "html": "<span>A &amp; &lt;b&gt;</span>",
            "href": href,
            "name": "n",
            "classes": looks.get(kind, ""),
            "preventDoubleClick": None if href else True,
        },
    )
    assert Outline(ours).seen == Outline(theirs).seen


def test_a_missing_name_and_a_missing_attribute_are_mistakes(app: Flask) -> None:
    with pytest.raises(UndefinedError):
        render(app, "{{ nobody }}")
    with pytest.raises(UndefinedError):
        render(app, "{% if thing.nothing %}{% endif %}", thing=Flask)


def test_a_left_out_key_of_a_plain_value_is_false(app: Flask) -> None:
    assert render(app, "{{ 'yes' if row.href else 'no' }}", row={"key": 1}) == "no"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503])
def test_every_error_page_is_kind_and_shows_the_crisis_bar(app: Flask, status: int) -> None:
    html = app.test_client().get(f"/error/{status}").get_data(as_text=True)
    assert "Call 988" in html
    assert "<h1>" in html
    words = re.sub(r"<[^>]+>", " ", html).lower()
    assert not {"invalid", "illegal", "please", "forbidden", "oops"} & set(re.findall(r"[a-z]+", words))


def test_mail_is_rendered_without_an_app() -> None:
    mail = email_environment(HOUSE / "templates", HOUSE / "config")
    html = mail.get_template("emails/_layout/body.html").render(given_name="Ana")
    text = mail.get_template("emails/_layout/body.txt").render(given_name="Ana")
    for body in (html, text):
        assert "911" in body
        assert "988" in body
        assert "Homeward" in body
    assert "http" not in html.replace("http-equiv", "")
