"""A small load generator: one process, a few kept connections, each asking again as soon as it is answered.

Plain sockets, so that it takes little of the machine and the same for whatever it asks. Run as a program it reads what
to ask from standard input and prints what it counted, both as JSON.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

CONNECTIONS = 8  # as many as two workers of four threads serve at once


class WrongAnswerError(Exception):
    """The server did not say 200, or closed the door."""


@dataclass(slots=True)
class _Line:
    """One kept connection and what has come back on it so far."""

    sock: socket.socket
    got: bytearray
    whole: int = 0  # the length of the answer, once its head is here


def load(port: int, request: str, seconds: float) -> float:
    """Answers per second from 127.0.0.1:`port` to `request`, over `seconds`, asked from a process of its own.

    Raises WrongAnswerError when one of them is not a 200.
    """
    return _asked({"port": port, "request": request, "seconds": seconds})


def load_signed(port: int, path: str, body: str, secret: str, seconds: float) -> float:
    """The same for webhooks: `body` is sent with another number for each NUMBER in it, signed at that moment."""
    return _asked({"port": port, "request": path, "body": body, "secret": secret, "seconds": seconds})


def _asked(told: dict[str, object]) -> float:
    asked, seconds = json.dumps(told), float(str(told["seconds"]))
    done = subprocess.run(
        [sys.executable, "-I", "-S", Path(__file__)], input=asked, capture_output=True, text=True, timeout=seconds + 30
    )
    if done.returncode:
        raise WrongAnswerError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer")
    return float(json.loads(done.stdout))


def _signed(path: str, body: str, secret: str) -> Callable[[], bytes]:
    numbers, mine = count(), f"{os.getpid()}x{time.time_ns():x}x"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=utf-8\r\n"

    def message() -> bytes:
        raw, at = body.replace("NUMBER", f"{mine}{next(numbers)}").encode(), int(time.time())
        signature = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
        told = f"Stripe-Signature: t={at},v1={signature}\r\nContent-Length: {len(raw)}\r\n\r\n"
        return (head + told).encode() + raw

    return message


def _ask(port: int, request: Callable[[], bytes], seconds: float) -> float:
    with selectors.DefaultSelector() as ready:
        for _ in range(CONNECTIONS):
            sock = socket.create_connection(("127.0.0.1", port), timeout=30)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(sock, selectors.EVENT_READ, _Line(sock, bytearray()))
            sock.sendall(request())
        answers, began = 0, time.monotonic()
        while (now := time.monotonic()) - began < seconds:
            for key, _ in ready.select(timeout=seconds):
                if _heard(key.data):
                    answers += 1
                    key.data.sock.sendall(request())
        return answers / (now - began)


def _heard(line: _Line) -> bool:
    """Take what has come. True when that was the rest of an answer."""
    part = line.sock.recv(65536)
    if not part:
        raise WrongAnswerError("the server closed the connection")
    line.got += part
    if not line.whole:
        head, end, _ = line.got.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            raise WrongAnswerError(head.partition(b"\r\n")[0].decode())
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        line.whole = len(head) + len(end) + int(length)
    if len(line.got) < line.whole:
        return False
    line.got.clear()
    line.whole = 0
    return True


if __name__ == "__main__":
    told = json.load(sys.stdin)
    same = told["request"].encode()
    requests = _signed(told["request"], told["body"], told["secret"]) if "secret" in told else lambda: same
    sys.stdout.write(json.dumps(_ask(told["port"], requests, told["seconds"])))
