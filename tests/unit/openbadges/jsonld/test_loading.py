# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from openbadges.errors import FetchError, MalformedError, UnsupportedError
from openbadges.jsonld import loading
from openbadges.jsonld.loading import gather
from openbadges.vocabulary import CONTEXT

A = "https://a.example/context"
B = "https://b.example/context"


def nothing(url: str) -> dict[str, Any]:
    raise FetchError(f"{url} was asked for")


def test_well_known_contexts_are_not_asked_for() -> None:
    link = "https://w3id.org/openbadges/extensions/applyLinkExtension/context.json"
    assert gather({"@context": CONTEXT, "x:y": {"@context": [link, {}]}}, nothing).keys() == {
        CONTEXT,
        link,
    }


def test_other_contexts_are_asked_for_once_with_those_they_name() -> None:
    asked: list[str] = []
    documents: dict[str, dict[str, Any]] = {A: {"@context": [B, {}]}, B: {"@context": A}}

    def load(url: str) -> dict[str, Any]:
        asked.append(url)
        return documents[url]

    assert gather({"@context": [CONTEXT, A], "b": [{"@context": B}]}, load).keys() == {
        CONTEXT,
        A,
        B,
    }
    assert sorted(asked) == [A, B]


@pytest.mark.parametrize(
    ("context", "answer", "words"),
    [
        pytest.param("context.json", {}, "no http or https URL", id="relative"),
        pytest.param("file:///etc/passwd", {}, "no http or https URL", id="file"),
        pytest.param(A, {"a": 1}, "holds none", id="no-context"),
    ],
)
def test_what_is_no_context_is_refused(context: str, answer: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedError, match=words):
        gather({"@context": context}, lambda _url: answer)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(
            {"@context": [f"{A}/{number}" for number in range(loading.MAX_REMOTE + 1)]},
            "other contexts",
            id="remote",
        ),
        pytest.param(
            {"@context": [{}] * (loading.MAX_CONTEXTS + 1)}, "too many contexts", id="contexts"
        ),
        pytest.param(
            {"@context": {f"t{number}": A for number in range(loading.MAX_MEMBERS + 1)}},
            "too many terms",
            id="terms",
        ),
        pytest.param({"a": [1] * loading.MAX_VALUES}, "too many values", id="values"),
        pytest.param({"@context": {"a": {"@context": {}}}}, "holds or imports", id="scoped"),
        pytest.param({"@context": {"@import": A}}, "holds or imports", id="import"),
    ],
)
def test_the_work_is_bounded(document: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        gather(document, lambda _url: {"@context": {}})


def test_a_context_that_is_fetched_counts() -> None:
    large = {"@context": {f"t{number}": A for number in range(loading.MAX_MEMBERS + 1)}}
    with pytest.raises(UnsupportedError, match="too many terms"):
        gather({"@context": A}, lambda _url: large)
