"""A payer's bank takes the money back."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.harness import DAY, StandIn, invoice_of

DISPUTES = "4000000000000259"


def disputed(standin: StandIn) -> stripe.Dispute:
    """Somebody who pays on the page and has the bank take it back."""
    standin.subscribed(DISPUTES)
    [dispute] = standin.api.disputes.list().data
    return dispute


def test_a_disputed_payment_is_the_whole_charge_and_tells_so(standin: StandIn) -> None:
    dispute = disputed(standin)
    assert (dispute.status, dispute.amount, dispute.reason) == ("needs_response", 25000, "fraudulent")
    charge = standin.api.charges.retrieve(str(dispute.charge))
    assert (charge.disputed, charge.paid, charge.refunded) == (True, True, False)
    assert charge.payment_intent == dispute.payment_intent
    ties = standin.api.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": str(dispute.payment_intent)}}
    ).data
    assert standin.api.invoices.retrieve(str(ties[0].invoice)).status == "paid"
    standin.settle()
    types = standin.shop.types()
    assert types.count("charge.dispute.created") == types.count("charge.dispute.funds_withdrawn") == 1
    assert types.index("charge.dispute.created") < types.index("charge.dispute.funds_withdrawn")


@pytest.mark.parametrize(("evidence", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_the_evidence_decides_and_only_a_won_dispute_gives_the_money_back(
    standin: StandIn, evidence: str, status: str
) -> None:
    dispute = disputed(standin)
    kept = standin.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": False})
    assert (kept.status, kept.evidence_details.has_evidence) == ("needs_response", True)
    answered = standin.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})
    assert (answered.status, answered.is_charge_refundable) == (status, status == "won")
    standin.settle()
    types = standin.shop.types()
    assert types.count("charge.dispute.closed") == 1
    assert types.count("charge.dispute.funds_reinstated") == (1 if status == "won" else 0)


def test_giving_in_and_silence_both_lose(standin: StandIn) -> None:
    dispute = disputed(standin)
    assert standin.api.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        standin.api.disputes.close(dispute.id)

    standin.subscribed(DISPUTES)
    other = standin.api.disputes.list().data[0]
    assert other.id != dispute.id
    happened = standin.move_to(standin.now() + 21 * DAY)
    assert "dispute lost" in happened
    lost = standin.api.disputes.retrieve(other.id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)
    standin.settle()
    assert standin.shop.types().count("charge.dispute.closed") == 2
    assert "charge.dispute.funds_reinstated" not in standin.shop.types()


def test_what_the_bank_took_back_is_not_given_back_once_more(standin: StandIn) -> None:
    dispute = disputed(standin)
    for outcome in ("open", "lost"):
        if outcome == "lost":
            standin.control("POST", "disputes", {"dispute": dispute.id, "outcome": outcome})
        with pytest.raises(stripe.InvalidRequestError) as refused:
            standin.api.refunds.create({"payment_intent": str(dispute.payment_intent), "amount": 100})
        assert refused.value.code == "charge_disputed"
    assert not standin.api.refunds.list().data


def test_any_paid_invoice_is_disputed_on_demand_and_decided(standin: StandIn) -> None:
    invoice = invoice_of(standin.subscription(standin.subscribed().id))
    made = standin.control("POST", "disputes", {"invoice": invoice.id, "reason": "product_not_received"})
    assert standin.api.disputes.retrieve(made["id"]).reason == "product_not_received"
    status, answer, _ = standin.http("POST", "/_standin/disputes", f'{{"invoice": "{invoice.id}"}}')
    assert (status, "cannot be disputed" in answer) == (400, True)
    standin.control("POST", "disputes", {"dispute": made["id"], "outcome": "won"})
    assert standin.api.disputes.retrieve(made["id"]).status == "won"
    intent = standin.api.disputes.retrieve(made["id"]).payment_intent
    assert standin.api.refunds.create({"payment_intent": str(intent)}).amount == 25000
    assert standin.http("POST", "/_standin/disputes", "{}")[0] == 400
