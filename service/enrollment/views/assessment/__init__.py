"""The free assessment in a browser: questions, summary, result, going on elsewhere, asking for a person."""

from __future__ import annotations

from service.enrollment.views.assessment import later, questions, result, review

__all__ = ["later", "questions", "result", "review"]
