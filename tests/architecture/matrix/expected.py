"""What each person must hear at each door: from the door's own words, then from the few rules about objects.

Each rule about objects says why. Whatever no rule names follows its door alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from service.kit.access import Door
from tests.architecture.matrix.people import Who
from tests.architecture.matrix.things import OF_PATIENT, OF_TEAM, PERSONAL

Heard = Literal["in", "sign in", "half-way", "refused", "prove", "break the glass", "absent", "away", "help first"]
CARE = frozenset(
    {"appointment_id", "enrollment_id", "hold_id", "membership_id"}
)  # follows the care team (docs/roles.md)

# (endpoint) -> who enters without being on the care team, and why.
MONEY = frozenset({"owner", "coordinator", "billing"})  # money follows the role, not the care team (docs/roles.md)
OUTSIDE: dict[str, frozenset[str]] = {
    **{
        f"billing_staff.{page}": MONEY
        for page in (
            *("membership", "add_note", "refund", "refund_review", "refund_submit", "credit", "credit_submit"),
            *("tell_again", "drop_charge", "drop_charge_submit", "end", "end_submit", "pause", "pause_submit"),
        )
    },
    "enrollment_staff.take": frozenset({"owner", "clinician", "coordinator"}),  # this is how one joins
    "enrollment_staff.team": frozenset({"owner"}),  # somebody must find a colleague where a patient's own are away
    "enrollment_staff.assign": frozenset({"owner"}),
    "enrollment_staff.remove": frozenset({"owner"}),
    "enrollment_staff.hand_over": frozenset({"owner"}),
}
# (endpoint) -> roles whom the door lets in and the object then refuses, and why.
REFUSED_BY_OBJECT: dict[str, frozenset[str]] = {
    "visits_staff.hours": frozenset({"clinician"}),  # these are a colleague's; one's own are tested with the page
    "visits_staff.other_day": frozenset({"clinician"}),
    "visits_staff.remove_day": frozenset({"clinician"}),
    "safety_staff.acknowledge": frozenset({"billing"}),  # about an answer: billing takes those about money
    "safety_staff.review": frozenset({"auditor"}),  # an owner other than whoever looked is there to review
}
# These ask somebody outside the house, whom no test has: "away" is an answer too.
ASKS_STRIPE = frozenset(
    {
        "billing_staff.drift_repair",
        "billing_staff.drift_repair_all",
        "billing.checkout",
        "billing.checkout_return",
        "billing.cancel_submit",
        "billing.cancel_undo",
        "billing.card_submit",
        "billing.go_to_bank",
        "billing.look_again",
        "billing.pay_submit",
        "billing_staff.go_on_submit",
        "billing_staff.decide_refund_submit",
        "billing_staff.decide_credit_submit",
        "billing_staff.end_submit",
        "billing_staff.pause_submit",
        "billing_staff.drop_charge_submit",
    }
)
# Nothing is there to be seen before something else was done: a code begun, a payment page opened.
NOTHING_YET = frozenset(
    {
        "accounts.totp_picture",
        "billing.card_return",
        "billing.checkout_return",
        "billing.pay_submit",
        "billing.statement_pdf",
    }
)


@dataclass(frozen=True)
class Cell:
    """One square of the matrix."""

    endpoint: str
    method: str
    door: Door
    step_up: bool
    urgent: bool  # what is sent here may be a call for help: whoever is turned away sees first where help is
    arguments: frozenset[str]
    who: Who


def expected(cell: Cell) -> set[Heard]:
    """What may be heard there."""
    who, door = cell.who, cell.door
    if who.objects == "no id at all":
        return {"absent"}  # no route fits, so nobody is even asked who they are
    if door.kind in ("public", "machine"):
        return {"in", "absent", "refused", "sign in", "half-way", "away", "help first"}
    if not who.signed_in:
        return {"help first"} if cell.urgent else {"sign in"}
    if who.state == "half":
        return {"help first"} if cell.urgent else {"half-way"}
    if door.kind == "patient" and who.kind != "patient":
        return {"refused"}
    if door.kind == "staff" and (who.kind != "staff" or who.role not in door.roles):
        return {"refused"}
    if cell.step_up and who.state == "proved long ago":
        return {"prove"}
    heard = _of_object(cell)
    heard |= {"away"} if cell.endpoint in ASKS_STRIPE else set()
    return heard | ({"absent"} if cell.endpoint in NOTHING_YET else set())


def _of_object(cell: Cell) -> set[Heard]:
    who, objects = (
        cell.who,
        cell.arguments & (PERSONAL.keys() | OF_PATIENT.keys() | OF_TEAM.keys()),
    )
    if not objects:
        return {"in"}
    if who.objects in ("nobody's", "of another kind"):
        return {"absent"}
    if objects & PERSONAL.keys():
        return {"in"} if who.objects == "own" else {"absent"}
    if cell.endpoint in REFUSED_BY_OBJECT and who.role in REFUSED_BY_OBJECT[cell.endpoint]:
        return {"refused"}
    if objects & CARE and not who.team and who.role not in OUTSIDE.get(cell.endpoint, frozenset()):
        return {"break the glass"}
    return {"in"}
