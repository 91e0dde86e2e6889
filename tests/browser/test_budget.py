# SPDX-License-Identifier: AGPL-3.0-or-later
"""What pages may cost their readers, as docs/reference/page-budget.md says it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.demo import Demo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "page-budget.md"
ROW = re.compile(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
MOST = 150_000
VISITS = 4
PATHS = {
    "home": "/",
    "explore": "/explore",
    "badge": "/badges/update-tester-3",
    "person": "/people/asha",
    "leaderboard": "/leaderboard",
    "report": "/report/this/year",
    "verify": "/verify",
}
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 200);
})"""


def budgets() -> dict[str, list[int]]:
    found = {row[0]: [int(number) for number in row[1:]] for row in ROW.findall(_text())}
    assert found
    return found


def _text() -> str:
    return DOCUMENT.read_text("utf-8")


def test_each_page_stays_in_its_budget(demo: Demo, chromium: Browser) -> None:
    paths = {**PATHS, "award": demo.assertion.removeprefix(demo.base_url)}
    known = budgets()
    assert known.keys() == paths.keys()
    over = []
    for name, path in paths.items():
        assert known[name][0] <= MOST
        # No two visits are quite alike: a browser that has to wait for a busy machine paints a
        # page that it has read by half. What a page costs by itself it costs each time.
        costs = [_cost(chromium, demo.base_url, path)]
        while _is_over(costs, known[name]) and len(costs) < VISITS:
            costs.append(_cost(chromium, demo.base_url, path))
        if _is_over(costs, known[name]):
            over.append((name, costs, known[name]))
    assert over == []


def _is_over(costs: list[list[float]], most: list[int]) -> bool:
    return any(
        min(spent) > limit for spent, limit in zip(zip(*costs, strict=True), most, strict=True)
    )


def _cost(chromium: Browser, base_url: str, path: str) -> list[float]:
    """Return bytes, requests, bytes of scripts and of styles, and shift of a first visit."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    kinds: dict[str, str] = {}
    sizes: defaultdict[str, int] = defaultdict(int)

    def finished(event: dict[str, Any]) -> None:
        sizes[kinds.get(event["requestId"], "")] += event["encodedDataLength"]

    session = context.new_cdp_session(page)
    session.on(
        "Network.responseReceived", lambda one: kinds.update({one["requestId"]: one["type"]})
    )
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    page.goto(base_url + path, wait_until="networkidle")
    shift = page.evaluate(SHIFT)
    assert context.cookies() == []
    context.close()
    return [sum(sizes.values()), len(kinds), sizes["Script"], sizes["Stylesheet"], shift]
