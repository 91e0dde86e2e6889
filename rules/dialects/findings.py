# SPDX-License-Identifier: AGPL-3.0-or-later
"""Collects what is wrong with a file, so that its author learns everything at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rules.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.documents import Node


class Findings:
    """What is wrong with one file, in the order in which it was found."""

    def __init__(self) -> None:
        self.errors: list[DefinitionError] = []

    def add(self, node: Node, message: str, hint: str) -> None:
        """Note what is wrong with a value."""
        self.errors.append(node.refused(message, hint))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Note a `DefinitionError` that the block raises, and go on after the block."""
        try:
            yield
        except DefinitionError as error:
            self.errors.append(error)
