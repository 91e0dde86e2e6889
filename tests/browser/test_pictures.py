# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pictures in the documentation show the site as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.shared import CHECKOUT
from tools import pictures

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]


@pytest.mark.untouched
def test_the_pictures_show_the_pages_as_they_are(demo: Demo, chromium: Browser) -> None:
    assert list(pictures.problems(chromium, demo.base_url)) == []


def test_a_picture_of_another_page_is_noticed() -> None:
    seen = [(pictures.FOLDER / f"{name}.png").read_bytes() for name in pictures.VIEWS]
    for number, one in enumerate(seen):
        for other in seen[:number]:
            assert pictures.distance(one, other) > pictures.TOLERANCE


def test_each_picture_is_shown_somewhere() -> None:
    pages = [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]
    shown = {
        name for page in pages for name in re.findall(r"pictures/([\w-]+)\.png", page.read_text())
    }
    assert shown == pictures.VIEWS.keys()
