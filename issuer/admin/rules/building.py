# SPDX-License-Identifier: AGPL-3.0-or-later
"""Between the form of the editor and the fields of a rule, both ways."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _

from issuer.admin.rules.forms import LAMBDA, RuleForm
from issuer.admin.rules.outline import Line, OutlineError, lines_of, parts_of
from rules.building import OWN_TOPIC, RECIPIENT, Counted, Counting, Fields, literal
from rules.documents import Node
from rules.places import constant

if TYPE_CHECKING:
    from collections.abc import Mapping

USERNAMES = "message.usernames"
#: The members of the form that are the builder's.
OWN = (
    "join",
    "lines",
    "who",
    "recipient",
    "conversion",
    "keeping",
    "counting",
    "asked",
    "operation",
    "comparison",
    "number",
    "expression",
)
LINE = ("level", "kind", "text", "negated")
ASKED = ("key", "kind", "values")
BLANK: Mapping[str, Any] = {
    "join": "all",
    "lines": [{"level": "0", "kind": "topic", "text": "", "negated": False}],
    "who": "agent",
    "recipient": "",
    "conversion": "",
    "keeping": False,
    "counting": "nothing",
    "asked": [],
    "operation": "",
    "comparison": "greater than or equal to",
    "number": 1,
    "expression": "",
}


def data_of(fields: Fields) -> dict[str, Any]:
    """Return the members of the form for the fields of a rule."""
    who = {"": "agent", USERNAMES: "usernames"}.get(fields.recipient, "expression")
    return {
        "join": fields.join,
        "lines": [
            {
                "level": str(line.level),
                "kind": line.kind,
                "text": line.text,
                "negated": line.negated,
            }
            for line in lines_of(fields.trigger)
        ],
        "who": who,
        "recipient": fields.recipient if who == "expression" else "",
        "conversion": fields.conversion,
        "keeping": fields.keeping,
        "counting": str(fields.counting),
        "asked": [_asked(counted) for counted in fields.filter],
        "operation": fields.operation,
        "comparison": LAMBDA if fields.expression else fields.comparison,
        "number": fields.number,
        "expression": fields.expression,
    }


def fields_of(form: RuleForm) -> Fields | None:
    """Return the fields of a rule; nothing where a member of the form says what is wrong with it.

    What does not matter for what was chosen is left out.
    """
    found: dict[str, Any] = {"join": form.join.data}
    if form.validate():
        for reader in (_trigger, _recipient, _counting, _condition):
            found |= reader(form)
    if not _is_wrong(form):
        return Fields(**found)
    if not form.form_errors:
        form.form_errors.append(_("the fields of the builder are not complete"))
    return None


def digest(data: Mapping[str, Any]) -> str:
    """Return what tells members of the form from others."""
    own = {name: data[name] for name in OWN}
    for name, members in (("lines", LINE), ("asked", ASKED)):
        own[name] = [[each.get(member) or "" for member in members] for each in own[name]]
    known = {name: value or "" for name, value in own.items()}
    return digest_of(json.dumps(known, sort_keys=True).replace("\\r\\n", "\\n"))


def digest_of(text: str) -> str:
    """Return what tells a text from others."""
    return hashlib.sha256(plain(text).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def plain(text: str) -> str:
    """Return a text with the line ends that we keep: a form sends others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_wrong(form: RuleForm) -> bool:
    inner = [*(entry["text"] for entry in form.lines), *(entry["values"] for entry in form.asked)]
    return bool(form.errors or form.form_errors) or any(field.errors for field in inner)


def _wrong(field: Any, reason: Any) -> None:
    field.errors = [*field.errors, reason]


def _trigger(form: RuleForm) -> dict[str, Any]:
    lines = [
        Line(int(each["level"]), each["kind"], each["text"] or "", each["negated"])
        for each in form.lines.data
    ]
    try:
        return {"trigger": parts_of(lines)}
    except OutlineError as error:
        if lines:
            _wrong(form.lines[error.place]["text"], error.reason)
        else:
            form.form_errors.append(error.reason)
        return {}


def _recipient(form: RuleForm) -> dict[str, Any]:
    recipient = {"agent": "", "usernames": USERNAMES}.get(form.who.data)
    if recipient is None:
        recipient = _required(form.recipient)
    elif (form.recipient.data or "").strip():
        _wrong(form.who, _("an expression is filled in: choose it, or empty it"))
    if not form.conversion.data:
        return {"recipient": recipient}
    return {
        "recipient": recipient,
        "conversion": form.conversion.data,
        "keeping": bool(form.keeping.data),
    }


def _counting(form: RuleForm) -> dict[str, Any]:
    counting = Counting(form.counting.data)
    if counting is not Counting.MESSAGES:
        if len(form.asked) or (form.operation.data or "").strip():
            _wrong(form.counting, _("a filter is filled in: choose that it counts, or empty it"))
        return {"counting": counting}
    asked: dict[str, Counted] = {}
    for entry in form.asked:
        counted = _counted(entry)
        if counted.key in asked:
            _wrong(entry["values"], _("this is asked twice: put all values into one line"))
        asked[counted.key] = counted
    return {
        "counting": counting,
        "filter": tuple(asked.values()),
        "operation": (form.operation.data or "").strip(),
    }


def _condition(form: RuleForm) -> dict[str, Any]:
    if Counting(form.counting.data) is Counting.NOTHING:
        if form.number.data not in (None, 1) or (form.expression.data or "").strip():
            _wrong(form.counting, _("a number is filled in: choose what is counted"))
        return {}
    if form.comparison.data == LAMBDA:
        return {"expression": _required(form.expression)}
    if form.number.data is None:
        _wrong(form.number, _("say how many"))
        return {}
    return {"comparison": form.comparison.data, "number": form.number.data}


def _required(field: Any) -> str:
    text = (field.data or "").strip()
    if not text:
        _wrong(field, _("write an expression"))
    return text


def _counted(entry: Any) -> Counted:
    key, kind = entry["key"].data, entry["kind"].data
    own = {"recipient": RECIPIENT, "topic": OWN_TOPIC}.get(kind)
    if own is not None:
        return Counted(key, (own,))
    lines = [line.strip() for line in (entry["values"].data or "").splitlines() if line.strip()]
    if not lines or (kind == "list" and len(lines) > 1):
        _wrong(entry["values"], _("write one value a line"))
    if kind == "texts":
        return Counted(key, tuple(map(literal, lines)))
    return Counted(key, tuple(lines), whole=kind == "list")


def _asked(counted: Counted) -> dict[str, Any]:
    """Return the members of a line of the filter, in the friendliest words that say it."""
    values, kind = list(counted.values), "expressions"
    if counted.whole:
        kind = "list"
    elif values in ([RECIPIENT], [OWN_TOPIC]):
        kind, values = ("recipient" if values == [RECIPIENT] else "topic"), []
    else:
        texts = [_text(value) for value in values]
        known = [text for text in texts if text is not None]
        if len(known) == len(values):
            kind, values = "texts", known
    return {"key": counted.key, "kind": kind, "values": "\n".join(values)}


def _text(expression: str) -> str | None:
    """Return the text for which an expression stands, where the form would write it the same."""
    found = constant(Node(expression, 1, 1, expression))
    one_line = found is not None and found == found.strip() and len(found.splitlines()) == 1
    return found if one_line and found is not None and literal(found) == expression else None
