"""Children that never outlive us, whatever kills us."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LAUNCH = Path(__file__).with_name("launch.py")


class SandboxError(Exception):
    """The sandbox cannot go on. The text says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a child runs as."""

    uid: int
    gid: int


def unprivileged() -> Identity | None:
    """The user for programs that refuse to run as root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise SandboxError(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to run it as. "
            "Start the sandbox as an ordinary user."
        ) from None
    return Identity(entry.pw_uid, entry.pw_gid)


def may_reach(identity: Identity | None, path: Path) -> bool:
    """Whether `identity` can walk to `path` and read it. Asked of the kernel, which knows more than mode bits."""
    if identity is None:
        return os.access(path, os.R_OK)
    answer = subprocess.run(
        ["/bin/sh", "-c", 'test -r "$0"', str(path)], cwd="/", user=identity.uid, group=identity.gid, extra_groups=[]
    )
    return answer.returncode == 0


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    identity: Identity | None = None,
    environ: Mapping[str, str] | None = None,
    output: IO[bytes] | int = subprocess.DEVNULL,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command`, which gets `death_signal` at our death, as the leader of its own session.

    Its own session keeps Ctrl-C for us, so that children end in order. Only from the main thread: the kernel watches
    the thread that started the child, not the process.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started from the main thread, whose end is the process's end")
    uid, gid = (identity.uid, identity.gid) if identity else (-1, -1)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", LAUNCH, str(os.getpid()), str(int(death_signal)), str(uid), str(gid), *command],
        env=dict(environ) if environ is not None else None,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals, *, patience: float = 5.0) -> None:
    """End a child: kindly first, for certain after `patience` seconds."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
