# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openbadges.errors import MalformedError
from openbadges.models import kinds


@pytest.mark.parametrize(
    "url",
    [
        "https://badges.example.org/a",
        "http://127.0.0.1:8000/a?b=c#d",
        "https://[2001:db8::1]/",
        "https://b\u00fccher.example/",
        "HTTPS://badges.example.org",
        "https://badges.example.org./a",
    ],
)
def test_urls_are_recognised(url: str) -> None:
    assert kinds.is_url(url)


@given(st.from_regex(kinds._USUAL_URL, fullmatch=True))
def test_the_quick_look_at_a_url_lets_nothing_through_that_the_careful_one_refuses(
    url: str,
) -> None:
    assert kinds._is_careful_url(url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("/assertions/1", id="relative"),
        pytest.param("https://", id="no-host"),
        pytest.param("https:///a", id="empty-host"),
        pytest.param("http://../", id="host-of-dots"),
        pytest.param("https://a..example/", id="empty-label"),
        pytest.param("ftp://example.org/", id="scheme"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("https://user:pass@example.org/", id="login"),
        pytest.param("https://good.example\\@127.0.0.1/", id="backslash"),
        pytest.param("https://example.org/a b", id="space"),
        pytest.param("https://example.org/\n", id="newline"),
        pytest.param("https://example.org:99999/", id="port-too-large"),
        pytest.param("https://example.org:0/", id="port-zero"),
        pytest.param("https://example.org:x/", id="port-text"),
        pytest.param("https://[::1/", id="broken-address"),
        pytest.param(None, id="none"),
        pytest.param(7, id="number"),
    ],
)
def test_what_is_no_url_is_not(url: object) -> None:
    assert not kinds.is_url(url)


def test_ids_are_urls_or_uuids() -> None:
    assert kinds.is_iri("urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b")
    assert kinds.is_iri("https://example.org/1")
    assert not kinds.is_iri("urn:uuid:1")
    assert not kinds.is_iri("urn:isbn:1")


def test_any_absolute_iri_may_be_a_type() -> None:
    assert kinds.is_absolute("schema:Thing")
    assert kinds.is_absolute("https://example.org/Special")
    assert not kinds.is_absolute("Thing")
    assert not kinds.is_absolute("https://")
    assert not kinds.is_absolute("a:b c")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param(kinds.TEXT, 7, id="text"),
        pytest.param(kinds.WORD, " ", id="word"),
        pytest.param(kinds.BOOLEAN, "true", id="boolean"),
        pytest.param(kinds.BOOLEAN, 1, id="boolean-number"),
        pytest.param(kinds.TIME, "2020-01-01", id="time"),
        pytest.param(kinds.TIME, 1403120715, id="time-unix"),
        pytest.param(kinds.URL, "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b", id="url"),
        pytest.param(kinds.IRI, "a", id="iri"),
        pytest.param(kinds.ABSOLUTE, "a", id="absolute"),
        pytest.param(kinds.PICTURE, "badge.png", id="picture"),
        pytest.param(kinds.PICTURE, 7, id="picture-number"),
        pytest.param(kinds.EMAIL, "steveman [at] gee mail dot com", id="email"),
        pytest.param(kinds.TELEPHONE, "call me", id="telephone"),
        pytest.param(kinds.REGISTERED_NAME, "localhost", id="host-without-dot"),
        pytest.param(kinds.REGISTERED_NAME, "127.0.0.1", id="host-address"),
        pytest.param(kinds.REGISTERED_NAME, "example.org:80", id="host-port"),
        pytest.param(kinds.REGISTERED_NAME, "https://example.org", id="host-url"),
        pytest.param(kinds.LANGUAGE, "Spanish, of Mexico", id="language"),
        pytest.param(kinds.LANGUAGE, "e", id="language-letter"),
        pytest.param(kinds.LANGUAGE, "es_MX", id="language-underscore"),
        pytest.param(kinds.VERSION, True, id="version-boolean"),
        pytest.param(kinds.VERSION, {"major": 1}, id="version-object"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(kind: kinds.Kind, value: object) -> None:
    for action in (kind.read, kind.write):
        with pytest.raises(MalformedError, match=r"^Thing\.property must be "):
            action(value, "Thing.property")


@pytest.mark.parametrize(
    "tag",
    ["es", "es-419", "zh-Hant-TW", "zh-cmn-Hans-CN", "sl-rozaj-biske-1994", "de-a-bcd-x-y", "x-a"],
)
def test_language_tags_are_recognised(tag: str) -> None:
    assert kinds.LANGUAGE.read(tag, "Thing.@language") == tag


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(MalformedError) as caught:
        kinds.BOOLEAN.read("x" * 10_000, "Thing.property")
    assert len(str(caught.value)) < 120
