"""Tests of this room know their own cadence, so that the clinic may change the shipped one."""

from __future__ import annotations

import pytest

from tests.conftest import House
from tests.factories.checkins import fortnightly


@pytest.fixture
def house(house: House) -> House:
    """The house, with a check-in every fourteen days."""
    house.catalog = fortnightly(house.catalog)
    return house
