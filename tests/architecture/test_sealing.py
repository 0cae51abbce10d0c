"""What is sealed is bound to its own place, everywhere: turning the keys and restoring a copy rest on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Uuid

from config.settings import HOUSE
from service import migrations
from service.kit.sealed import SUFFIX, places

VERBS = {"seal", "seal_bytes", "seal_json", "unseal", "unseal_bytes", "unseal_json"}
SOURCES = [
    path
    for folder in ("service", "workers")
    for path in sorted((HOUSE / folder).rglob("*.py"))
    if "kit" not in path.parts
]


@dataclass(frozen=True)
class Use:
    """One call that seals or opens. `table` and `column` are None where they are not written out."""

    where: str
    verb: str
    table: str | None
    column: str | None
    row: str
    stored_as: str | None  # the column that the call's value becomes, or is taken from, as far as the code says


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _column(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) and node.attr.endswith(SUFFIX) else None


def uses(source: str, where: str) -> Iterator[Use]:
    """Every call of crypto's six verbs in `source`."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in VERBS):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id == "crypto"):
            continue
        value, table, column, row = call.args
        stored = _column(value) if call.func.attr.startswith("unseal") else _target(call, parents)
        yield Use(f"{where}:{call.lineno}", call.func.attr, _text(table), _text(column), ast.unparse(row), stored)


def _target(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> str | None:
    """The column that a sealed value is given to: by keyword, or by assignment."""
    node: ast.AST = call
    while isinstance(parents.get(node), ast.IfExp):
        node = parents[node]
    parent = parents.get(node)
    if isinstance(parent, ast.keyword):
        return parent.arg
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        return _column(parent.targets[0])
    return None


ALL = [use for path in SOURCES for use in uses(path.read_text("utf-8"), str(path.relative_to(HOUSE)))]
PLACES = {(place.table.name, place.name) for place in places(migrations.metadata())}


def wrong(use: Use) -> str | None:
    """What is wrong with a use; None when nothing is."""
    if use.table is None:
        return "the table must be written out"
    if use.column is not None and (use.table, use.column) not in PLACES:
        return f"there is no column {use.table}.{use.column}{SUFFIX}"
    if use.column is None and use.table not in {table for table, _ in PLACES}:
        return f"{use.table} has no sealed column"
    if use.column is not None and use.stored_as not in (None, use.column + SUFFIX):
        return f"sealed for {use.column}, kept as {use.stored_as}"
    return None


def test_every_use_names_a_sealed_column_and_keeps_the_value_in_that_column() -> None:
    assert len(ALL) > 20
    assert [f"{use.where}: {why}" for use in ALL if (why := wrong(use))] == []


@pytest.mark.parametrize(
    "line",
    [
        'row.reason_sealed = crypto.seal(text, "safety_holds", "lift_reason", row.id)',
        'Row(answers_sealed=crypto.seal_json({}, "checkins", "score", row_id))',
        'crypto.unseal(row.totp_sealed, "users", "email", row.id)',
        'crypto.seal(text, "nowhere", "email", row_id)',
        'crypto.seal(text, table, "email", row_id)',
    ],
)
def test_a_use_in_the_wrong_place_would_be_noticed(line: str) -> None:
    (use,) = uses(line, "here")
    assert wrong(use)


def test_every_table_with_a_sealed_column_has_one_random_id_that_the_seal_is_bound_to() -> None:
    for place in places(migrations.metadata()):
        (key,) = place.table.primary_key.columns
        assert (key.name, type(key.type)) == ("id", Uuid), place
        assert place.column.type.python_type is bytes, place


def test_the_row_of_a_seal_is_always_an_id() -> None:
    odd = [use for use in ALL if not (use.row.endswith((".id", "_id")) or use.row == "id")]
    assert odd == []


def test_no_other_file_seals_by_itself() -> None:
    """AES is spoken in two files of the kit and nowhere else."""
    speaking = [str(path) for path in SOURCES if "AESGCM" in Path(path).read_text("utf-8")]
    assert speaking == []
