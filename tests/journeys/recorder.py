"""Watching a whole sandbox: every page by whom it was shown to, every address asked for, every word to Redis."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import redis

from service.sandbox.walker import Walker
from tests.marks import Mark

AGENT = "Mozilla/5.0 (X11; Linux x86_64) {}/1.0"

COPY = re.compile(r"/settings/your-data/[^/]+/(json|pdf)$")


@dataclass(repr=False)
class Seen:
    """Everything that was seen, by sink. Pages keep their path, because a form prints its own choices."""

    content: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[str, list[tuple[str, int, bytes]]] = field(default_factory=lambda: defaultdict(list))

    _made: dict[str, tuple[int, bytes, bytes]] = field(default_factory=dict)

    def note(self, sink: str, content: bytes | str) -> None:
        """Something that reached a sink."""
        self.content[sink].append(content.encode() if isinstance(content, str) else content)

    def page(self, who: str, url: str, status: int, body: bytes) -> None:
        """A page that `who` was shown. The copy of one's data is no page, whoever gets it."""
        if COPY.search(urlsplit(url).path) and status == 200:
            who = f"export of the {who}"
        self.pages[who].append((urlsplit(url).path, status, body))
        if status >= 400 and status != 422:  # which is a form once more, with what its sender typed
            self.note("error pages", body)

    def paths(self, who: str) -> set[str]:
        """Where `who` was shown a page."""
        return {path for path, status, _ in self.pages[who] if status == 200}

    def showing(self, mark: Mark, but: tuple[str, ...]) -> dict[str, list[str]]:
        """Where a mark is: by sink, the paths of pages. Pages under `but` print the value for everybody."""
        there: dict[str, list[str]] = {}
        for sink, pieces in self.content.items():
            if mark.is_in(*self._whole(sink, pieces)):
                there[sink] = []
        for who, pages in self.pages.items():
            if mark.is_in(*self._whole(who, [body for _, _, body in pages])):
                hits = {path for path, _, body in pages if not path.startswith(but or "\0") and mark.is_in(body)}
                if hits:
                    there[who] = sorted(hits)
        return there

    def _whole(self, name: str, pieces: list[bytes]) -> tuple[bytes, bytes]:
        """Everything of a sink in one piece, as it is and in lower-case letters. Made anew when something came."""
        known = self._made.get(name)
        if known is None or known[0] != len(pieces):
            whole = b"\n".join(dict.fromkeys(pieces))
            known = self._made[name] = (len(pieces), whole, whole.lower())
        return known[1], known[2]


class Watched(Walker):
    """Somebody's browser whose every page is noted under `who`."""

    def __init__(self, base: str, who: str, seen: Seen) -> None:
        super().__init__(base)
        self.who, self._seen = who, seen
        self.agent = AGENT.format("Zqbrowserine" if who == "first" else "Browser")

    def _ask(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        status, answer, text = super()._ask(method, url, body, {"User-Agent": self.agent, **headers})
        if url.startswith(self.base):
            self._note(method, url, status, answer, text)
        return status, answer, text

    def _note(self, method: str, url: str, status: int, answer: dict[str, str], text: str) -> None:
        self._seen.note("addresses", f"{method} {url}")
        if "location" in answer:
            self._seen.note("addresses", answer["location"])
        if answer.get("referrer-policy") != "no-referrer":
            self._seen.note("Referer", url)
        kept = {name: value for name, value in answer.items() if name not in ("set-cookie", "location")}
        self._seen.page(self.who, url, status, f"{kept}\n{text}".encode())


def crawl(walker: Watched, starts: list[str], *, most: int = 120) -> set[str]:
    """Open every page that can be reached by links alone. Returns their paths."""
    waiting, met = list(starts), set[str]()
    while waiting and len(met) < most:
        path = waiting.pop(0)
        if path in met or path.startswith("/static/"):
            continue
        met.add(path)
        page = walker.get(path)
        for href, _ in page.links:
            if href.startswith("/") and not href.startswith("//"):
                waiting.append(href.partition("#")[0])
    return met


@contextmanager
def watching(url: str, seen: Seen) -> Iterator[None]:
    """Note every command that reaches Redis while the block runs, and in the end every key that is there."""
    client = redis.Redis.from_url(url, socket_timeout=None)
    stop = threading.Event()
    ready = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            ready.set()
            for told in monitor.listen():
                seen.note("Redis", str(told["command"]))
                if stop.is_set():
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    ready.wait(10)
    other = redis.Redis.from_url(url, socket_timeout=10)
    try:
        yield
        for key in other.scan_iter():
            seen.note("Redis", key)
            value = other.dump(key)
            seen.note("Redis", value or b"")
    finally:
        stop.set()
        other.ping()
        thread.join(5)
        other.close()
        client.close()
