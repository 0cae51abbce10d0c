"""The old name of `service.kit.fields`, until the last form has moved."""

from __future__ import annotations

from service.kit.fields import DayField, Form, TicksField

__all__ = ["DayField", "Form", "TicksField"]
