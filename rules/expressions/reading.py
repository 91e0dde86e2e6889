# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the text of an expression into a syntax tree, within limits that hold before parsing."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings

from rules.errors import ExpressionError
from rules.words import Text

MAX_LENGTH = 4_000
MAX_TOKENS = 1_000
MAX_BRACKETS = 40
MAX_DEPTH = 60

PLAIN_TEXT = re.compile(r"[\w.@:/+ -]+")
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


def read(text: str) -> ast.expr:
    """Return the tree of an expression; raise `ExpressionError` with the place of what is wrong.

    Newlines may stand anywhere between the words: the text is read as if in brackets.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            Text("the expression has %(number)s characters", number=len(text)),
            Text("use at most %(limit)s", limit=MAX_LENGTH),
        )
    if not text.strip():
        raise ExpressionError(Text("the expression is empty"), Text("write what it should give"))
    if "\0" in text:
        raise ExpressionError(Text("the expression holds a NUL character"), Text("remove it"))
    wrapped = f"({text}\n)"
    _check_tokens(text, wrapped)
    try:
        with warnings.catch_warnings():
            # `x is 1` and "\d" are common in old rules; Python warns about them, we handle them.
            warnings.simplefilter("ignore")
            tree = ast.parse(wrapped, mode="eval").body
    except SyntaxError as error:
        raise _syntax_error(text, error.msg, error.lineno or 1, error.offset or 1) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(
            Text("the expression cannot be read: %(error)s", error=str(error)),
            Text("make it simpler"),
        ) from error
    if isinstance(tree, ast.Tuple) and not tree.elts and tree.col_offset == 0:
        # The bracket that we added is all there is: the text holds a comment or a backslash.
        raise ExpressionError(Text("the expression is empty"), Text("write what it should give"))
    _check_depth(tree)
    return tree


def place(node: ast.expr | ast.comprehension | ast.keyword) -> tuple[int, int]:
    """Return line and column of a node in the text of the expression, both from 1."""
    if isinstance(node, ast.comprehension):
        node = node.target
    # The bracket in front shifts the first line.
    return node.lineno, node.col_offset + (0 if node.lineno == 1 else 1)


def quoting_hint(text: str) -> str:
    """Return what to do about a text that stands where an expression is meant."""
    if "%(" in text:
        return Text('templates belong to the 2014 dialect, write message.body["..."]')
    plain = text.strip()
    if PLAIN_TEXT.fullmatch(plain):
        return Text("a text needs quotes of its own: '\"%(plain)s\"'", plain=plain)
    return ""


def _check_tokens(text: str, wrapped: str) -> None:
    """Bound what the parser has to do, and keep the text from closing the bracket around it."""
    open_brackets = count = 0
    last = False
    try:
        for token in tokenize.generate_tokens(io.StringIO(wrapped).readline):
            count += 1
            if count > MAX_TOKENS:
                raise ExpressionError(
                    Text("the expression has too many words"),
                    Text("use at most %(limit)s", limit=MAX_TOKENS),
                )
            if token.type != tokenize.OP:
                continue
            if last:
                raise _syntax_error(
                    text, Text("a bracket is closed that was not opened"), *token.start
                )
            open_brackets += (token.string in OPENING) - (token.string in CLOSING)
            last = open_brackets == 0
            if open_brackets > MAX_BRACKETS:
                raise ExpressionError(
                    Text("the brackets are nested too deeply"),
                    Text("use at most %(limit)s levels", limit=MAX_BRACKETS),
                    line=token.start[0],
                    column=max(token.start[1], 1),
                )
    except tokenize.TokenError as error:
        raise _syntax_error(text, str(error.args[0]), *error.args[1]) from error
    except SyntaxError as error:
        raise _syntax_error(text, error.msg, error.lineno or 1, error.offset or 1) from error


def _syntax_error(text: str, reason: str, line: int, column: int) -> ExpressionError:
    lines = text.count("\n") + 1
    hint = quoting_hint(text) or Text("write one Python expression")
    return ExpressionError(
        Text("not an expression: %(reason)s", reason=reason),
        hint,
        line=min(line, lines),
        column=max(column - 1, 1),
    )


def _check_depth(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError(Text("the expression is nested too deeply"), Text("make it simpler"))
