"""The stand-in is what Stripe is. Only with a key; see the package's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.comparing import differences, recorded, table
from tests.live.running import WITHOUT, key, moment, ours, real, standing_in
from tests.live.scenarios import ALL


@pytest.mark.skipif(not key(), reason=WITHOUT)
@pytest.mark.allow_hosts(["127.0.0.1", "::1", "localhost", *(["api.stripe.com"] if key() else [])])
@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.__name__)
def test_stripe_and_the_stand_in_tell_the_same_story(scenario: object, tmp_path: Path) -> None:
    frozen = moment()
    with standing_in(tmp_path) as standin:
        theirs, mine = recorded(real(frozen), [scenario]), recorded(ours(standin, frozen), [scenario])  # type: ignore[list-item]
    found = differences(theirs, mine)
    assert not found, "\n" + table(found)
