"""Language of templates: the part of Jinja they may use, with the places that cost steps marked.

Jinja parses a template; `metered` goes through what it found before it becomes code. What is not listed
here is refused (blocks and `extends`, which prompts have no use for; whatever a later Jinja adds). What
loops, joins or compares gets a filter around it with which the sandbox counts.
"""

import re
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

WEIGH, FOR_LOOP, SPEND = "negosim weigh", "negosim for", "negosim spend"
"""Filters of the meter. A template cannot name them: they have a space."""

NAME = re.compile(r"_?[a-z0-9]+(-[a-z0-9]+)*\.j2")
"""Names of templates: no folder, no dot but the last. Those of a pack's own partials begin with `_`."""

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.ExprStmt),
    *(nodes.For, nodes.If, nodes.With, nodes.FilterBlock, nodes.Macro, nodes.CallBlock),
    *(nodes.Include, nodes.Import, nodes.FromImport, nodes.Assign, nodes.AssignBlock),
    *(nodes.Name, nodes.NSRef, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getitem, nodes.Getattr, nodes.Slice),
    *(nodes.Concat, nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr, nodes.Scope),
)
_TAGS: dict[type[nodes.Node], str] = {nodes.ScopedEvalContextModifier: "autoescape"}
"""What is written for what Jinja calls otherwise."""


def metered(
    environment: Environment, template: nodes.Template, name: str | None, filename: str | None
) -> nodes.Template:
    """Return a template with what costs steps marked.

    Raises:
        TemplateSyntaxError: it uses something prompts may not, or names a template wrongly.

    """
    marked: nodes.Template = _Marking(name, filename).visit(template)
    marked.set_environment(environment)
    return marked


class _Marking(NodeTransformer):
    def __init__(self, name: str | None, filename: str | None) -> None:
        self._where = name, filename

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        if not isinstance(node, _ALLOWED):
            tag = _TAGS.get(type(node), type(node).__name__.lower())
            self._refuse(node, f"{tag!r} is not for prompts")
        return super().generic_visit(node, *args, **kwargs)

    def _refuse(self, node: nodes.Node, what: str) -> None:
        raise TemplateSyntaxError(what, node.lineno, *self._where)

    def visit_Template(self, node: nodes.Template) -> nodes.Node:
        return self._counted(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._counted(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._counted(node)

    def _counted(self, node: nodes.Template | nodes.Macro | nodes.CallBlock) -> nodes.Node:
        """Let every use of a body cost what it is long."""
        size = _size(node)
        self.generic_visit(node)
        count = nodes.Filter(nodes.Const(size), SPEND, [], [], None, None)
        node.body.insert(0, nodes.ExprStmt(count).set_lineno(node.lineno, override=True))
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        if node.recursive:
            self._refuse(node, "'recursive' is not for prompts")
        size = _size(node)
        self.generic_visit(node)
        node.iter = _filtered(node.iter, FOR_LOOP, nodes.Const(size, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), "join")

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _weighed(node.expr)
        return node

    def visit_Operand(self, node: nodes.Operand) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _weighed(node.expr)
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
        self.generic_visit(node)
        node.key = _weighed(node.key)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _weighed(node.node)
        else:
            node.arg = _weighed(node.arg)
        return node

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        return self._named(node)

    def visit_Import(self, node: nodes.Import) -> nodes.Node:
        return self._named(node)

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:
        return self._named(node)

    def _named(self, node: nodes.Include | nodes.Import | nodes.FromImport) -> nodes.Node:
        """Take a template's name in quotes; with the values of the one that names it."""
        named = node.template
        if not isinstance(named, nodes.Const) or not isinstance(named.value, str):
            self._refuse(node, "the template to include must be named in quotes")
        elif not NAME.fullmatch(named.value):
            self._refuse(node, f"{named.value!r} is no template's name; a name has no folder and ends in .j2")
        # Without them Jinja keeps one copy of what is imported, and what was set there for all renderings.
        node.with_context = True
        return node


def _size(node: nodes.Node) -> int:
    return 1 + sum(
        1 + (len(part.data) if isinstance(part, nodes.TemplateData) else 0)
        for part in node.find_all(nodes.Node)
    )


def _weighed(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _filtered(node, WEIGH)


def _filtered(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Expr:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)
