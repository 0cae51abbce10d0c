"""The sandbox's secrets: made at the first start, kept beside its data, of no use anywhere else."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "secrets.json"


@dataclass(frozen=True, slots=True)
class Keys:
    """Every secret, and the business moment at which this data began (ISO 8601 with its offset)."""

    start: str
    superuser: str
    owner: str
    app: str
    audit: str
    redis: str
    secret_key: str
    seal_key: str
    index_key: str
    stripe_key: str
    webhook_secret: str


def load(data: Path) -> Keys | None:
    """The secrets of this data folder, if it ever began."""
    try:
        return Keys(**json.loads((data / FILE).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def make(data: Path, start: str) -> Keys:
    """New secrets, written down for their owner's eyes only."""
    names = ("superuser", "owner", "app", "audit", "redis", "secret_key")
    keys = Keys(
        start=start,
        **{name: secrets.token_urlsafe(32) for name in names},
        seal_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        index_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        stripe_key=f"sk_test_{secrets.token_hex(16)}",
        webhook_secret=f"whsec_{secrets.token_hex(16)}",
    )
    write_private(data / FILE, asdict(keys))
    return keys


def write_private(path: Path, content: object) -> None:
    """Write JSON that only its owner may read, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    draft.replace(path)
