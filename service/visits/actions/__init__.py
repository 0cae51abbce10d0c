"""Letting clinicians in, and what they may change of their own."""

from __future__ import annotations

from service.visits.actions.practise import add_clinician, start_practising

__all__ = ["add_clinician", "start_practising"]
