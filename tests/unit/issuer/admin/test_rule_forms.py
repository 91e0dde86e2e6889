# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever the form is filled in with becomes a rule that loads, and the form again.

predecessors 1.1: the output of /builder is never valid YAML.
"""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings

from issuer.admin.rules.building import data_of, digest, fields_of
from issuer.admin.rules.forms import RuleForm
from issuer.admin.rules.outline import Line, OutlineError, lines_of, parts_of
from rules.building import Badge, Fields, write
from rules.filling import fill
from rules.loader import compile_text
from tests.unit.rules.filled import filled

BADGE = Badge(
    name="Tea",
    description="Tea.",
    image_url="https://example.org/x",
    creator="",
    discussion="",
    issuer_id="x",
)
APP = Flask("forms")
APP.secret_key = "for a form"  # noqa: S105 -- guards nothing
Babel(APP)


def sent_by_browser(fields: Fields) -> dict[str, str]:
    """Return the members of a form as a browser sends them."""
    found: dict[str, object] = {}
    for name, value in data_of(fields).items():
        if isinstance(value, list):
            for place, members in enumerate(value):
                found |= {f"{name}-{place}-{key}": inner for key, inner in members.items()}
        else:
            found[name] = value
    # A box that is not ticked is not sent.
    sent = {name: "y" if value is True else value for name, value in found.items()}
    return {
        name: str(value).replace("\n", "\r\n") for name, value in sent.items() if value is not False
    }


@settings(max_examples=25, deadline=None)
@given(filled)
def test_a_form_becomes_a_rule_that_loads_and_the_same_form(fields: Fields) -> None:
    data = sent_by_browser(fields)
    with APP.test_request_context("/", method="POST", data=data):
        form = RuleForm(meta={"csrf": False})
        assert fields_of(form) == fields
        assert digest(form.data) == digest(data_of(fields))
    text = write(BADGE, fields)
    assert compile_text(text).errors == ()
    assert data_of(fill(text)) == data_of(fields)


@settings(max_examples=25, deadline=None)
@given(filled)
def test_lines_are_the_tree(fields: Fields) -> None:
    assert parts_of(lines_of(fields.trigger)) == fields.trigger


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ([], 0),
        ([Line(0, "topic", " ")], 0),
        ([Line(1, "topic", "a")], 0),
        ([Line(0, "topic", "a"), Line(1, "topic", "b")], 1),
        ([Line(0, "topic", "a"), Line(0, "any")], 1),
        ([Line(0, "any"), Line(2, "topic", "b")], 0),
        (
            [Line(0, "any"), Line(1, "any"), Line(2, "any"), Line(3, "any"), Line(3, "topic", "b")],
            3,
        ),
    ],
)
def test_lines_that_are_no_tree_say_which(lines: list[Line], place: int) -> None:
    with pytest.raises(OutlineError) as caught:
        parts_of(lines)
    assert caught.value.place == place
