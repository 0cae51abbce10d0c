"""Signed texts and estimates as files to keep, by the typesetter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from service.kit import typesetting

TEMPLATE = "consent/document.typ"


def pdf(content: dict[str, Any], *, templates_dir: Path, made_at: datetime) -> bytes:
    """`content` (rules/paper.py) as a tagged PDF (PDF/UA-1). The same content and moment make the same bytes."""
    return typesetting.pdf(TEMPLATE, content, templates_dir=templates_dir, made_at=made_at)
