# SPDX-License-Identifier: AGPL-3.0-or-later
"""A tree of SVG elements, and its one way to become text."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

SVG_NAMESPACE = "http://www.w3.org/2000/svg"


@dataclass(frozen=True, slots=True)
class Node:
    """One element: its name, its attributes in the order of writing, and what it holds."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Node, ...] = ()
    text: str = ""

    def markup(self) -> str:
        """Return the element as text, without spaces between elements."""
        head = self.tag + "".join(f" {key}={quoteattr(value)}" for key, value in self.attributes)
        inside = escape(self.text) + "".join(child.markup() for child in self.children)
        return f"<{head}>{inside}</{self.tag}>" if inside else f"<{head}/>"


#: What an emblem is: elements from back to front.
Art = tuple[Node, ...]


def number(value: float) -> str:
    """Return ``value`` with at most one decimal, so that every machine writes the same bytes."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def node(tag: str, *children: Node, text: str = "", **attributes: float | str | None) -> Node:
    """Return an element; ``stroke_width`` becomes ``stroke-width``, None is left out."""
    written = tuple(
        (key.rstrip("_").replace("_", "-"), value if isinstance(value, str) else number(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Node(tag, written, children, text)


def document(title: str, *children: Node, side: int = 256) -> str:
    """Return a whole square drawing with its accessible name."""
    root = node(
        "svg",
        node("title", text=title),
        *children,
        xmlns=SVG_NAMESPACE,
        viewBox=f"0 0 {side} {side}",
        role="img",
    )
    return root.markup() + "\n"
