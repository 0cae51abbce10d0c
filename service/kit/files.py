"""Files that somebody takes along."""

from __future__ import annotations

from flask import Response


def as_pdf(name: str, content: bytes) -> Response:
    """A PDF to save under `name`, which no cache keeps."""
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
