"""The door for mail."""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.controller import Controller

from service.sandbox.mailbox.store import Store

SLOW_SECONDS = 30  # longer than the sender waits


class Handler:
    """Takes every message, unless a fault was planned."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Answer one message."""
        fault = self._store.next_fault()
        if fault == "timeout":
            await asyncio.sleep(SLOW_SECONDS)
            return "451 too late"
        if fault == "taken-then-drop":
            self._store.take(envelope.original_content)
            server.transport.close()
            return "250 nobody hears this"
        if fault != "250":
            return f"{fault} as told"
        self._store.take(envelope.original_content)
        return "250 taken"


def serve(store: Store, port: int) -> Controller:
    """Start listening on loopback. Raises OSError when the port is taken."""
    controller = Controller(Handler(store), hostname="127.0.0.1", port=port, ident="Homeward sandbox")
    controller.start()
    return controller
