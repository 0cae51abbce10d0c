"""The table of fields and sinks is whole, and its page says what it says."""

from __future__ import annotations

from service import migrations
from service.kit.sealed import places
from tests.journeys.where import PAGE, rendered, table


def test_every_sealed_column_is_in_the_table_and_every_column_of_the_table_is_sealed() -> None:
    named = {column for field in table().fields.values() for column in field.columns} | set(table().not_walked)
    assert named == {str(place) for place in places(migrations.metadata())}


def test_a_cell_names_a_sink_of_the_table_and_no_mark_stands_for_two_fields() -> None:
    assert {sink for field in table().fields.values() for sink in field.may} <= set(table().sinks)
    values = [field.value for field in table().fields.values() if field.value]
    assert len({value.lower() for value in values}) == len(values)
    assert not [(one, other) for one in values for other in values if one != other and one.lower() in other.lower()]


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == rendered(), "run: .venv/bin/python -m tests.journeys.where"
