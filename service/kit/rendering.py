"""Jinja's own work, done the short way: how a template calls, reads and escapes, for pages that are opened often.

What a template may say and what it comes to are Jinja's, to the letter; only what Jinja asks again for each of some
hundred calls and values of a page is asked once here. For templates that always escape, which all of ours do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from jinja2 import Environment, Template, nodes, pass_eval_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from markupsafe import Markup, escape

_needs_escaping = re.compile("[&<>\"']").search
_of_a_dict = frozenset(dir(dict))
_PLAIN = frozenset({FunctionType, MethodType, BuiltinMethodType, partial, type(lru_cache(repr))})


@pass_eval_context
def _marked(_: Any) -> None:
    """Shows how Jinja marks what wants to know whether it is escaped."""


_WANTS_TO_KNOW = _marked.jinja_pass_arg  # type: ignore[attr-defined]


def said(value: Any) -> str:
    """`value` as it stands in a page: what `markupsafe.escape` makes of it, without wrapping it once more."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return value if _needs_escaping(value) is None else escape(value)
    if kind is int or kind is float:
        return str(value)
    return escape(value)


def read(environment: Environment, value: Any, name: str) -> Any:
    """`value.name` in a template. A plain dictionary is asked for its key without a failed attempt before."""
    if type(value) is dict:
        found = value.get(name, missing)
        if found is not missing:
            return found
    try:
        return getattr(value, name)
    except AttributeError:
        return environment.getattr(value, name)


class Page(Context):
    """What a template sees, and how it calls: macros and plain functions at once, anything rare as Jinja does."""

    def call(__self, __obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N805 (names are Jinja's)
        kind = type(__obj)
        if kind is Macro:
            wants = _WANTS_TO_KNOW
        else:
            wants = getattr(__obj, "jinja_pass_arg", None)
            if kind not in _PLAIN or (wants is not None and wants is not _WANTS_TO_KNOW):
                return super().call(__obj, *args, **kwargs)
        if kwargs:
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
        return __obj(*args, **kwargs) if wants is None else __obj(__self.eval_ctx, *args, **kwargs)


class Sheet(Template):
    """A template whose imports are made once: nothing is in one template's globals and not in another's."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self._module or super()._get_default_module(ctx)


class Writer(CodeGenerator):
    """Writes the Python that a template becomes, with our own words for escaping, reading and plain sentences."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        self.writeline(f"from {__name__} import read, said")
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("said(")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        if node.attr in _of_a_dict:
            super().visit_Getattr(node, frame)
            return
        self.write("read(environment, ")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    def visit_Call(self, node: nodes.Call, frame: Frame, **options: Any) -> None:  # type: ignore[override] # noqa: N802
        if not self._is_a_sentence(node, frame):
            super().visit_Call(node, frame, **options)
            return
        self.visit(node.node, frame)
        self.write(f".whole({node.args[0].as_const()!r})")

    @staticmethod
    def _is_a_sentence(node: nodes.Call, frame: Frame) -> bool:
        """`_("...")` without values, where what it comes to is escaped."""
        return (
            isinstance(node.node, nodes.Name)
            and node.node.name == "_"
            and len(node.args) == 1
            and isinstance(node.args[0], nodes.Const)
            and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
            and bool(frame.eval_ctx.autoescape)
            and not frame.eval_ctx.volatile
        )


def install(env: Environment) -> None:
    """Let `env` compile and render like this. Call it before its first template."""
    env.context_class = Page
    env.template_class = Sheet
    env.code_generator_class = Writer
