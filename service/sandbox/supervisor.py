"""Watching over children: they are ready before we go on, a dead one ends all, and at the end all end in order."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from service.sandbox.child import SandboxError, spawn
from service.sandbox.postgres import last_lines

PATIENCE = 4.0


@dataclass(frozen=True, slots=True)
class Child:
    """One of our processes. Those with the higher `stage` end earlier, because they use those below."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals
    stage: int


class Supervisor:
    """The children of one sandbox."""

    def __init__(self, logs: Path, environ: Mapping[str, str], cwd: Path) -> None:
        """Children run in `cwd` with `environ` and write to files in `logs`."""
        self._logs, self._environ, self._cwd = logs, environ, cwd
        self._children: list[Child] = []

    def log(self, name: str) -> Path:
        """The log file of the child `name`."""
        return self._logs / f"{name}.log"

    def adopt(self, name: str, process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
        """Watch over a server that others use, which therefore ends last."""
        self._children.append(Child(name, process, self.log(name), stop_signal, stage=0))

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        stage: int,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Start a child and watch over it."""
        log = self.log(name)
        with log.open("ab") as output:
            process = spawn(command, death_signal=death_signal, environ=self._environ, output=output, cwd=self._cwd)
        self._children.append(Child(name, process, log, stop_signal, stage))

    @property
    def pids(self) -> dict[str, int]:
        """Each child's process id."""
        return {child.name: child.process.pid for child in self._children}

    def check(self) -> None:
        """Raise SandboxError where a child has ended."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                raise SandboxError(
                    f"{child.name} {how}, so the sandbox ends. The end of {child.log}:\n{last_lines(child.log)}"
                )

    def wait_until(self, ready: Callable[[], bool], what: str, *, seconds: float) -> None:
        """Return once `ready()`. Raises SandboxError when a child ends, or after `seconds`."""
        end = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > end:
                raise SandboxError(f"{what} after {seconds:g} s. The logs are in {self._logs}.")
            time.sleep(0.05)

    def watch(self) -> None:
        """Stay until interrupted; raise SandboxError when a child ends."""
        while True:
            self.check()
            time.sleep(0.2)

    def end(self) -> None:
        """End all: those who use others first, each stage together, for certain after a few seconds."""
        for stage in sorted({child.stage for child in self._children}, reverse=True):
            going = [child for child in self._children if child.stage == stage and child.process.poll() is None]
            for child in going:
                child.process.send_signal(child.stop_signal)
            until = time.monotonic() + PATIENCE
            for child in going:
                try:
                    child.process.wait(max(0.0, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.process.kill()
                    child.process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, a terminal that closes and a request to end are what Ctrl-C is: a KeyboardInterrupt.

    Only the first of them: whoever is impatient must not leave children half ended.
    """

    def interrupt(_: int, __: FrameType | None) -> None:
        for name in signals:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, interrupt) for name in signals}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
