# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest

from issuer.adapters.drawing_limits import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_LAYERS,
    MAX_LETTERS,
    refuse_endless,
)
from issuer.errors import InvalidInputError


def check(inside: str, attributes: str = "") -> None:
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'
    refuse_endless(ElementTree.fromstring(text), "a.svg")  # noqa: S314 (written here)


USE = '<use href="#a"/>'


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        pytest.param("<g>" * MAX_DEPTH + "</g>" * MAX_DEPTH, "too deep", id="deep"),
        pytest.param("<g/>" * MAX_ELEMENTS, "parts", id="many"),
        pytest.param(f"<text>{'a' * (MAX_LETTERS + 1)}</text>", "letters", id="letters"),
        pytest.param(f'<g id="a"/>{USE * (MAX_LAYERS + 1)}', "too often", id="uses"),
        pytest.param('<g opacity=".5"/>' * (MAX_LAYERS + 1), "too often", id="opacity"),
        pytest.param('<g style="opacity:.5"/>' * (MAX_LAYERS + 1), "too often", id="opacity-style"),
        pytest.param(
            '<clipPath id="a"/>' + '<g clip-path="url(#a)"/>' * (MAX_LAYERS + 1),
            "too often",
            id="clips",
        ),
        pytest.param(f'<g id="a">{USE}</g>', "without end", id="itself"),
        pytest.param(
            '<g id="a"><use href="#b"/></g><g id="b"><rect fill="url(#a)"/></g>',
            "without end",
            id="each-other",
        ),
        pytest.param(
            "".join(f'<g id="c{n}"><use href="#c{n + 1}"/></g>' for n in range(100)),
            "in each other",
            id="chain",
        ),
        pytest.param(
            "".join(
                f'<mask id="m{n}">' + f'<g mask="url(#m{n + 1})"/>' * 9 + "</mask>"
                for n in range(9)
            )
            + '<mask id="m9"/>',
            "too often",
            id="masks-of-masks",
        ),
    ],
)
def test_what_a_renderer_would_follow_for_too_long_is_refused(inside: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        check(inside)


def test_gradients_may_be_used_as_often_as_there_are_shapes() -> None:
    check(
        '<linearGradient id="b"/><linearGradient id="a" href="#b"/>'
        + '<rect fill="url(#a)" style="fill-opacity:1"/>' * 5000
    )


def test_a_part_may_be_used_again_and_again() -> None:
    check(
        f'<g id="a"><rect fill="url(#none)"/></g><g id="b">{USE * 3}</g>' + "<use href='#b'/>" * 9
    )


@pytest.mark.parametrize(
    "attributes",
    ['width="9" height="1"', 'viewBox="0 0 1 9"', 'width="0" height="0"', 'viewBox="0 0 a b"'],
)
def test_odd_proportions_are_refused(attributes: str) -> None:
    with pytest.raises(InvalidInputError):
        check("", attributes)
