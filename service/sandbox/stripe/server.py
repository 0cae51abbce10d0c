"""HTTP on the loopback: /v1 is Stripe, /c is the payment page, /_standin are the sandbox's own handles."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from service.sandbox.stripe import checkout_page, control, gate, invoice_page, pages, portal_page, test_clocks
from service.sandbox.stripe.world import World

# form-action is left open on purpose: a paid form is answered by a redirect to the shop, another origin.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
LARGEST_BODY = 1_000_000


class Server(ThreadingHTTPServer):
    """One process, a thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, world: World) -> None:
        self.world = world
        self._noted, self._notes = world.options.data / "requests.log", threading.Lock()
        super().__init__(("127.0.0.1", world.options.port), Handler)

    def note(self, request: str) -> None:
        """Keep what the shop sent us, all of it: what a vendor is told is for the sandbox's owner to see."""
        with self._notes, self._noted.open("a", encoding="utf-8") as notes:
            notes.write(request + "\n")


class Handler(BaseHTTPRequestHandler):
    """Sorts requests by the first part of their address."""

    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a request line could carry an e-mail address."""

    def _sort(self) -> None:
        where = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self._say(413, "application/json", '{"error": {"message": "too large"}}', {})
            return
        body = self.rfile.read(length).decode(errors="replace")
        if where.path.startswith("/v1/"):
            self._stripe(where.path, body if self.command == "POST" else "&".join(filter(None, (where.query, body))))
        elif where.path.startswith("/_standin/"):
            status, answer = control.ask(self.server.world, self.command, where.path, body)
            self._say(status, "application/json", json.dumps(answer), {})
        elif where.path == "/c/checkout_page.css":
            self._say(200, "text/css; charset=utf-8", pages.stylesheet(), {})
        else:
            rooms = (one for one in (invoice_page, portal_page) if where.path.startswith(one.ROOM))
            room = next(rooms, checkout_page)
            page = room.ask(self.server.world, self.command, where.path, where.query, body)
            headers = {"Location": page.location} if page.location else {}
            headers |= {
                "Content-Security-Policy": POLICY,
                "Cache-Control": "no-store",
                "Referrer-Policy": "no-referrer",
            }
            self._say(page.status, "text/html; charset=utf-8", page.html, headers)

    def _stripe(self, path: str, form: str) -> None:
        self.server.note(f"{self.command} {path} {dict(self.headers)} {form}")
        answer = gate.ask(self.server.world, self.command, path, form, self.headers)
        if answer.silent_for is not None:
            time.sleep(answer.silent_for)
            self.close_connection = True
            if answer.broken:
                # To linger for no time is to reset; only the last handle on a socket does it.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())
            return
        self._say(answer.status, "application/json", json.dumps(answer.body), answer.headers)

    def _say(self, status: int, kind: str, body: str, headers: dict[str, str]) -> None:
        payload = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            # Addresses come from the API and may hold anything: a line break would start a header of its own.
            self.send_header(name, value.replace("\r", "").replace("\n", ""))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_DELETE = _sort  # noqa: N815  (the names http.server looks for)


class Ticker(threading.Thread):
    """Does what is due while nobody asks."""

    def __init__(self, world: World) -> None:
        super().__init__(name="ticker", daemon=True)
        self._world = world

    def run(self) -> None:
        """Look twice a second."""
        while True:
            time.sleep(0.5)
            with self._world.lock:
                try:
                    test_clocks.catch_up(self._world)
                    self._world.store.commit()
                except Exception:
                    traceback.print_exc(file=sys.stderr)
                    self._world.store.rollback()
