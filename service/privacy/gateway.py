"""A copy's pages, by the typesetter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from service.kit import typesetting

TEMPLATE = "privacy/your_data.typ"


def pdf(content: dict[str, Any], *, templates_dir: Path, made_at: datetime) -> bytes:
    """`content` as a tagged PDF (PDF/UA-1)."""
    return typesetting.pdf(TEMPLATE, content, templates_dir=templates_dir, made_at=made_at)
