# SPDX-License-Identifier: AGPL-3.0-or-later
"""The text of a migrated rule, as its author sees it."""

from __future__ import annotations

import re

import pytest
import yaml

from rules.migrating import migrate
from tests.unit.rules.builders import BASE, rule_text
from tests.unit.rules.old_rules import asked, old_text

HEAD = """\
%YAML 1.2
---

# About the badge
name:           "Test Badge"   # its name
image_url: badge.png
description: >
    Two
    lines
creator: tester
discussion: ''
issuer_id: tests

"""
OLD = (
    HEAD
    + """\
# When
trigger:
  all:
  - topic:  bodhi.comment   # a suffix
  # the karma
  - lambda: msg.get('msg', {}).get('karma') is 1

# How often
criteria:       # the real thing
  # asked of the archive
  datanommer:
      # about the filter
      filter:
        topics:
        - "%(topic)s"     # the same topic
        users:
        - "%(msg.user)s"
#        - "%(msg.other)s"
        - bodhi
        rows_per_page: 9999999
      operation:
        lambda: len([msg for msg in query.all() if msg.msg['to'] == "%(msg.to)s"])
      condition:
        greater than or equal to: 1   # at least

# Who
recipient: "%(msg.user)s"
recipient_nick2fas: Yes
tags: [one]
"""
)
NEW = (
    HEAD
    + """\
# When
trigger:
  all:
  - topic: bodhi.comment    # a suffix
  # the karma
  - lambda: 'message.body.get(''karma'') is 1'

# How often
# about the filter
previous:       # the real thing
  # asked of the archive
  filter:
    topics:
    - message.topic       # the same topic
    users:
    - 'message.body["user"]'
#        - "%(msg.other)s"
    - '"bodhi"'
    rows_per_page: 9999999
  operation:
    lambda: 'len([msg for msg in results if msg.msg[''to''] == str(message.body["to"])])'
condition:
  greater than or equal to: 1         # at least

# Who
recipient: 'message.body["user"]'
recipient_nick2fas: keep
tags: [one]
"""
)


def test_only_what_means_something_else_is_written_anew() -> None:
    found = migrate(OLD)
    assert found.problems == ()
    assert found.changed
    assert found.text == NEW
    assert migrate(NEW).text == NEW
    assert not migrate(NEW).changed


def test_comments_beside_keys_stay_there() -> None:
    text = old_text({"not": asked(None, "all", {"lambda": "len(value) > 2"})})
    noted = migrate(
        old_text({"not": asked()})
        .replace("filter:", "filter:  # which")
        .replace("greater than: 1", "greater than: 1  # few")
    )
    assert re.search(r"(?m)^  filter: +# which$", noted.text)
    assert re.search(r"(?m)^  less than or equal to: 1 +# few$", noted.text)
    assert migrate(text).problems


def test_lines_keep_their_ends() -> None:
    assert migrate(OLD.replace("\n", "\r\n")).text == NEW.replace("\n", "\r\n")


def test_the_oldest_dialect_is_rewritten_too() -> None:
    operation = {"lambda": "len([m for m in query if m.msg['a'] == '50% {msg.a}'])"}
    text = yaml.safe_dump(
        {
            **BASE,
            "criteria": asked({"topics": ["{topic}"], "usernames": ["{msg.user}"]}, operation),
            "recipient_key": "x{msg.user}",
        },
        sort_keys=False,
    ).replace("usernames:", "usernames:  # who")
    found = migrate(text)
    assert found.problems == ()
    keys = yaml.safe_load(found.text)
    assert list(keys)[-3:] == ["previous", "condition", "recipient"]
    assert keys["previous"]["filter"]["users"] == ['message.body["user"]']
    assert keys["recipient"] == '"x" + str(message.body["user"])'
    assert '"50% " + str(message.body["a"])' in keys["previous"]["operation"]["lambda"]
    assert "# who" in found.text
    bare = migrate(text.replace("  # who", ""))
    assert yaml.safe_load(bare.text) == keys


def test_every_line_that_cannot_be_expressed_is_named() -> None:
    found = migrate(
        old_text(trigger={"all": [{"lambda": "msg['i']"}, {"lambda": "msg"}]}, recipient="%(i)s")
    )
    assert [problem.line for problem in found.problems] == [9, 10, 19]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rule_text(criteria=asked()), "the keys share a line"),
        (
            old_text().replace("topics:\n", "topics: &t\n"),
            "anchors (&) and aliases (*) are not rewritten",
        ),
        ("{\n" + old_text().replace("trigger:\n  topic: ", "trigger: !!str "), "not YAML"),
        ("a: [", "not YAML"),
        (old_text().replace("count", "delete"), "operation 'delete' is not known"),
    ],
    ids=["one-line", "anchor", "mixed", "not-yaml", "no-rule"],
)
def test_a_file_that_cannot_be_rewritten_is_left_alone(text: str, expected: str) -> None:
    found = migrate(text)
    assert expected in found.problems[0].message
    assert (found.text, found.changed) == (text, False)


def test_a_mapping_in_braces_is_left_alone() -> None:
    lines = [f"{key}: {value!r}," for key, value in BASE.items() if isinstance(value, str)]
    rest = ["trigger: {topic: x},", f"criteria: {asked()!r}"]
    text = "\n".join(["{", *lines, *rest, "}", ""])
    assert migrate(text).problems[0].message == "a key cannot be rewritten"
