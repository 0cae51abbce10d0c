"""Run the mailbox: `python -m service.sandbox.mailbox --smtp-port P --http-port Q --data DIR`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from service.sandbox.mailbox import page, video
from service.sandbox.mailbox.smtp import serve
from service.sandbox.mailbox.store import Store


class Web(BaseHTTPRequestHandler):
    """The page and its small API."""

    store: Store

    def do_GET(self) -> None:
        """Show mails."""
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts == [""]:
            self._answer(page.listing(self.store.mails()))
        elif parts == ["style.css"]:
            self._answer(page.STYLE, kind="text/css")
        elif parts == ["api", "mails"]:
            mails = [mail.as_json() for mail in self.store.mails()]
            self._answer(json.dumps(mails), kind="application/json")
        elif parts == ["api", "faults"]:
            self._answer(json.dumps({"next": self.store.faults()}), kind="application/json")
        elif parts[0] == video.PATH and len(parts) == 2 and (room := video.room(parts[1], self.headers.get("Referer"))):
            self._answer(room)
        elif parts[0] == "mail" and len(parts) in (2, 3) and (mail := self.store.mail(parts[1])) is not None:
            if len(parts) == 3:
                self._answer(page.framed(mail.html), policy=page.MAIL_POLICY)
            else:
                self._answer(page.one(mail))
        else:
            self._answer("Not found", status=404, kind="text/plain")

    def do_POST(self) -> None:
        """Plan faults."""
        if self.path != "/api/faults":
            self._answer("Not found", status=404, kind="text/plain")
            return
        size = min(int(self.headers.get("Content-Length") or 0), 65536)
        try:
            answers = [str(answer) for answer in json.loads(self.rfile.read(size))["next"]]
        except (ValueError, KeyError, TypeError):
            self._answer('{"error": "send {\\"next\\": [\\"451\\", ...]}"}', status=400, kind="application/json")
            return
        self.store.plan_faults(answers)
        self._answer("{}", kind="application/json")

    def _answer(self, body: str, *, status: int = 200, kind: str = "text/html", policy: str = page.POLICY) -> None:
        encoded = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(encoded)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, format: str, *arguments: object) -> None:
        """Silence: the page is read every fraction of a second by smoke."""


def main() -> int:
    """Listen until told to stop."""
    parser = argparse.ArgumentParser(prog="mailbox")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    chosen = parser.parse_args()
    Web.store = Store(chosen.data)
    try:
        smtp = serve(Web.store, chosen.smtp_port)
        web = ThreadingHTTPServer(("127.0.0.1", chosen.http_port), Web)
    except OSError as error:
        print(f"mailbox: a port is taken: {error}", file=sys.stderr)
        return 2
    web.daemon_threads = True

    def stop(_: int, __: FrameType | None) -> None:
        threading.Thread(target=web.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print("ready", flush=True)
    web.serve_forever(poll_interval=0.1)
    smtp.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
