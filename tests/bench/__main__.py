"""Run the benches: `python -m tests.bench [name ...]`. Exit code 1 when a bound is missed."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import signal
import sys
import time
from types import FrameType, ModuleType

import tests.bench
from tests.bench.frame import Result, table


def benches() -> dict[str, ModuleType]:
    """Every bench by its name."""
    names = [found.name for found in pkgutil.iter_modules(tests.bench.__path__) if not found.name.startswith("_")]
    modules = [importlib.import_module(f"tests.bench.{name}") for name in names]
    return {module.NAME: module for module in modules if hasattr(module, "NAME")}


def main() -> int:
    """Run those named on the command line, all of them without a name."""
    known = benches()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(known)} (default: all)")
    parser.add_argument("--peers", action="store_true", help="also beside what others have made, which is installed")
    asked = parser.parse_args()
    usual = [name for name in known if asked.peers or not hasattr(known[name], "ONLY_WHEN_ASKED")]
    chosen = asked.names or usual
    if strangers := [name for name in chosen if name not in known]:
        parser.error(f"no bench is called {strangers[0]}. There are: {', '.join(known)}")
    signal.signal(signal.SIGTERM, _leave)  # so that what was started is ended and what was written is removed
    results: list[Result] = []
    for name in chosen:
        began = time.monotonic()
        results += known[name].run()
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(f"{table(results)}\n")
    missed = [result.what for result in results if not result.held]
    sys.stdout.write(f"Missed: {'; '.join(missed)}\n" if missed else "Every bound is held.\n")
    return 1 if missed else 0


def _leave(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    sys.exit(main())
