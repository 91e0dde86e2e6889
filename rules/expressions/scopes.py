# SPDX-License-Identifier: AGPL-3.0-or-later
"""The places where a rule may hold an expression, and the variables that each place has."""

from __future__ import annotations

from enum import Enum


class Scope(Enum):
    """A place for expressions; the value names its variables, in the order of the call."""

    TRIGGER = ("message",)
    FILTER = ("message", "recipient")
    OPERATION = ("message", "results")
    CONDITION = ("value",)
    # The dialect of 2014. No expression can write ``@values``: there the templates have put theirs.
    TRIGGER_2014 = ("msg",)
    FILTER_2014 = ("msg", "@values")
    OPERATION_2014 = ("query", "@values")
