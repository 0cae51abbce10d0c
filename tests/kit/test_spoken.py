"""A page is in its reader's language, and the next page on the same thread in its own reader's."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string, request
from flask_babel import Babel

from config.settings import HOUSE
from service.kit import spoken


@pytest.fixture
def readers() -> Flask:
    """An application in which the path says who reads."""
    app = Flask("readers", root_path=str(HOUSE))
    app.add_url_rule("/<reader>", view_func=lambda reader: render_template_string("{{ language() }}"), endpoint="page")
    Babel(app, locale_selector=lambda: request.path[1:], configure_jinja=False)
    spoken.install(app)
    return app


def test_each_page_is_in_the_language_of_its_own_reader(readers: Flask) -> None:
    client = readers.test_client()
    assert [client.get(f"/{reader}").text for reader in ("es", "en", "es")] == ["es", "en", "es"]


def test_outside_a_page_something_is_still_said_and_nothing_is_remembered(readers: Flask) -> None:
    readers.test_client().get("/es")
    assert spoken.language() == "en"


def test_what_is_filled_in_is_escaped_and_never_kept(readers: Flask) -> None:
    page = "{{ _('Hello, %(name)s', name=name) }} {{ _('100%%') }} {{ ngettext('%(num)s day', '%(num)s days', 2) }}"
    with readers.test_request_context("/en"):
        first = render_template_string(page, name="<b>")
        second = render_template_string(page, name="Ana")
    assert (first, second) == ("Hello, &lt;b&gt; 100% 2 days", "Hello, Ana 100% 2 days")
