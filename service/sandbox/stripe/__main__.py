"""The command line: `python -m service.sandbox.stripe --port P --data DIR --key sk_test_...`; `--help` says more."""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from service.sandbox.stripe.delivery import Postman
from service.sandbox.stripe.server import Server, Ticker
from service.sandbox.stripe.world import Options, World


def options(arguments: list[str] | None = None) -> Options:
    """The command line, read."""
    reader = argparse.ArgumentParser(prog="python -m service.sandbox.stripe", description="Homeward's Stripe stand-in.")
    reader.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    reader.add_argument("--data", type=Path, required=True, help="folder that keeps the state")
    reader.add_argument("--key", required=True, help="the secret key callers must send; starts with sk_test_")
    reader.add_argument("--webhook-url", default="", help="where events are posted; nowhere if left out")
    reader.add_argument("--webhook-secret", default="", help="signs the events")
    reader.add_argument("--start", type=int, help="business time of the first start, in Unix seconds; now if left out")
    reader.add_argument("--dunning-ends-in", choices=("canceled", "unpaid"), default="canceled")
    reader.add_argument("--postmen", type=int, default=1, help="webhooks delivered at once; above 1 they race")
    reader.add_argument("--upcoming-days", type=int, default=7, help="invoice.upcoming so long ahead; 0 for never")
    given = reader.parse_args(arguments)
    if not given.key.startswith("sk_test_"):
        reader.error("--key has to start with sk_test_: a stand-in has no business with a live key")
    if given.webhook_url and not given.webhook_secret:
        reader.error("--webhook-url needs --webhook-secret: an event nobody can verify is of no use")
    return Options(**vars(given))


def main() -> int:
    """Serve until told to stop. 2 when the port or the folder is taken."""
    chosen = options()
    chosen.data.mkdir(parents=True, exist_ok=True)
    try:
        world = World(chosen)
    except sqlite3.OperationalError as error:
        print(f"Stripe stand-in: the folder {chosen.data} cannot be used ({error}).", file=sys.stderr)
        return 2
    try:
        server = Server(world)
    except OSError as error:
        print(f"Stripe stand-in: port {chosen.port} cannot be used ({error.strerror}).", file=sys.stderr)
        return 2
    _renew_addresses(world)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    Ticker(world).start()
    if chosen.webhook_url:
        for _ in range(chosen.postmen):
            Postman(world).start()
    print("ready", flush=True)
    stop.wait()
    # The lock is taken and never given back: no thread may touch the file after it is closed.
    world.lock.acquire()
    world.store.close()
    return 0


def _renew_addresses(world: World) -> None:
    """Open payment pages follow the stand-in to its new port."""
    for invoice in world.of("invoice", status="open"):
        world.change(invoice, hosted_invoice_url=f"{world.options.origin}/i/{invoice['id']}")
    for session in world.of("checkout.session", status="open"):
        world.change(session, url=f"{world.options.origin}/c/pay/{session['id']}")
    world.store.commit()


if __name__ == "__main__":
    sys.exit(main())
