"""The style guide in real Chromium: nothing logged, nothing sideways, nothing that axe would mind."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from service.sandbox import browser as chromium
from tests.look.guide import make

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, make(), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium.find()
    if program is None and chromium.must_be_here():
        pytest.fail(chromium.ABSENT)
    if program is None:
        pytest.skip(chromium.ABSENT)
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.mark.parametrize("width", [320, 360, 1180])
@pytest.mark.parametrize("path", ["/", "/guide", "/question", "/states", "/plans", "/safety"])
def test_a_page_is_clean_at_every_width(browser: Browser, address: str, path: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address + path)
    assert "js-enabled" in (page.locator("body").get_attribute("class") or "")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []  # before axe, which logs two lines of its own under this policy
    assert [item["id"] for item in Axe().run(page).response["violations"]] == []
    page.close()


def test_after_a_wrong_answer_the_list_of_errors_has_the_focus_and_leads_to_the_field(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(address + "/guide")
    page.get_by_role("button", name="Sign consent").click()
    assert page.title().startswith("Error: ")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.get_by_role("link", name="Choose how often").click()
    expect(page.locator("#how_often")).to_be_focused()
    page.close()


def test_a_tile_is_pressed_anywhere_and_is_large_enough_for_a_thumb(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(address + "/guide")
    tile = page.locator(".tiles .govuk-radios__item").first
    box = tile.bounding_box()
    assert box is not None
    assert box["height"] >= 56
    tile.click(position={"x": box["width"] - 6, "y": box["height"] - 6})
    assert page.locator("#how_often").is_checked()
    page.close()


def test_the_menu_opens_and_a_form_is_sent_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(address + "/guide")
    page.get_by_text("Menu", exact=True).click()
    assert page.get_by_role("link", name="Plan and billing").is_visible()
    page.get_by_role("button", name="Sign consent").click()
    assert page.get_by_text("There is a problem").is_visible()
    context.close()
