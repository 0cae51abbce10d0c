"""What is logged when a charge is stopped or given back says which, and nothing of anybody's health."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from structlog.testing import capture_logs

from tests.billing.stand_in import StandIn
from tests.billing.test_checkout import gate_records
from tests.billing.test_renewals import a_member, charge_at, tick
from tests.billing.test_stops import LANDS, a_draft, judge, paid_on_hold, refunds, stop
from tests.conftest import House

TELLS = re.compile(r"hold|consent|withdr|moved|residen|died|unsafe|safety|reasons", re.IGNORECASE)


def says(logs: list[Any]) -> str:
    """All that was logged, as one text."""
    return "\n".join(str(line) for line in logs)


def test_a_renewal_that_the_gate_refuses_is_logged_with_the_answers_id_and_not_with_why(
    house: House, moving_stripe: StandIn
) -> None:
    applicant, gateway = a_member(house, moving_stripe)
    LANDS["hold"](house, applicant)
    with capture_logs() as logs:
        tick(house, gateway, charge_at(applicant) - timedelta(hours=20))
    answer = gate_records()[-1]
    assert answer.reasons == ["hold"]
    assert str(answer.id) in says(logs)
    assert not TELLS.search(says(logs)), says(logs)


def test_a_charge_that_is_near_and_stopped_is_logged_without_why(house: House, moving_stripe: StandIn) -> None:
    applicant, gateway, _due = a_draft(house, moving_stripe)
    LANDS["hold"](house, applicant)
    with capture_logs() as logs:
        assert stop(house, gateway) == 1
    assert str(gate_records()[-1].id) in says(logs)
    assert not TELLS.search(says(logs)), says(logs)


def test_a_payment_that_goes_back_is_logged_without_why(house: House, moving_stripe: StandIn) -> None:
    _applicant, gateway = paid_on_hold(house, moving_stripe)
    with capture_logs() as logs:
        assert judge(house, gateway) == 1
    (refund,) = refunds()
    assert refund.reason == "paid_on_hold"
    assert str(refund.invoice_id) in says(logs)
    assert not TELLS.search(says(logs)), says(logs)
