"""Nothing is done in somebody's name without a trace, every trace has words, and no trace carries content."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config.settings import HOUSE
from service.audit.rules.acts import ACTS, GROUPS, LOOKED_AT, UNKNOWN, say
from service.billing.models import Membership
from service.enrollment.rules.status import TABLE

SERVICE = HOUSE / "service"
# Each with what it does instead. "actor" is who asks; these change or read nothing of a patient's.
WITHOUT_A_TRACE = {
    "service/safety/actions/glass.py:glass_until": "reads one's own open door",
}
# An act whose name is made of parts: all the names that can come of it.
PARTS = {
    "enrollment.{event}": [event for _, event in TABLE],
    "membership.{row.status}": ["awaiting_payment", "active", "grace", "stopped", "ended"],
    "membership.{what}": ["cancel", "undo_cancel"],
    "superbill.{what}": ["view", "download"],
    "staff.{what}": ["role", "deactivated", "reactivated", "sign_ins_ended", "factor_reset"],
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SERVICE.rglob("*.py")):
        name = str(path.relative_to(HOUSE))
        if not name.startswith(("service/sandbox", "service/migrations")):
            yield name, ast.parse(path.read_text())


def called(function: ast.AST) -> set[str]:
    """The last word of everything a function calls or hands on."""
    out = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    return out | {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}


def functions() -> dict[str, set[str]]:
    """Each function of the house by its name, with what it calls; of one name, all together."""
    found: dict[str, set[str]] = {}
    for _, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, set()).update(called(node))
    return found


def leaves_a_trace(name: str, known: dict[str, set[str]], seen: set[str], depth: int = 4) -> bool:
    if name in ("record", "record_many"):
        return True
    if name in seen or depth == 0:
        return False
    seen.add(name)
    return any(leaves_a_trace(one, known, seen, depth - 1) for one in known.get(name, ()))


def test_every_use_case_that_knows_who_asks_leaves_a_trace() -> None:
    known = functions()
    silent = []
    for name, module in modules():
        if "/actions" not in name:
            continue
        for node in module.body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            takes = {argument.arg for argument in [*node.args.kwonlyargs, *node.args.args]}
            opens = called(node) & {"transaction", "reading"}
            if "actor" in takes and opens and not leaves_a_trace(node.name, known, set()):
                silent.append(f"{name}:{node.name}")
    assert set(silent) <= set(WITHOUT_A_TRACE)


def traces() -> Iterator[tuple[str, ast.Call]]:
    for name, module in modules():
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("record", "record_many")
                and len(node.args) >= 4
            ):
                yield name, node


def acts(node: ast.expr) -> list[str]:
    """The names an act may have in this place; none where a variable carries it."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        pattern = ast.unparse(node)[2:-1]
        if pattern.startswith("refused:"):
            return []
        return [pattern.split("{", maxsplit=1)[0] + end for end in PARTS[pattern]]
    return []


def test_every_act_has_plain_words_and_a_group() -> None:
    named = {act for _, node in traces() for act in acts(node.args[2])}
    assert len(named) > 60
    assert sorted(named - set(ACTS)) == [], "add them to service/audit/rules/acts.py"
    starts = tuple(start for _, (_, group) in enumerate(GROUPS.values()) for start in group)
    assert [act for act in ACTS if not act.startswith(starts)] == []
    assert set(PARTS["membership.{row.status}"]) <= {
        word
        for constraint in Membership.__table__.constraints
        for word in re.findall(r"'(\w+)'", str(getattr(constraint, "sqltext", "")))
    }


def test_each_look_says_at_what() -> None:
    kinds = {
        node.args[3].value
        for _, node in traces()
        if isinstance(node.args[2], ast.Constant)
        and node.args[2].value == "record.view"
        and isinstance(node.args[3], ast.Constant)
    }
    assert kinds <= set(LOOKED_AT)
    assert say("record.view", "membership") != say("record.view", "hold")
    assert say("refused:billing.home", "page") != UNKNOWN
    assert say("no.such", "act") == UNKNOWN


# What may stand in `reason`, as it stands in the source: codes, counts and positions, nothing that anybody typed.
REASONS = re.compile(
    "|".join(
        (
            r"None|'[a-z_]+'",
            r".*\bif .* else .*'[a-z_]+'.*",
            r"str\((gone|line\.position)\)",
            r"(rule\.)?reason|why|wrong",
            r"key|kind|code|occasion|refused|place|(row\.)?role|shown\.way",
            r"f'\{terms\.occasion\}:\{terms\.plan\}:\{terms\.amount_cents\}:month'|str\(year\)",
            # What was given back, on top or dropped, in cents, and Stripe's own word for how a dispute went.
            r"f'\{reason\}:\{amount(_cents)?\}'|str\((found\.amount_cents|invoice\.amount_due_cents)\)|facts\.status",
            r"trace",  # of a licence: its state, kind and day (visits/actions/licenses.py)
            r"','\.join\(changed\)|on\.isoformat\(\)",  # names of columns; a day
        )
    )
)


def test_a_reason_is_a_code() -> None:
    found = {
        f"{name}: {ast.unparse(keyword.value)}"
        for name, node in traces()
        for keyword in node.keywords
        if keyword.arg == "reason" and not REASONS.fullmatch(ast.unparse(keyword.value))
    }
    assert found == set()


def test_what_came_of_an_assessment_is_not_in_the_trail() -> None:
    source = Path(SERVICE / "enrollment/actions/answer.py").read_text()
    assert not re.search(r"audit\.record\([^)]*outcome", source)
