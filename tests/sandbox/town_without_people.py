"""A script: the whole sandbox in the foreground, but for its demo people. Says "started" when its children work."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from service.sandbox.house import only_one, open_keys
from service.sandbox.ports import free_ports
from service.sandbox.supervisor import interruptible
from service.sandbox.town import Ports, Town


def main(data: Path) -> None:
    with interruptible(), only_one(data):
        keys = open_keys(data, None, fresh=False, now=datetime(2026, 11, 23, 15, tzinfo=UTC))
        town = Town(data, Ports(*free_ports(6)), keys, print)
        try:
            town.start()
            sys.stdout.write("started\n")
            sys.stdout.flush()
            town.supervisor.watch()
        finally:
            town.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
