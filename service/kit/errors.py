"""Errors that a person may meet. Each has a kind; only kit/web.py turns kinds into pages."""

from __future__ import annotations

from uuid import UUID


def words(text: str) -> str:
    """Mark `text` for translation where no translation may happen yet. Returns it unchanged."""
    return text


class HomewardError(Exception):
    """An expected no. `message` is a plain English sentence for the person, translated where it is shown.

    `code` is a stable word for logs and tests; neither may carry names, answers or addresses.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class NotFound(HomewardError):
    """There is no such thing, or it is somebody else's: the two look the same from outside."""


class NotAllowed(HomewardError):
    """This person may not do this."""


class OutsideCareTeam(NotAllowed):
    """A look at the record of somebody whom this member of staff does not look after. A reason opens it for a while."""

    def __init__(self, patient_id: UUID) -> None:
        super().__init__(
            "outside_care_team", words("You are not on this person's care team. Give a reason to open the record.")
        )
        self.patient_id = patient_id


class Conflict(HomewardError):
    """It was possible, and somebody was quicker, or it was already done."""


class Rejected(HomewardError):
    """What was sent cannot be accepted as it is."""


class TryAgain(Exception):
    """A vendor or a server of ours did not answer as it should; the same call may succeed later."""
