# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks the tree of an expression, node by node, and rewrites it into the tree that is compiled.

Only what has a method here is allowed. Where the work of a node depends on data it becomes a call
of a guard, which charges the work first. The names of guards start with ``@``, which no expression
can write, so that none can reach or replace them.
"""

from __future__ import annotations

import ast
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rules.errors import ExpressionError
from rules.expressions import calls, functions, shapes
from rules.expressions.methods import FIELDS, METHODS, NAME_FIELDS
from rules.expressions.reading import place, quoting_hint
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.expressions.patterns import Pattern

BUDGET = "@budget"
#: Names that stand for the two modules; they hold nothing.
MODULES = frozenset({"json", "re"})
MAX_NUMBER = 10**18
#: Nodes of a loop that one step pays for, in each round.
NODES_PER_STEP = 8
UNGUARDED_OPERATORS = (ast.Div, ast.FloorDiv)

REFUSED: dict[type[ast.AST], tuple[Text, Text]] = {
    ast.Lambda: (Text("a lambda inside an expression"), Text("use a comprehension")),
    ast.JoinedStr: (Text("an f-string"), Text("put texts together with +")),
    ast.NamedExpr: (Text("an assignment"), Text("repeat the value")),
    ast.Starred: (Text("a * in front of a value"), Text("name each value")),
    ast.Await: (Text("await"), Text("remove it")),
    ast.Yield: (Text("yield"), Text("remove it")),
    ast.YieldFrom: (Text("yield"), Text("remove it")),
    ast.Pow: (Text("a power (**)"), Text("write the number")),
    ast.LShift: (Text("a shift (<<)"), Text("write the number")),
    ast.RShift: (Text("a shift (>>)"), Text("divide with //")),
    ast.MatMult: (Text("the operator @"), Text("remove it")),
    ast.Slice: (Text("a slice outside of brackets"), Text("write value[low:high]")),
}


class Checker:
    """Rewrites the tree of one expression; raises `ExpressionError` at the first forbidden node."""

    def __init__(self, text: str, variables: Sequence[str]) -> None:
        self.text = text
        self.variables = frozenset(variables)
        self.local: tuple[str, ...] = ()
        self.patterns: dict[str, Pattern] = {}
        self.guarded = False

    def check(self, node: ast.expr) -> ast.expr:
        """Return the rewritten node."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            reason, hint = REFUSED.get(type(node), (type(node).__name__, Text("make it simpler")))
            raise self.refused(node, Text("%(reason)s is not allowed", reason=reason), hint)
        checked: ast.expr = method(node)
        return checked

    def refused(
        self, node: ast.expr | ast.comprehension | ast.keyword, message: str, hint: str
    ) -> ExpressionError:
        """Return the error for a node that is not allowed."""
        line, column = place(node)
        return ExpressionError(message, hint, line=line, column=column)

    def guard(self, name: str, *arguments: ast.expr, **named: ast.expr) -> ast.expr:
        """Return the call of a guard."""
        self.guarded = True
        keywords = [ast.keyword(key, value) for key, value in named.items()]
        budget = ast.Name(BUDGET, ast.Load())
        return ast.Call(ast.Name(f"@{name}", ast.Load()), [budget, *arguments], keywords)

    # Values

    def _constant(self, node: ast.Constant) -> ast.expr:
        value = node.value
        if value is not None and not isinstance(value, str | int | float):
            raise self.refused(
                node,
                Text("a value of type %(kind)s is not allowed", kind=type(value).__name__),
                Text("use a text"),
            )
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise self.refused(node, Text("the number is too large"), Text("use a smaller number"))
        return node

    def _name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if name in self.local or name in self.variables or name in MODULES:
            return node
        if name in functions.NAMES:
            raise self.refused(
                node,
                Text("%(name)s is a function", name=name),
                Text("call it: %(name)s(...)", name=name),
            )
        raise self.refused(
            node, Text("the name %(name)r does not exist here", name=name), self._meant(name)
        )

    def _meant(self, name: str) -> str:
        if name == "msg" and "message" in self.variables:
            return Text('the body of the message is message.body["..."]')
        known = sorted({*self.variables, *self.local, *MODULES, *functions.NAMES})
        close = get_close_matches(name, known, n=1, cutoff=0.75)
        if close and self.text.strip() != name:
            return Text("did you mean %(name)s?", name=close[0])
        return quoting_hint(self.text) or Text(
            "use %(value)s", value=", ".join(sorted(self.variables))
        )

    def _attribute(self, node: ast.Attribute) -> ast.expr:
        value = self.check(node.value)
        if node.attr not in FIELDS:
            raise self.refused(
                node,
                Text("the attribute .%(attr)s is not allowed", attr=node.attr),
                self._field(node),
            )
        field = ast.Attribute(value, node.attr, ast.Load())
        return self.guard("as_list", field) if node.attr in NAME_FIELDS else field

    def _field(self, node: ast.Attribute) -> str:
        if node.attr in METHODS:
            return Text("call it: .%(attr)s(...)", attr=node.attr)
        if isinstance(node.value, ast.Name) and node.value.id == "message":
            return Text(
                'a value of the message is read as message.body["%(attr)s"]', attr=node.attr
            )
        return Text('a value is read as value["%(attr)s"]', attr=node.attr)

    def _subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.check(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            none = ast.Constant(None)
            return self.guard(
                "part", value, *(self.check(bound) if bound else none for bound in bounds)
            )
        key = self.check(node.slice)
        if shapes.is_constant(key):
            return ast.Subscript(value, key, ast.Load())
        return self.guard("index", value, key)

    # Collections

    def _list(self, node: ast.List) -> ast.expr:
        return ast.List([self.check(item) for item in node.elts], ast.Load())

    def _tuple(self, node: ast.Tuple) -> ast.expr:
        return ast.Tuple([self.check(item) for item in node.elts], ast.Load())

    def _set(self, node: ast.Set) -> ast.expr:
        return ast.Set([self._key(item) for item in node.elts])

    def _dict(self, node: ast.Dict) -> ast.expr:
        keys = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise self.refused(value, Text("** is not allowed"), Text("name each value"))
            keys.append(self._key(key))
        return ast.Dict([*keys], [self.check(value) for value in node.values])

    def _key(self, node: ast.expr) -> ast.expr:
        key = self.check(node)
        return key if shapes.is_constant(key) else self.guard("hashed", key)

    # Operators

    def _boolop(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, [self.check(value) for value in node.values])

    def _unaryop(self, node: ast.UnaryOp) -> ast.expr:
        return ast.UnaryOp(node.op, self.check(node.operand))

    def _ifexp(self, node: ast.IfExp) -> ast.expr:
        return ast.IfExp(self.check(node.test), self.check(node.body), self.check(node.orelse))

    def _binop(self, node: ast.BinOp) -> ast.expr:
        if type(node.op) in REFUSED:
            reason, hint = REFUSED[type(node.op)]
            raise self.refused(node, Text("%(reason)s is not allowed", reason=reason), hint)
        operands = (node.left, node.right)
        if isinstance(node.op, ast.Mult | ast.Mod) and any(map(shapes.is_sequence, operands)):
            raise self.refused(
                node,
                Text("a text or list can be neither repeated nor filled in with %"),
                Text("put texts together with +"),
            )
        left, right = self.check(node.left), self.check(node.right)
        if isinstance(node.op, UNGUARDED_OPERATORS):
            return ast.BinOp(left, node.op, right)
        return self.guard(type(node.op).__name__, left, right)

    def _compare(self, node: ast.Compare) -> ast.expr:
        operands = [self.check(operand) for operand in (node.left, *node.comparators)]
        pairs = list(zip(operands, node.ops, operands[1:], strict=False))
        if len(pairs) == 1:
            return self._compared(*pairs[0])
        if not all(shapes.is_cheap(*pair) for pair in pairs):
            raise self.refused(
                node, Text("values are compared in a chain"), Text("compare two, with `and`")
            )
        return ast.Compare(operands[0], node.ops, operands[1:])

    def _compared(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> ast.expr:
        if isinstance(sign, ast.Is | ast.IsNot):
            if shapes.is_value(left) or shapes.is_value(right):
                return self.guard("same" if isinstance(sign, ast.Is) else "differs", left, right)
        elif not shapes.is_cheap(left, sign, right):
            return self.guard(type(sign).__name__, left, right)
        return ast.Compare(left, [sign], [right])

    # Calls and loops

    def _call(self, node: ast.Call) -> ast.expr:
        return calls.check_call(self, node)

    def _listcomp(self, node: ast.ListComp) -> ast.expr:
        (item,), loops = self._loops(node, node.elt)
        return ast.ListComp(item, loops)

    def _setcomp(self, node: ast.SetComp) -> ast.expr:
        (item,), loops = self._loops(node, node.elt)
        return ast.SetComp(self.guard("hashed", item), loops)

    def _generatorexp(self, node: ast.GeneratorExp) -> ast.expr:
        (item,), loops = self._loops(node, node.elt)
        return ast.GeneratorExp(item, loops)

    def _dictcomp(self, node: ast.DictComp) -> ast.expr:
        (key, value), loops = self._loops(node, node.key, node.value)
        return ast.DictComp(self.guard("hashed", key), value, loops)

    def _loops(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, *items: ast.expr
    ) -> tuple[list[ast.expr], list[ast.comprehension]]:
        outside = self.local
        weight = ast.Constant(1 + sum(1 for _ in ast.walk(node)) // NODES_PER_STEP)
        loops = []
        for loop in node.generators:
            if loop.is_async:
                raise self.refused(loop, Text("async is not allowed"), Text("remove it"))
            source = self.guard("iterate", self.check(loop.iter), weight)
            self.local = (*self.local, *self._targets(loop.target))
            tests = [self.check(test) for test in loop.ifs]
            loops.append(ast.comprehension(loop.target, source, tests, 0))
        checked = [self.check(item) for item in items]
        self.local = outside
        return checked, loops

    def _targets(self, target: ast.expr) -> list[str]:
        if isinstance(target, ast.Tuple | ast.List):
            return [name for item in target.elts for name in self._targets(item)]
        if not isinstance(target, ast.Name):
            raise self.refused(
                target, Text("a loop must have plain names"), Text("write `for name in ...`")
            )
        taken = target.id in self.variables or target.id in MODULES or target.id in functions.NAMES
        if taken or target.id.startswith("__"):
            raise self.refused(
                target, Text("the name %(name)r is taken", name=target.id), Text("use another name")
            )
        return [target.id]
