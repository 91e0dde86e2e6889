# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from openbadges.baking import svg
from openbadges.errors import BakingError, NotBakedError

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
BADGES = 'xmlns:openbadges="http://openbadges.org"'
SVG = f'<svg {NAMESPACE} viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'.encode()
JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
HOSTED = '{"id":"https://badges.example.org/1?a=1&b=\\"2"}'


@pytest.mark.requirement("J5")
def test_a_signed_badge_is_an_attribute_of_the_first_element() -> None:
    assert svg.bake(SVG, JWS) == SVG.replace(b"<svg ", f"<svg {BADGES} ".encode()).replace(
        b"<rect", f'<openbadges:assertion verify="{JWS}"/><rect'.encode()
    )


@pytest.mark.requirement("J5")
def test_a_hosted_badge_names_its_url_and_holds_its_json() -> None:
    baked = svg.bake(SVG, '{"id":"https://badges.example.org/1"}')
    expected = (
        '<openbadges:assertion verify="https://badges.example.org/1">'
        '<![CDATA[{"id":"https://badges.example.org/1"}]]></openbadges:assertion><rect'
    )
    assert expected.encode() in baked


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(SVG, id="plain"),
        pytest.param(f"<svg {NAMESPACE}/>".encode(), id="empty-root"),
        pytest.param(f"<svg {NAMESPACE} a='>' b=\"/>\"><g/></svg>".encode(), id="quoted-brackets"),
        pytest.param(f"<svg {NAMESPACE} {BADGES}><g/></svg>".encode(), id="declared-already"),
        pytest.param(
            b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>\n<!-- <svg> -->\n" + SVG + b"\n",
            id="prolog",
        ),
        pytest.param(
            "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:t>é</s:t></s:svg>".encode(), id="prefix"
        ),
        pytest.param(b"<s:svg xmlns:s='http://www.w3.org/2000/svg' />", id="empty-prefix"),
    ],
)
@pytest.mark.parametrize("text", [JWS, HOSTED])
@pytest.mark.requirement("J6")
def test_baking_again_replaces_and_keeps_the_rest(image: bytes, text: str) -> None:
    once = svg.bake(image, text)
    assert svg.unbake(once) == text
    assert svg.bake(once, text) == once
    assert svg.bake(svg.bake(image, HOSTED), text) == svg.bake(svg.bake(image, JWS), text) == once


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_every_assertion_comes_back(name: str) -> None:
    text = json.dumps({"id": "https://badges.example.org/1", "name": name + "]]>"})
    readable = json.dumps(
        {"id": "https://badges.example.org/1", "name": name + "]]>"}, ensure_ascii=False
    )
    assert svg.unbake(svg.bake(SVG, text)) == text
    again = svg.unbake(svg.bake(SVG, readable))
    if "\ufffe" in name or "\uffff" in name:  # which XML cannot hold, and JSON says otherwise
        assert json.loads(again) == json.loads(readable)
    else:
        assert again == readable


def test_what_xml_cannot_hold_is_said_as_json_says_it() -> None:
    text = json.dumps({"id": "https://badges.example.org/1", "name": "\uffff"}, ensure_ascii=False)
    baked = svg.bake(SVG, text)
    ElementTree.fromstring(baked)
    assert json.loads(svg.unbake(baked)) == json.loads(text)


@pytest.mark.parametrize(
    "doctype",
    [
        pytest.param("<!DOCTYPE svg>", id="bare"),
        pytest.param(
            '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
            '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
            id="of-a-drawing-program",
        ),
    ],
)
def test_a_doctype_that_only_names_the_standard_stays(doctype: str) -> None:
    image = doctype.encode() + b"\n" + SVG
    baked = svg.bake(image, JWS)
    assert baked.startswith(doctype.encode() + b"\n<svg ")
    assert svg.unbake(baked) == JWS


@pytest.mark.parametrize("encoding", ["UTF-8", "utf8", "US-ASCII", "ISO-8859-1", "windows-1252"])
def test_a_declaration_that_leaves_ascii_alone_stays(encoding: str) -> None:
    image = f"<?xml version='1.0' encoding='{encoding}'?>".encode() + SVG
    assert svg.unbake(svg.bake(image, JWS)) == JWS


def test_letters_that_the_declared_encoding_would_change_are_not_baked() -> None:
    image = b"<?xml version='1.0' encoding='iso-8859-1'?>" + SVG
    with pytest.raises(BakingError, match="letters of this badge"):
        svg.bake(image, '{"id":"https://badges.example.org/\u00e9"}')


def around(inner: str, attributes: str = BADGES) -> bytes:
    return f"<svg {NAMESPACE} {attributes}>{inner}</svg>".encode()


def test_json_without_an_attribute_is_read() -> None:
    image = around(f"<openbadges:assertion>\n<![CDATA[{HOSTED}]]>\n</openbadges:assertion>")
    assert svg.unbake(image) == HOSTED


def test_the_prefix_is_free_and_the_namespace_is_not() -> None:
    image = around(f'<b:assertion verify="{JWS}"/>', 'xmlns:b="http://openbadges.org"')
    assert svg.unbake(image) == JWS


def test_a_plain_picture_says_that_it_is_no_badge() -> None:
    with pytest.raises(NotBakedError, match="no badge"):
        svg.unbake(SVG)


def test_baking_cleans_what_was_ambiguous() -> None:
    doubled = around(f"<g/>{TAG}<g>{TAG}</g>")
    assert svg.bake(doubled, JWS) == around(f"{TAG}<g/><g></g>")


TAG = f'<openbadges:assertion verify="{JWS}"/>'


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        pytest.param(around(TAG + TAG), "ambiguous: it holds 2 badges", id="two"),
        pytest.param(around(f"<g>{TAG}</g>"), "wrong place", id="deeper"),
        pytest.param(
            around(TAG, 'xmlns:openbadges="http://evil.example"'),
            "another namespace",
            id="stranger",
        ),
        pytest.param(
            around(
                f'<assertion xmlns="https://openbadges.org" verify="{JWS}"/>',
            ),
            "another namespace",
            id="nearly-the-namespace",
        ),
        pytest.param(
            around(
                f'<z verify="{JWS}"/>',
                'xmlns:openbadges="http://openbadges.org assertion"',
            ),
            "no badge",
            id="space-in-namespace",
        ),
        pytest.param(around("<openbadges:assertion/>"), "must have 1 to", id="empty"),
        pytest.param(
            around(f'<openbadges:assertion verify="{JWS}">{{}}</openbadges:assertion>'),
            "at once",
            id="signed-and-hosted",
        ),
        pytest.param(
            around("<openbadges:assertion>a<b/></openbadges:assertion>"),
            "only text",
            id="elements-inside",
        ),
    ],
)
@pytest.mark.requirement("J6")
def test_a_doubtful_badge_is_refused(image: bytes, reason: str) -> None:
    with pytest.raises(BakingError, match=reason):
        svg.unbake(image)


LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        pytest.param(
            b'<!DOCTYPE svg SYSTEM "http://evil.example/x.dtd">' + SVG, "DOCTYPE", id="external"
        ),
        pytest.param(
            b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org.evil.example/x">'
            + SVG,
            "DOCTYPE",
            id="external-under-a-good-name",
        ),
        pytest.param(
            b'<!DOCTYPE svg PUBLIC "-//EVIL//DTD X//EN" "http://www.w3.org/x.dtd">' + SVG,
            "DOCTYPE",
            id="unknown-public-name",
        ),
        pytest.param(b"<!DOCTYPE svg []>" + SVG, "DOCTYPE", id="empty-internal-subset"),
        pytest.param(
            b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG, "DOCTYPE", id="xxe"
        ),
        pytest.param(
            f'<!DOCTYPE svg [<!ENTITY a0 "ha">{LAUGHS}]>'.encode() + SVG, "DOCTYPE", id="laughs"
        ),
        pytest.param(around("&undefined;"), "well-formed", id="undefined-entity"),
        pytest.param(around("<g>"), "well-formed", id="not-closed"),
        pytest.param(SVG + SVG, "well-formed", id="two-roots"),
        pytest.param(b"<openbadges:svg/>", "well-formed", id="unbound-prefix"),
        pytest.param(around("<g>" * 300 + "</g>" * 300), "too deeply", id="deep"),
        pytest.param(around("<g>" * 100_000), "too deeply", id="very-deep"),
        pytest.param(around("<g/>" * 200_000), "too many", id="many"),
        pytest.param(b"<svg/>", "no SVG", id="no-namespace"),
        pytest.param(b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "no SVG", id="html"),
        pytest.param(b"", "well-formed", id="empty"),
        pytest.param(SVG.decode().encode("utf-16"), "not UTF-8", id="utf-16"),
        pytest.param(around("\u00e9").decode().encode("latin-1"), "not UTF-8", id="latin-1"),
        pytest.param(SVG + b"\xc3", "not UTF-8", id="half-a-letter"),
        pytest.param(
            b"<?xml version='1.0' encoding='iso-8859-1'?>" + around("\u00e9"),
            "it says 'iso-8859-1'",
            id="utf-8-that-says-latin-1",
        ),
        pytest.param(
            b"<?xml version='1.0' encoding='UTF-16'?>" + SVG,
            "it says 'utf-16'",
            id="ascii-that-says-utf-16",
        ),
        pytest.param(b"<svg>" + b" " * (5 * 1024 * 1024), "larger than", id="too-large"),
        pytest.param(
            around("<assertion xmlns='http://openbadges.org/'/>"), "another namespace", id="slash"
        ),
    ],
)
@pytest.mark.requirement("J7")
def test_an_unsafe_picture_is_neither_baked_nor_read(image: bytes, reason: str) -> None:
    with pytest.raises(BakingError, match=reason):
        svg.bake(image, JWS)
    with pytest.raises(BakingError, match=reason):
        svg.unbake(image)


def test_a_prefix_that_means_something_else_keeps_its_meaning_outside_the_badge() -> None:
    image = around("<openbadges:g/>", 'xmlns:openbadges="http://other.example"')
    baked = svg.bake(image, JWS)
    assert svg.unbake(baked) == JWS
    assert baked == image.replace(
        b"<openbadges:g", f'<openbadges:assertion {BADGES} verify="{JWS}"/><openbadges:g'.encode()
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "neither a JWS nor", id="empty"),
        pytest.param("https://badges.example.org/1", "neither a JWS nor", id="url"),
        pytest.param("[]", "neither a JWS nor", id="array"),
        pytest.param('{"a":1}', "no id", id="no-id"),
        pytest.param('{"id":"\x01"}', "neither a JWS", id="control"),
        pytest.param('{"id":"\ud800"}', "neither a JWS", id="surrogate"),
    ],
)
def test_what_is_no_assertion_is_not_baked(text: str, reason: str) -> None:
    with pytest.raises(BakingError, match=reason):
        svg.bake(SVG, text)
