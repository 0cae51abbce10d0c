"""What a patient agreed to pay, as they read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.billing.models import Agreement


@dataclass(frozen=True, slots=True)
class Agreed:
    """One word given: the text that stood beside the box, line by line, its fingerprint, and when."""

    id: UUID
    occasion: str
    terms: str
    sha256: str
    agreed_at: datetime
    address: str | None

    @property
    def title(self) -> str:
        """Its first line."""
        return self.terms.split("\n", 1)[0]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Label and words of each line between title and box."""
        pairs = (line.partition(": ") for line in self.terms.split("\n")[1:-1])
        return [(label, words) for label, _, words in pairs]

    @property
    def box(self) -> str:
        """The sentence whose box was ticked."""
        return self.terms.rsplit("\n", 1)[-1].removeprefix("[x] ")


def agreements_of(session: Session, patient_id: UUID, limit: int = 50) -> list[Agreed]:
    """What a patient agreed to, the newest first."""
    rows = session.execute(
        select(
            Agreement.id,
            Agreement.occasion,
            Agreement.terms,
            Agreement.sha256,
            Agreement.agreed_at,
            Agreement.address,
        )
        .where(Agreement.patient_id == patient_id)
        .order_by(Agreement.agreed_at.desc(), Agreement.id.desc())
        .limit(limit)
    )
    return [Agreed(*row) for row in rows]
