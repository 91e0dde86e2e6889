# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all dialects share: the keys about the badge, and how a rule is put together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rules.dialects import values
from rules.model import Rule
from rules.recipients import CONVERSIONS
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.dialects.findings import Findings
    from rules.documents import Node
    from rules.matchers import Trigger

MAX_LINKS = 2_000
#: The value of a conversion that takes a name which nobody has for the account itself.
KEEP = "keep"

#: Where a value goes and how it is read; None: the reader gives several values by their names.
Readers = dict[str, tuple[str | None, "Callable[[Node, str], Any]"]]

BADGE_READERS: Readers = {
    "name": ("name", lambda node, key: values.text(node, key, longest=values.MAX_NAME)),
    "slug": ("slug", values.slug),
    "description": ("description", values.text),
    "criteria_text": ("criteria_text", values.text),
    "image_url": ("image_url", lambda node, key: values.text(node, key, longest=MAX_LINKS)),
    "creator": ("creator", values.text_or_empty),
    "discussion": ("discussion", values.text_or_empty),
    "issuer_id": ("issuer_id", values.text_or_empty),
    "tags": ("tags", values.tags),
    "series": ("series", values.series),
    "points": (
        "points",
        lambda node, key: values.whole(node, key, low=0, high=values.MAX_POINTS),
    ),
    "repeatable": ("repeatable", values.truth),
    "expires_after": ("expires_after", values.span),
}
REQUIRED = (
    "name",
    "image_url",
    "description",
    "creator",
    "discussion",
    "issuer_id",
    "trigger",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The keys of a dialect, and what holds where a rule leaves one out."""

    readers: Readers
    required: tuple[str, ...]
    recipient: Callable[[Any], Any]
    #: Of a rule that names none.
    trigger: Trigger | None = None
    #: Conversions that take a name which nobody has for the account itself.
    keeping: tuple[str, ...] = ()
    #: Keys of other dialects, with what to do about them.
    foreign: Mapping[str, str] = field(default_factory=dict)


def assemble(
    document: Node, dialect: Dialect, *, text: str, source: str, findings: Findings
) -> Rule | None:
    """Return the rule, or None when the findings say what is wrong with it."""
    keys: dict[str, Node] = document.value
    _check_keys(document, keys, dialect, findings)
    found = _read(keys, dialect, findings)
    if "name" in found and "slug" not in found and "slug" not in keys:
        found["slug"] = values.slug_of(found["name"])
        if not found["slug"]:
            findings.add(
                keys["name"], Text("no slug can be made from the name"), Text("add `slug:`")
            )
    if findings.errors:
        return None
    found.setdefault("recipient", dialect.recipient)
    if dialect.trigger is not None:
        found["trigger"] = dialect.trigger
    conversions = tuple(key for key in CONVERSIONS if key in keys and keys[key].value)
    return Rule(
        **found,
        badge_id=values.badge_id(found["name"]),
        conversions=conversions,
        keeping=tuple(
            key for key in conversions if key in dialect.keeping or keys[key].value == KEEP
        ),
        source=source,
        line=document.line,
        text=text,
        fingerprint=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _check_keys(
    document: Node, keys: dict[str, Node], dialect: Dialect, findings: Findings
) -> None:
    known = (*dialect.readers, *CONVERSIONS)
    for key in values.only_known(keys, known):
        hint = dialect.foreign.get(key.text) or values.suggestion(key.text, known)
        findings.add(key, Text("unknown key %(key)r", key=key.text), hint)
    for name in dialect.required:
        if name not in keys:
            findings.add(
                document,
                Text("the key %(name)r is missing", name=name),
                Text("add `%(name)s:`", name=name),
            )


def _read(keys: dict[str, Node], dialect: Dialect, findings: Findings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, node in keys.items():
        if key not in dialect.readers or (node.value is None and key not in dialect.required):
            continue
        attribute, reader = dialect.readers[key]
        with findings.collecting():
            value = reader(node, key)
            found.update({attribute: value} if attribute is not None else value)
    return found
