"""A payer tells the bank that a charge was wrong (docs.stripe.com/disputes/how-disputes-work).

The money is gone at once and comes back only when the dispute is won. The test card 4000000000000259 disputes each
payment; evidence of `winning_evidence` or `losing_evidence` decides it (docs.stripe.com/testing#disputes), silence
until the evidence is due loses it. Not imitated: inquiries, early warnings, appeals, the fee and the balance.
"""

from __future__ import annotations

from typing import Any

from service.sandbox.stripe.errors import refused
from service.sandbox.stripe.objects import disputes as shape
from service.sandbox.stripe.store import Json
from service.sandbox.stripe.world import World

ANSWERED_WITHIN = 20 * 24 * 3600
OPEN = ("needs_response", "under_review")
OUTCOMES = {"winning_evidence": "won", "losing_evidence": "lost"}


def arise(world: World, charge: Json, reason: str = "fraudulent") -> Json:
    """The bank takes the charge back. Raises when it was not paid, or is in dispute already."""
    if not charge["paid"] or charge["disputed"]:
        raise refused(f"Charge {charge['id']} cannot be disputed.")
    made = shape.dispute(world.now(), charge, reason, due_by=world.now() + ANSWERED_WITHIN)
    world.change(charge, disputed=True)
    clock = world.find("customer", charge["customer"])["test_clock"]
    world.private(made["id"]).update(disputed_until=made["evidence_details"]["due_by"], test_clock=clock)
    return world.add(made, "charge.dispute.created", "charge.dispute.funds_withdrawn")


def answered(world: World, dispute: Json, evidence: dict[str, Any], *, submitted: bool, metadata: Json) -> None:
    """Evidence: kept, and when it is submitted looked at by the bank, once."""
    if dispute["status"] not in OPEN or dispute["evidence_details"]["submission_count"]:
        raise refused("This dispute is already closed, or its evidence was already submitted.")
    kept = {**dispute["evidence"], **evidence}
    details = {**dispute["evidence_details"], "has_evidence": any(value for value in kept.values() if value)}
    fields: Json = {"evidence": kept, "evidence_details": details, "metadata": metadata}
    if submitted and evidence:
        fields["status"] = "under_review"
        fields["evidence_details"] = {**details, "submission_count": 1, "submission_method": "manual"}
        world.private(dispute["id"]).pop("disputed_until", None)
    world.change(dispute, "charge.dispute.updated", **fields)
    outcome = OUTCOMES.get(str(kept["uncategorized_text"]))
    if outcome and dispute["status"] == "under_review":
        decide(world, dispute, outcome)


def decide(world: World, dispute: Json, outcome: str) -> None:
    """The bank's last word, `won` or `lost`; only a won dispute gives the money back. Raises when it was spoken."""
    if dispute["status"] not in OPEN:
        raise refused("This dispute is already closed.")
    world.private(dispute["id"]).pop("disputed_until", None)
    world.change(dispute, "charge.dispute.closed", status=outcome, is_charge_refundable=outcome == "won")
    if outcome == "won":
        world.emit("charge.dispute.funds_reinstated", dispute)


def overdue(world: World, dispute: Json) -> None:
    """Nobody answered in time."""
    world.change(dispute, evidence_details={**dispute["evidence_details"], "past_due": True})
    decide(world, dispute, "lost")


def holds(world: World, charge: Json) -> bool:
    """Whether a dispute, open or lost, keeps the money from being refunded."""
    return any(one["status"] != "won" for one in world.of("dispute", charge=charge["id"]))
