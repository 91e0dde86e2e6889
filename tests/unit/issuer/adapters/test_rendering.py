# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import subprocess

import pytest

from issuer.adapters import rendering
from issuer.adapters.rendering import render
from issuer.errors import InvalidInputError

PNG = b"\x89PNG\r\n\x1a\n"
SQUARE = '<rect width="400" height="400"/>'


def svg(inside: str) -> bytes:
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">'
    return f"{head}{inside}</svg>".encode()


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param(SQUARE, id="plain"),
        pytest.param(f'<g id="a">{SQUARE}</g><use href="#a"/>', id="repeated"),
        pytest.param(f'<mask id="a">{SQUARE}</mask><g mask="url(#a)">{SQUARE}</g>', id="masked"),
    ],
)
def test_a_drawing_becomes_the_same_png_either_way(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = render(svg(inside), 40)
    assert drawn.startswith(PNG)
    monkeypatch.setattr(rendering, "MAX_PLAIN", 0)
    assert render(svg(inside), 40) == drawn
    monkeypatch.setattr(rendering, "MAX_PLAIN", 1 << 20)
    monkeypatch.setattr(rendering, "HEAVY", ())
    assert render(svg(inside), 40) == drawn


def test_a_drawing_that_asks_for_all_memory_is_refused_and_ends_nothing() -> None:
    huge = (
        '<pattern id="m" width="400" height="400" patternTransform="scale(1000)" '
        f'patternUnits="userSpaceOnUse">{SQUARE}</pattern>'
    )
    with pytest.raises(InvalidInputError, match="too much memory"):
        render(svg(huge + '<rect fill="url(#m)" width="400" height="400"/>'), 400)


@pytest.mark.slow
def test_a_drawing_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    path = '<path stroke="#000" d="M0 0' + "L400 9L3 400" * 500 + '"/>'
    limited = rendering.CHILD.replace("RLIMIT_CPU, (20, 20)", "RLIMIT_CPU, (1, 1)")
    monkeypatch.setattr(rendering, "CHILD", limited)
    with pytest.raises(InvalidInputError, match="too long"):
        render(svg(f'<g id="a">{path}</g>' + '<use href="#a"/>' * 199), 400)


def test_a_child_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_arguments: object, **_options: object) -> None:
        raise subprocess.TimeoutExpired("child", 60)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(InvalidInputError, match="too long"):
        render(svg(f'<mask id="a">{SQUARE}</mask>'), 40)


@pytest.mark.parametrize("inside", ["", "<mask/>"], ids=["plain", "in-a-child"])
def test_what_the_renderer_refuses_is_told(inside: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be rendered: the root node"):
        render(svg(inside)[:-6], 40)
