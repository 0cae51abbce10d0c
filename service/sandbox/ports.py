"""Which ports the sandbox listens on, and who holds one that is taken."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from service.sandbox.child import SandboxError

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on now."""
    held = [socket.socket() for _ in range(count)]
    try:
        for sock in held:
            sock.bind((LOOPBACK, 0))
        return [sock.getsockname()[1] for sock in held]
    finally:
        for sock in held:
            sock.close()


def require_free(port: int, option: str, what: str) -> None:
    """Raise SandboxError where `port` is taken, naming the port, its option and where possible its holder."""
    try:
        _try(socket.AF_INET, LOOPBACK, port)
        # A browser asks for localhost there first: whoever listens there would answer in our place.
        _try(socket.AF_INET6, "::1", port)
    except PermissionError:
        raise SandboxError(f"Port {port} ({what}) needs root. Choose one above 1023 with {option}.") from None
    except OSError:
        holder = _holder(port)
        by = f" by {holder}" if holder else ""
        raise SandboxError(
            f"Port {port} ({what}) is taken{by}. Choose another with {option} PORT, or all with --free-ports."
        ) from None


def _try(family: socket.AddressFamily, address: str, port: int) -> None:
    """Listen there for an instant. Says nothing where this machine has no such address."""
    try:
        with socket.socket(family) as sock:
            # As servers do, so that a connection still closing from a moment ago is no obstacle.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            sock.listen()
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise


def _holder(port: int) -> str | None:
    """The name and id of the process that listens on `port`, if we may know."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        fields = [line.split() for line in lines]
        inodes |= {f"socket:[{row[9]}]" for row in fields if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) in inodes for entry in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue
    return None
