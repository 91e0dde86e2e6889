# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the engine says is plain English, and still knows its sentence and values."""

from __future__ import annotations

import pickle

import pytest

from rules.errors import DefinitionError
from rules.loader import parse
from rules.words import Text


def test_what_is_wrong_with_a_rule_keeps_its_sentence_and_values() -> None:
    with pytest.raises(DefinitionError, match="the key 'name' is missing: add `name:`") as caught:
        parse("trigger: {topic: wiki.edit}\n")
    said = caught.value.message
    assert isinstance(said, Text)
    assert (said.sentence, said.values) == ("the key %(name)r is missing", {"name": "name"})


def test_a_text_is_taken_as_it_is_and_survives_processes() -> None:
    text = Text("use %(names)s", names="a, b")
    assert Text(text) is text
    copy = pickle.loads(pickle.dumps(text))  # noqa: S301 (our own)
    assert (copy, copy.sentence, copy.values) == ("use a, b", "use %(names)s", {"names": "a, b"})
