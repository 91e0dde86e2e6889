# SPDX-License-Identifier: AGPL-3.0-or-later
"""The dialect of 2014 (fedbadges 0.2.2 to 2.1.1), and the oldest one before it.

They differ in how templates are written; the oldest also says ``recipient_key`` and ``usernames``
for ``recipient`` and ``users``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rules.dialects.asking import criteria
from rules.dialects.common import BADGE_READERS, REQUIRED, Dialect, Readers, assemble
from rules.dialects.templates import Style, Template, envelope, names_in
from rules.dialects.triggers import expression, trigger
from rules.expressions import Scope
from rules.matchers import Holds
from rules.words import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rules.dialects.findings import Findings
    from rules.documents import Node
    from rules.matchers import Trigger
    from rules.model import Message, Rule

PERCENT = re.compile(r"%\([^()]*\)[srd]")
#: Conversions that give a name back that nobody has.
KEEPING = ("recipient_nick2fas", "recipient_email2fas")
ELSEWHERE = Text("it belongs to the current dialect: write either that or `criteria`")


def style_of(document: Node) -> Style:
    """Return how a file writes its templates: the oldest way only where the newer is nowhere."""
    texts = list(_texts(document))
    if any(PERCENT.search(text) for text in texts):
        return Style.PERCENT
    keys: dict[str, Node] = document.value
    asked = [*_texts(keys["criteria"]), *_keys(keys["criteria"])] if "criteria" in keys else []
    oldest = "recipient_key" in keys or "usernames" in asked
    if oldest or any(Style.BRACES.value.fullmatch(text) for text in asked):
        return Style.BRACES
    return Style.PERCENT


def compile_rule(document: Node, *, text: str, source: str, findings: Findings) -> Rule | None:
    """Return the rule, or None when the findings say what is wrong with it."""
    style = style_of(document)
    readers: Readers = {
        **BADGE_READERS,
        "trigger": ("trigger", lambda node, key: trigger(node, _holds)),
        "criteria": (None, lambda node, key: criteria(node, style)),
        "recipient": ("recipient", lambda node, key: _recipient(node, key, style)),
    }
    if style is Style.BRACES and "recipient" not in document.value:
        readers["recipient_key"] = readers.pop("recipient")
    dialect = Dialect(
        readers=readers,
        required=(*REQUIRED, "criteria"),
        recipient=_everybody,
        keeping=KEEPING,
        foreign={"previous": ELSEWHERE, "condition": ELSEWHERE},
    )
    return assemble(document, dialect, text=text, source=source, findings=findings)


def _holds(node: Node) -> Trigger:
    compiled = expression(node, "lambda", Scope.TRIGGER_2014)
    return Holds(lambda message: compiled(envelope(message)), compiled.text)


def _everybody(message: Message) -> list[str]:
    # fedbadges 1 asked the function that fills the archive, not the class of the message.
    return list(message.users)


def _recipient(node: Node, name: str, style: Style) -> Callable[[Message], Any]:
    """Compile the recipient: a template, or a list of them; nothing is everybody."""
    if node.value in ("", ()):
        return _everybody
    if isinstance(node.value, tuple):
        parts = [_template(part, name, style) for part in node.value]

        def several(message: Message) -> Any:
            values = envelope(message)
            return names_in([part.value(values, names=True) for part in parts])

        return several
    template = _template(node, name, style)
    return lambda message: names_in(template.value(envelope(message), names=True))


def _template(node: Node, name: str, style: Style) -> Template:
    if isinstance(node.value, dict | tuple) or node.value is None:
        raise node.refused(
            Text("%(name)s must be a text or a list of texts", name=name),
            Text('write "%(msg.user)s"'),
        )
    return Template(node.text, style)


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node.value, dict):
        for child in node.value.values():
            yield from _texts(child)
    elif isinstance(node.value, tuple):
        for child in node.value:
            yield from _texts(child)
    else:
        yield node.text


def _keys(node: Node) -> Iterator[str]:
    if isinstance(node.value, dict):
        yield from node.value
    for child in node.value.values() if isinstance(node.value, dict) else ():
        yield from _keys(child)
