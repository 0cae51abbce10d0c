"""A person with a browser and no JavaScript, for demo people and smoke: real HTTP, real cookies, real forms.

It keeps `Secure` cookies on http://localhost as browsers do, and never sends them to another host.
"""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

DEVICE = "__Host-homeward-device"
FRAME = ("/sign-out", "/session/extend")  # forms that stand on every signed-in page
Values = dict[str, str | list[str]]


class WalkError(Exception):
    """The page was not what the walk expected. The text says what was there instead."""


@dataclass
class Form:
    """A form of a page: where it goes, what it would send as it stands, and its buttons."""

    action: str
    method: str
    values: Values = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Forms, links, headings and text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._link: str | None = None
        self._text: list[str] = []
        self._heading = False
        self._quiet = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        has = dict(attrs).keys()
        if tag in ("script", "style", "svg"):
            self._quiet += 1
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self._link, self._text = given["href"], []
        elif tag == "h1":
            self._heading, self._text = True, []
        elif tag == "button" and self._form is not None and given.get("name"):
            self._form.choices.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "select" and self._form is not None:
            self._select = given.get("name")
        elif tag == "option" and self._form is not None and self._select:
            self._form.choices.setdefault(self._select, []).append(given.get("value", ""))
            if "selected" in has:
                self._form.values[self._select] = given.get("value", "")
        elif tag == "textarea" and self._form is not None and given.get("name"):
            self._form.values.setdefault(given["name"], "")
        elif tag == "input" and self._form is not None and given.get("name"):
            self._input(self._form, given, "checked" in has)

    def _input(self, form: Form, given: dict[str, str], checked: bool) -> None:
        name, kind, value = given["name"], given.get("type", "text"), given.get("value", "")
        if kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(value)
            if checked:
                form.values[name] = value
        elif kind not in ("submit", "button", "image", "file"):
            form.values[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "svg"):
            self._quiet -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link, " ".join("".join(self._text).split())))
            self._link = None
        elif tag == "h1" and self._heading:
            self.headings.append(" ".join("".join(self._text).split()))
            self._heading = False

    def handle_data(self, data: str) -> None:
        if self._quiet:
            return
        self.words.append(data)
        if self._link is not None or self._heading:
            self._text.append(data)


@dataclass
class Page:
    """What came back."""

    url: str
    status: int
    html: str
    headers: dict[str, str]
    forms: list[Form]
    links: list[tuple[str, str]]
    heading: str
    text: str

    @property
    def path(self) -> str:
        """The path, without its query."""
        return urlsplit(self.url).path

    def form(self, containing: str | None = None) -> Form:
        """The form that posts to a path with `containing` in it, or that has such a field; by default the first
        that is the page's own."""
        for form in self.forms:
            if form.method != "post" or form.action.endswith(FRAME):
                continue
            names = {*form.values, *form.choices}
            if containing is None or containing in form.action or containing in names:
                return form
        raise WalkError(f"no form {containing or ''} on {self.url} ({self.status}, “{self.heading}”)")

    def link(self, text: str) -> str:
        """The address of the link whose words contain `text`."""
        for href, words in self.links:
            if text.lower() in words.lower():
                return href
        raise WalkError(f"no link “{text}” on {self.url} (“{self.heading}”)")

    def must(self, *texts: str, status: int = 200) -> Page:
        """This page, if it has the status and all the texts."""
        missing = [text for text in texts if text.lower() not in self.text.lower()]
        if self.status != status or missing:
            raise WalkError(
                f"{self.url}: status {self.status}, expected {status}; missing {missing}; "
                f"“{self.heading}”: {self.text[:600]}"
            )
        return self


class Walker:
    """One browser. Follows redirects, keeps cookies by host."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.page: Page | None = None
        self._cookies: dict[str, dict[str, str]] = {}

    def device(self) -> str:
        """What this browser says about being known; empty when it is not."""
        return self._cookies.get(urlsplit(self.base).netloc, {}).get(DEVICE, "")

    def bring_device(self, device: str) -> None:
        """Be the browser of `device`."""
        if device:
            self._cookies.setdefault(urlsplit(self.base).netloc, {})[DEVICE] = device

    def get(self, address: str) -> Page:
        """Open an address or a path."""
        return self._open("GET", self._absolute(address), None)

    def send(self, form: Form, values: Values | None = None) -> Page:
        """Fill `values` into a form and send it."""
        assert self.page is not None
        filled = {**form.values, **(values or {})}
        return self._open("POST", urljoin(self.page.url, form.action or self.page.url), filled)

    def fill(self, values: Values, containing: str | None = None) -> Page:
        """Fill `values` into this page's form and send it."""
        assert self.page is not None
        return self.send(self.page.form(containing), values)

    def post_raw(self, address: str, body: bytes, headers: dict[str, str]) -> int:
        """Send bytes, as a machine would. Returns the status."""
        status, _, _ = self._ask("POST", self._absolute(address), body, headers)
        return status

    def until(self, address: str, text: str, *, seconds: float = 20) -> Page:
        """Reload a page until it says `text`."""
        end = time.monotonic() + seconds
        while True:
            page = self.get(address)
            if text.lower() in page.text.lower():
                return page
            if time.monotonic() > end:
                raise WalkError(f"{address} did not say “{text}” within {seconds:g} s; it says: {page.text[:600]}")
            time.sleep(0.25)

    def _absolute(self, address: str) -> str:
        return urljoin(self.page.url if self.page and not address.startswith("/") else self.base, address)

    def _open(self, method: str, url: str, values: Values | None) -> Page:
        for _ in range(10):
            body = None if values is None else urlencode(values, doseq=True).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
            status, answer, html = self._ask(method, url, body, headers)
            if status in (301, 302, 303, 307, 308) and "location" in answer:
                url, method, values = urljoin(url, answer["location"]), "GET", None
                continue
            reader = _Reader()
            reader.feed(html)
            heading = reader.headings[0] if reader.headings else ""
            text = " ".join("".join(reader.words).split())
            self.page = Page(url, status, html, answer, reader.forms, reader.links, heading, text)
            return self.page
        raise WalkError(f"{url}: too many redirects")

    def _ask(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(url)
        host = parts.netloc
        cookies = self._cookies.setdefault(host, {})
        sent = {"Accept-Language": "en", "Accept": "text/html", "User-Agent": "homeward-walker", **headers}
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        # "localhost" may mean ::1 first; the sandbox listens on 127.0.0.1.
        connection = http.client.HTTPConnection(socket.gethostbyname(parts.hostname or ""), parts.port, timeout=30)
        try:
            target = parts.path or "/"
            connection.putrequest(method, f"{target}?{parts.query}" if parts.query else target, skip_host=True)
            connection.putheader("Host", host)
            for name, value in sent.items():
                connection.putheader(name, value)
            if method == "POST":
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            for line in response.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    if morsel["max-age"] == "0" or "01 Jan 1970" in morsel["expires"]:
                        cookies.pop(name, None)
                    else:
                        cookies[name] = morsel.value
            return response.status, {key.lower(): value for key, value in response.headers.items()}, text
        finally:
            connection.close()
