# SPDX-License-Identifier: AGPL-3.0-or-later
"""Feeds in the form of RFC 4287, with their older parts as RFC 5005 links them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer.site import live
from issuer.web.answers import public

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.addresses import Addresses
    from issuer.services.cards import AwardCard
    from issuer.services.feeds import NewBadge

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
#: The category of what is told of an award that was taken back.
REVOKED = "revoked"
#: What no XML can hold, not even escaped.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened."""

    id: str
    title: str
    link: str
    updated: datetime
    summary: str = ""
    author: str = ""
    image: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What happened, newest first."""

    title: str
    page: str  # for people
    own: str
    entries: list[Entry]
    after: str = ""
    updated: datetime | None = field(default=None)

    def answer(self) -> Response:
        """Answer the feed."""
        return public(self.text(), MEDIA_TYPE)

    def text(self) -> str:
        """Return the feed as XML."""
        site = live().site_name
        root = ElementTree.Element("feed", {"xmlns": NAMESPACE})
        _add(root, "id", self.own)
        _add(root, "title", f"{self.title} · {site}")
        newest = max((entry.updated for entry in self.entries), default=self.updated)
        _add(root, "updated", _moment(newest or datetime(1970, 1, 1, tzinfo=UTC)))
        _link(root, "self", self.own, MEDIA_TYPE)
        _link(root, "alternate", self.page, "text/html")
        if self.after:
            _link(root, "next", f"{self.own}?after={self.after}", MEDIA_TYPE)
        _add(_add(root, "author"), "name", site)
        for entry in self.entries:
            _entry(root, entry)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(
            root, encoding="unicode"
        )


def award_entry(card: AwardCard, addresses: Addresses) -> Entry:
    """Return the entry of an award; one that was revoked takes the place of what was told before.

    Readers know it by its id, and see that it changed.
    """
    title, summary = f"{card.person.name} earned {card.badge.name}", card.badge.description
    if card.revoked_at:
        title = f"Revoked: {card.badge.name} of {card.person.name}"
        summary = card.reason or "No reason was given."
    return Entry(
        id=f"urn:uuid:{card.uuid}",
        title=title,
        link=addresses.assertion(card.uuid),
        updated=card.changed_at,
        category=REVOKED if card.revoked_at else "",
        summary=summary,
        author=card.person.name,
        image=addresses.badge_image(card.badge.slug, card.badge.version),
    )


def badge_entry(badge: NewBadge, addresses: Addresses) -> Entry:
    """Return the entry of a badge that was made."""
    return Entry(
        id=addresses.badge(badge.slug),
        title=badge.name,
        link=addresses.badge(badge.slug),
        updated=badge.created_at,
        summary=badge.description,
        image=addresses.badge_image(badge.slug, badge.version),
    )


def _entry(root: ElementTree.Element, entry: Entry) -> None:
    node = _add(root, "entry")
    _add(node, "id", entry.id)
    _add(node, "title", entry.title)
    _add(node, "updated", _moment(entry.updated))
    _link(node, "alternate", entry.link, "text/html")
    if entry.image:
        _link(node, "enclosure", entry.image, "image/png")
    if entry.category:
        ElementTree.SubElement(node, "category", {"term": entry.category})
    if entry.summary:
        _add(node, "summary", entry.summary)
    if entry.author:
        _add(_add(node, "author"), "name", entry.author)


def _add(parent: ElementTree.Element, name: str, text: str = "") -> ElementTree.Element:
    node = ElementTree.SubElement(parent, name)
    node.text = NOT_XML.sub("\ufffd", text) or None
    return node


def _link(parent: ElementTree.Element, relation: str, address: str, media_type: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": relation, "href": address, "type": media_type})


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
