"""One person in front of one browser window, and what must hold on every page they see."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

from service.sandbox.running import Running

PHONE, DESK, SMALLEST = 360, 1180, 320
AXE = Axe().axe_script
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations']})"
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const out = [...document.querySelectorAll('body *')].filter(it => it.getBoundingClientRect().right > room + 1);
  return ['the page scrolls sideways', ...out.slice(0, 5).map(it => it.outerHTML.slice(0, 160))];
}"""


class Browsing:
    """A window. `see` asserts that the page is as every page must be."""

    def __init__(
        self,
        context: BrowserContext,
        sandbox: Running,
        album: Path | None,
        *,
        scripts: bool = True,
        widths: tuple[int, ...] = (PHONE, DESK),
    ) -> None:
        self.context, self.sandbox, self.album, self.scripts = context, sandbox, album, scripts
        self.widths = widths
        self.page = context.new_page()
        self.seen: list[str] = []
        self.complaints: list[str] = []
        self._status = 0
        self._ours = {_origin(url) for url in (sandbox.web, sandbox.mailbox, sandbox.standin)}
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("request", self._watch)
        self.page.on("requestfailed", self._lost)
        self.page.on("response", self._note)

    def go(self, address: str) -> None:
        """Open a path of the product, or a whole address."""
        self.page.goto(urljoin(self.sandbox.web, address))

    @property
    def path(self) -> str:
        """Where this window stands."""
        return urlsplit(self.page.url).path

    def press(self, words: str | re.Pattern[str]) -> None:
        """Press a button, or a link that looks like one, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=words, exact=isinstance(words, str)).first.click()

    def follow(self, words: str | re.Pattern[str]) -> None:
        """Follow a link of the page's main part."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=words).first.click()

    def choose(self, name: str, value: str) -> None:
        """Press the tile of a choice, where a finger would: on its words."""
        box = self.page.locator(f"input[name='{name}'][value='{value}']")
        self.page.locator(f"label[for='{box.get_attribute('id')}']").click(force=True)  # whatever lies there
        assert box.is_checked(), f"pressing the words of {name}={value} did not choose it"

    def fill(self, **values: str) -> None:
        """Type into fields by their names ("__" stands for "-")."""
        for name, value in values.items():
            self.page.locator(f"[name='{name.replace('__', '-')}']").fill(value)

    def see(self, *texts: str, name: str = "", status: int = 200, widths: tuple[int, ...] = ()) -> None:
        """This page, at each width: it says `texts`, is quiet, fits, and leaves nobody out. Its picture is kept."""
        page, usual = self.page, self.page.viewport_size
        where = f"{page.url} ({page.title()})"
        page.wait_for_load_state("load")
        found = " ".join(page.locator("body").inner_text().split()).lower()
        self.seen.append(page.url)
        missing = [text for text in texts if text.lower() not in found]
        assert self._status == status, f"{where}: status {self._status}, expected {status}"
        assert not missing, f"{where} does not say {missing}: {found[:800]}"
        assert not self.complaints, f"{where}: {self.complaints}"  # before axe, which complains itself
        for number, width in enumerate(widths or self.widths):
            page.set_viewport_size({"width": width, "height": 780})
            if self.scripts and not number:
                page.evaluate(AXE)
            wide = page.evaluate(TOO_WIDE)
            self.keep(name, width)
            assert not wide, f"{where} at {width} px: {wide}"
            if self.scripts:
                faults = [
                    f"{fault['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
                    for fault in page.evaluate(RUN_AXE)["violations"]
                    for node in fault["nodes"]
                ]
                assert not faults, f"{where} at {width} px: {faults}"
        if usual:
            page.set_viewport_size(usual)
        self.complaints.clear()

    def keep(self, name: str, width: int) -> None:
        """The picture of this page, where pictures are kept."""
        if self.album is None:
            return
        plain = re.sub(r"[0-9a-f-]{36}|[A-Za-z0-9_.-]{40,}", "x", self.path).strip("/").replace("/", "-")
        picture = self.album / str(width) / f"{len(self.seen):02}-{name or plain or 'first'}.png"
        self.page.screenshot(path=picture, full_page=True)

    def _note(self, response: Response) -> None:
        if response.request.is_navigation_request() and not 300 <= response.status < 400:
            self._status = response.status

    def _watch(self, request: Request) -> None:
        if _origin(request.url) not in self._ours:
            self.complaints.append(f"asked a stranger: {request.url}")

    def _lost(self, request: Request) -> None:
        # Going on to the next page drops what the last one was still fetching (its icon): that is no failure. What a
        # server or the content policy refuses has other names, and stays a complaint.
        if request.failure == "net::ERR_ABORTED" and not request.is_navigation_request():
            return
        self.complaints.append(f"request failed: {request.url} {request.failure}")

    def _hear(self, message: ConsoleMessage) -> None:
        expected = "the server responded with a status of" in message.text and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {message.text} ({message.location['url']})")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
