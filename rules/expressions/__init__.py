# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sandbox for the expressions of rules.

An expression is Python by its look. It is read into a syntax tree, every node of the tree is
checked against a list of what rules may do and rewritten where its work depends on data, and only
the checked tree is compiled, without builtins. What it may cost is counted while it runs.
"""

from __future__ import annotations

from rules.expressions.compiled import Expression, compile_expression, compile_tree
from rules.expressions.scopes import Scope

__all__ = ["Expression", "Scope", "compile_expression", "compile_tree"]
