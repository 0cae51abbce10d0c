"""What somebody agrees to before money moves, word for word, and its fingerprint (15 U.S.C. 8403). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Occasion = Literal["start", "plan", "price", "resume", "return"]


@dataclass(frozen=True, slots=True)
class Terms:
    """One disclosure as it is shown: lines of label and words, and the sentence beside the unticked box.

    `amount_cents` is each regular charge that is agreed to. What is kept as evidence is `text`, nothing put together
    later.
    """

    occasion: Occasion
    plan: str
    amount_cents: int
    title: str
    lines: tuple[tuple[str, str], ...]
    box: str
    language: str = "en"

    @property
    def text(self) -> str:
        """Everything that stood there, one line each; the box comes last."""
        return "\n".join([self.title, *(f"{label}: {words}" for label, words in self.lines), f"[x] {self.box}"])

    @property
    def sha256(self) -> str:
        """The fingerprint of `text`, in hexadecimal."""
        return sha256(self.text.encode()).hexdigest()
