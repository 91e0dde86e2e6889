# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bounds of a drawing: what its renderer would follow for too long is refused before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element  # only the type; parsing is defusedxml's

MAX_DEPTH = 64
MAX_ELEMENTS = 20_000
MAX_LAYERS = 200  # each costs as much as the whole picture, and as often as it is drawn
MAX_RATIO = 8
MAX_LENGTH = 1_000_000
MAX_LETTERS = 1_000
NUMBER = re.compile(r"\s*[0-9]*\.?[0-9]+(e[+-]?[0-9]{1,2})?", re.IGNORECASE)
REFERENCE = re.compile(r"""url\(\s*["']?#([^"')\s]+)""", re.IGNORECASE)
OPACITY = re.compile(r"(^|[;\s])opacity\s*:", re.IGNORECASE)
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
GRADIENTS = {f"{{{SVG_NAMESPACE}}}{kind}Gradient" for kind in ("linear", "radial")}
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


def refuse_endless(root: Element, name: str) -> None:
    """Raise `InvalidInputError` for what a renderer would follow for too long.

    That is depth, repetition, long texts and odd proportions.
    """
    level, depth, count, written = [root], 0, 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise InvalidInputError(
                "%(name)s: more than %(limit)s parts, or too deep in them",
                name=name,
                limit=MAX_ELEMENTS,
            )
        level = [child for element in level for child in element]
    for text in root.iter(f"{{{SVG_NAMESPACE}}}text"):
        written += sum(map(len, text.itertext()))
    if written > MAX_LETTERS:
        raise InvalidInputError(
            "%(name)s: more than %(limit)s letters: turn text into paths",
            name=name,
            limit=MAX_LETTERS,
        )
    if _Drawing(root, name).layers(root) > MAX_LAYERS:
        raise InvalidInputError("%(name)s: repeats its parts too often", name=name)
    width, height = _proportions(root, name)
    if not 1 / MAX_RATIO <= width / height <= MAX_RATIO:
        raise InvalidInputError(
            "%(name)s: much wider than high, or much higher than wide", name=name
        )


class _Drawing:
    """Counts the layers that are drawn in the end, when every reference is followed."""

    def __init__(self, root: Element, name: str) -> None:
        self.name = name
        self.parts: dict[str, Element] = {}
        for element in root.iter():
            self.parts.setdefault(element.get("id") or "", element)
        self.counted: dict[str, int | None] = {}
        self.depth = 0

    def layers(self, element: Element) -> int:
        """Return how many layers an element draws; raise `InvalidInputError`."""
        total = 0
        for part in element.iter():
            total += _is_translucent(part)
            for target in _targets(part):
                total += self._behind(target)
                if total > MAX_LAYERS:
                    return total
        return total

    def _behind(self, target: str) -> int:
        if target not in self.parts or self.parts[target].tag in GRADIENTS:
            return 0
        if target not in self.counted:
            if self.depth == MAX_DEPTH:
                raise InvalidInputError(
                    "%(name)s: more than %(limit)s parts in each other",
                    name=self.name,
                    limit=MAX_DEPTH,
                )
            self.counted[target] = None  # it is being counted
            self.depth += 1
            self.counted[target] = 1 + self.layers(self.parts[target])
            self.depth -= 1
        count = self.counted[target]
        if count is None:
            raise InvalidInputError("%(name)s: a part repeats itself without end", name=self.name)
        return count


def _is_translucent(element: Element) -> bool:
    return "opacity" in element.attrib or bool(OPACITY.search(element.get("style") or ""))


def _targets(element: Element) -> Iterator[str]:
    for attribute, value in element.attrib.items():
        if attribute in ("href", XLINK_HREF):
            yield value.removeprefix("#")
        else:
            yield from REFERENCE.findall(value)


def _proportions(root: Element, name: str) -> tuple[float, float]:
    view_box = (root.get("viewBox") or "").replace(",", " ").split()
    given = [root.get("width") or "", root.get("height") or ""]
    sizes = [NUMBER.match(text) for text in given]
    try:
        box = (float(view_box[2]), float(view_box[3])) if len(view_box) == 4 else (1.0, 1.0)
        if all(sizes) and not any(text.strip().endswith("%") for text in given):
            width, height = (float(size[0]) for size in sizes if size)
        else:
            width, height = box
    except ValueError as error:
        raise InvalidInputError("%(name)s: its size cannot be read", name=name) from error
    if not all(0 < side < MAX_LENGTH for side in (width, height, *box)):
        raise InvalidInputError("%(name)s: its size is none", name=name)
    return width, height
