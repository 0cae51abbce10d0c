"""The stand-in in this process, where a test can plant a defect in it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.sandbox.stripe.delivery import Postman
from service.sandbox.stripe.server import Server
from service.sandbox.stripe.world import Options, World
from tests.sandbox.stripe.harness import KEY, SECRET, START, Shop, StandIn


@dataclass
class StandInInside(StandIn):
    """As the process serves it, without the ticker: each request does what is due by itself."""

    def start(self) -> None:
        self.world = World(Options(self.port, self.data, KEY, self.webhook_url, SECRET, START))
        self.server = Server(self.world)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        Postman(self.world).start()
        self.connect()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.caller.close()  # type: ignore[no-untyped-call]  # the SDK has no types here
        self.server.shutdown()
        self.server.server_close()
        # Taken and never given back, as at the end of the process: the postman stands still for good.
        self.world.lock.acquire()
        self.world.store.close()
        return 0


@contextmanager
def inside(folder: Path) -> Iterator[StandIn]:
    """A fresh stand-in with a shop that hears it, both gone afterwards."""
    folder.mkdir()
    shop = Shop()
    standin = StandInInside(folder, shop, webhook_url=shop.open())
    standin.start()
    try:
        yield standin
    finally:
        standin.stop()
        shop.close()
