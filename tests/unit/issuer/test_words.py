# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import ast
import copy
import pickle
import re

import pytest

from issuer.adapters.backpacks.results import plain
from issuer.catalogues import catalogue
from issuer.errors import BackpackAwayError, ConflictError
from issuer.words import MARK, MAX_VALUE, Said, Text, packed, paragraphs, several, spoken, unpacked
from tools import catalogues

PLACE = re.compile(r"%\((\w+)\)")
#: What is said to operators alone may be an f-string; where pages are made, nothing is.
READ = ("issuer/admin", "issuer/services", "issuer/web", "issuer/access.py", "rules")
PLACES = ("issuer", "rules")
#: What says that the text of a rule is wrong; where files are loaded, only operators read it.
REFUSING = {"refused", "DefinitionError", "ExpressionError", "Dead", "_remark", "_refused"}
LOADING = {"errors.py", "loader.py", "migrating.py", "plugins.py", "plain_badges.py", "filling.py"}
OPERATORS = (
    *catalogues.OPERATORS,
    "issuer/services/attempts.py",
    "issuer/services/collections.py",
    "issuer/services/events.py",
    "issuer/services/explaining.py",
    "issuer/services/feeds.py",
    "issuer/services/former.py",
    "issuer/services/issuers.py",
    "issuer/services/python_badges.py",
    "issuer/services/replaying.py",
    "issuer/services/setup.py",
    "issuer/services/signing_keys.py",
    "issuer/services/sources.py",
    "issuer/web/exporting.py",
    "issuer/web/feeds.py",
    "issuer/web/former.py",
    "issuer/web/offers.py",
    "issuer/web/sharing.py",
)
LOUD = {
    "badge %(badge)r: %(reason)s": "ABZEICHEN %(badge)s: %(reason)s",
    "is retired": "IST IM RUHESTAND",
    "100 % of it": "100 % DAVON",
}


def loud(sentence: str) -> str:
    return LOUD.get(sentence, sentence)


def test_a_text_is_the_english_string() -> None:
    text = Text("badge %(badge)r: %(reason)s", badge="a", reason=Text("is retired"))
    assert text == "badge 'a': is retired"
    assert str(ConflictError(text)) == str(text) == f"{text}"
    assert type(str(text)) is str
    assert spoken(text, loud) == "ABZEICHEN a: IST IM RUHESTAND"


def test_a_text_without_values_is_taken_as_it_is() -> None:
    assert Text("100 % of it") == "100 % of it"
    assert spoken(Text("100 % of it"), loud) == "100 % DAVON"
    assert spoken(Text(""), lambda _: "the head of a catalogue") == ""
    assert spoken("100 % of it", loud) == "100 % of it"  # nobody wrote it for translators
    assert spoken(ValueError("plain"), loud) == "plain"


def test_a_text_survives_copies_and_processes() -> None:
    error = BackpackAwayError("badge %(badge)r: %(reason)s", badge="a", reason="x", seconds=3)
    assert (error.seconds, error.is_unsure) == (3, False)
    for other in (copy.deepcopy(error.text), pickle.loads(pickle.dumps(error.text))):  # noqa: S301 (our own)
        assert (other, spoken(other, loud)) == ("badge 'a': x", "ABZEICHEN a: x")
    assert ConflictError(error.text).text is error.text


def test_what_would_hide_is_written_out() -> None:
    text = Text(
        "badge %(badge)r: %(reason)s",
        badge="a\x07\u202eb",
        reason="x\ny \U0001f469\u200d\U0001f4bb",
    )
    assert spoken(text, loud) == "ABZEICHEN a\\x07\\u202eb: x\ny \U0001f469\u200d\U0001f4bb"


def test_several_texts_are_one() -> None:
    retired = Text("is retired")
    assert several([retired]) == "is retired"
    assert spoken(several([retired, "plain", retired]), loud) == (
        "IST IM RUHESTAND; plain; IST IM RUHESTAND"
    )
    assert spoken(paragraphs(retired, "", "50 % off"), loud) == "IST IM RUHESTAND\n\n50 % off"


@pytest.mark.parametrize("language", ["de", "es"])
def test_translations_have_the_places_of_their_sentences(language: str) -> None:
    sentences = catalogue(language)._catalog  # type: ignore[attr-defined]  # gettext lists them nowhere
    wrong = {
        sentence: said
        for sentence, said in sentences.items()
        if isinstance(sentence, str)
        and sentence
        and set(PLACE.findall(said)) != set(PLACE.findall(sentence))
    }
    assert not wrong
    assert len(sentences) > 1000


@pytest.mark.slow
def test_values_stand_beside_their_sentences() -> None:
    wrong = []
    for path in (each for folder in PLACES for each in (catalogues.ROOT / folder).rglob("*.py")):
        name = path.relative_to(catalogues.ROOT).as_posix()
        if not name.startswith(READ) or name.startswith(OPERATORS):
            continue
        for sentence, call in catalogues.sentences(path):
            if isinstance(sentence, ast.JoinedStr | ast.BinOp):
                wrong.append(f"{name}:{sentence.lineno}: nobody can translate it")
            elif isinstance(sentence, ast.Constant):
                given = {keyword.arg for keyword in call.keywords} - {"seconds", "is_unsure"}
                if given != set(PLACE.findall(sentence.value)):
                    wrong.append(f"{name}:{sentence.lineno}: {sorted(map(str, given))}")
    assert not wrong


def test_a_row_keeps_a_text_so_that_it_can_still_be_translated() -> None:
    inner = Text("is retired")
    text = Text("badge %(badge)r: %(reason)s", badge="a", reason=inner)
    kept = unpacked(packed(text))
    assert kept == text
    assert spoken(kept, loud) == "ABZEICHEN a: IST IM RUHESTAND"
    said = unpacked(packed(Text("%(status)s: %(reason)s", status=500, reason=Said("<b>" * 900))))
    assert isinstance(said, Text)
    assert isinstance(said.values["reason"], Said)
    assert len(said.values["reason"]) == MAX_VALUE
    assert said.values["status"] == 500


@pytest.mark.parametrize(
    "kept",
    [
        "plain words",
        '{"text": "is retired", "values": {}}',
        MARK + "no JSON",
        MARK + '{"text": "badge %(badge)r", "values": {"badge": {}}}',
        MARK + '{"text": "badge %(badge)d", "values": {"badge": "a"}}',
        MARK + "[1]",
    ],
)
def test_what_was_never_packed_is_no_sentence_of_ours(kept: str) -> None:
    assert type(unpacked(kept)) is str


def test_what_a_stranger_says_cannot_look_like_a_sentence_of_ours() -> None:
    forged = packed(Text("is retired"))
    assert type(unpacked(packed(forged))) is str
    assert not plain(forged).startswith(MARK)


@pytest.mark.slow
def test_whatever_is_remarked_on_a_rule_can_be_translated() -> None:
    """The rule engine knows no language, but what it says is made of sentences."""
    wrong = []
    for path in (catalogues.ROOT / "rules").rglob("*.py"):
        if path.name in LOADING:
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            name = getattr(node, "func", None)
            if isinstance(node, ast.Call) and (
                getattr(name, "attr", getattr(name, "id", "")) in REFUSING
            ):
                wrong += [
                    f"{path.name}:{each.lineno}"
                    for each in node.args
                    if isinstance(each, ast.JoinedStr)
                    or (isinstance(each, ast.Constant) and isinstance(each.value, str))
                ]
    assert not wrong
