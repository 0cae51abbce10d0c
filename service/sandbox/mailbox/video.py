"""The stand-in of a video vendor: a page that says which room was opened. Nobody is in it."""

from __future__ import annotations

import re
from html import escape

from service.sandbox.mailbox.page import framed_page

PATH = "video"
NAME = re.compile(r"[A-Za-z0-9_-]{20,80}")


def room(name: str, referrer: str | None) -> str | None:
    """The page of one room; None for what is no room's name. It shows what a real vendor would be told."""
    if NAME.fullmatch(name) is None:
        return None
    came_from = escape(referrer) if referrer else "not told"
    return framed_page(
        "Video room",
        "<h1>This is the video room</h1>"
        "<p>In the sandbox nobody sees or hears you: in production the practice's video vendor opens here.</p>"
        f"<dl><dt>Room</dt><dd>{escape(name)}</dd><dt>Where you came from</dt><dd>{came_from}</dd></dl>",
        place="Sandbox video",
    )
