"""The peer: a Flask application with one route that says a word. What the server itself costs, and nothing else."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    """A short text."""
    return "nothing"
