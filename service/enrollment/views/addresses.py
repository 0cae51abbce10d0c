"""How a text is named in an address. What a browser's history or a proxy keeps must not say what somebody is treated
with.
"""

from __future__ import annotations

from typing import Final

from werkzeug.routing import BaseConverter

NEUTRAL: Final = {"ketamine_treatment": "treatment", "controlled_substance_agreement": "medicine_rules"}
KEYS: Final = {neutral: key for key, neutral in NEUTRAL.items()}


class ConsentKey(BaseConverter):
    """The key of a text, under its neutral name where it has one."""

    def to_python(self, value: str) -> str:
        """The key that an address means."""
        return KEYS.get(value, value)

    def to_url(self, value: str) -> str:
        """The name that an address gets."""
        return super().to_url(NEUTRAL.get(value, value))
