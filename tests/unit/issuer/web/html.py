# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a page as a browser would: its elements, and its text."""

from __future__ import annotations

from html.parser import HTMLParser

LOADING = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """The elements of a page with their attributes, and all of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> list[str]:
        return [attributes["href"] for attributes in self.all("a")]

    def loaded(self) -> list[str]:
        """Return all addresses that a browser loads by itself."""
        found = [
            attributes.get(LOADING[tag], "")
            for tag, attributes in self.elements
            if tag in LOADING
            and attributes.get("rel", "") not in {"canonical", "alternate"}
            and attributes.get("type") != "application/ld+json"  # data, and not loaded
        ]
        return found + [
            attributes["srcset"] for _, attributes in self.elements if "srcset" in attributes
        ]

    def meta(self) -> dict[str, str]:
        return {
            attributes.get("property") or attributes.get("name", ""): attributes.get("content", "")
            for attributes in self.all("meta")
        }

    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.elements if tag in {"h1", "h2", "h3", "h4"}]
