# SPDX-License-Identifier: AGPL-3.0-or-later
"""The errors of the rule engine: one root, a leaf for each case that callers handle differently."""

from __future__ import annotations


class RuleError(Exception):
    """The root of every error that the rule engine raises on purpose."""


class DefinitionError(RuleError):
    """A rule file is not a rule; says where and what to do."""

    def __init__(self, message: str, hint: str = "", *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{message}: {hint}" if hint else message)
        self.message = message
        self.hint = hint
        self.line = line
        self.column = column


class ExpressionError(DefinitionError):
    """An expression is not Python, or asks for more than rules may do."""


class EvaluationError(RuleError):
    """A rule could not be evaluated for a message."""


class MissingValueError(EvaluationError):
    """An expression asked a message for a key that it does not have."""


class WorkLimitError(EvaluationError):
    """An expression would work longer, or make more, than one message may cost."""


def shown(value: object) -> str:
    """Return a value for an error text: short and cheap, whatever it is."""
    if isinstance(value, str):
        return repr(value[:60])
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int) and abs(value) < 10**18:
        return repr(value)
    return f"a {type(value).__name__}"
