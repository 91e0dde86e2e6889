# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast badges are baked and unbaked, beside the reference baker in the same run."""

from __future__ import annotations

import json
import os
import statistics
import time
import tracemalloc
from typing import TYPE_CHECKING, NamedTuple

import click

from issuer.adapters.pictures import draw, read_picture
from openbadges.baking import bake, unbake
from openbadges.baking.png import SIGNATURE
from tests.benchmarks.baker import Bakery
from tests.shared import CHECKOUT
from tests.unit.openbadges.baking.test_robustness import big_png

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 15
#: Seconds that each side works in a round.
PORTION = 0.06
MAX_MEMORY = 3
ASSERTION = json.dumps(
    {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": "https://badges.example.org/assertions/0f6d2c1e-5f5f-4d0e-9d43-6b3f0d7f9a11",
        "badge": "https://badges.example.org/badges/first-steps",
        "recipient": {
            "type": "email",
            "hashed": True,
            "salt": "3e1c9a7d5b",
            "identity": "sha256$" + "5e" * 32,
        },
        "verification": {"type": "HostedBadge"},
        "issuedOn": "2026-11-21T12:00:00+00:00",
        "narrative": "x" * 300,
    }
)


class Case(NamedTuple):
    """One thing to measure, and how many times as fast as the reference it has to be."""

    name: str
    image: bytes
    text: str
    wanted: float


def drawing(size: int) -> bytes:
    """Return an SVG of about so many bytes, as drawing programs write them."""
    part = (
        '<g id="layer{0}" transform="translate({0},7)"><path fill="#3c6eaf" stroke="#294172" '
        'stroke-width="2" d="M{0}.7,162.686c0-79.041-64.068-143.116-143.113-143.116c-78.999,0'
        '-143.05,64.022-143.104,143.018l-0.005-0.005v110.746"/><circle cx="{0}" cy="9" r="4"/></g>'
        "\n"
    )
    parts: list[str] = []
    total = 0
    while total < size:
        parts.append(part.format(len(parts)))
        total += len(parts[-1])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">' + "".join(parts) + "</svg>"
    ).encode()


def cases() -> list[Case]:
    """Return everything that has a bound."""
    source = CHECKOUT / "rules" / "artwork" / "cookie-jar-2.svg"
    png = draw(read_picture(source.read_bytes(), source.name)).content
    found = [
        Case("bake a PNG of 400x400", png, ASSERTION, 1.0),
        Case("unbake a PNG of 400x400", bake(png, ASSERTION), "", 0.5),
    ]
    for kilobytes in (12, 300):
        svg = drawing(kilobytes * 1000)
        found += [
            Case(f"bake an SVG of {kilobytes} kB", svg, ASSERTION, 5.0),
            Case(f"unbake an SVG of {kilobytes} kB", bake(svg, ASSERTION), "", 5.0),
        ]
    return found


def ours(case: Case, times: int) -> float:
    """Return the seconds of processor that we take."""
    started = time.process_time()
    if case.text:
        for _ in range(times):
            bake(case.image, case.text)
    else:
        for _ in range(times):
            unbake(case.image)
    return time.process_time() - started


def measure(case: Case, bakery: Bakery) -> None:
    """Print both rates and their ratio; the two take turns, so that noise hits both."""
    our_times = max(1, int(PORTION / max(ours(case, 3) / 3, 1e-7)))
    their_times = max(1, int(PORTION / max(bakery.seconds(case.image, case.text, 3) / 3, 1e-7)))
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(our_times / ours(case, our_times))
        theirs.append(their_times / bakery.seconds(case.image, case.text, their_times))
    ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
    click.echo(
        f"{case.name:24} {statistics.median(mine):>9,.0f}/s  reference "
        f"{statistics.median(theirs):>7,.0f}/s  ratio {ratio:5.2f}  "
        f"(wanted {case.wanted:3.1f}{'' if ratio >= case.wanted else ': MISSED'})"
    )


def memory(name: str, image: bytes, work: Callable[[bytes], object]) -> None:
    """Print the most memory that a piece of work takes, the result included."""
    work(image)  # what is kept from the first time does not count
    tracemalloc.start()
    work(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ratio = peak / len(image)
    click.echo(
        f"{name:24} {peak / 1e6:>6.1f} MB for a file of {len(image) / 1e6:.1f} MB  ratio "
        f"{ratio:5.2f}  (at most {MAX_MEMORY}{'' if ratio <= MAX_MEMORY else ': MISSED'})"
    )


def main() -> None:
    """Measure all of it."""
    if hasattr(os, "sched_setaffinity"):
        # Both sides on one core: they take turns anyway.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with Bakery() as bakery:
        for case in cases():
            measure(case, bakery)
    large = big_png()
    if not large.startswith(SIGNATURE):
        raise AssertionError("the large picture is no PNG")
    baked = bake(large, ASSERTION)
    memory("bake a PNG of 30 MB", large, lambda image: bake(image, ASSERTION))
    memory("unbake a PNG of 30 MB", baked, lambda image: unbake(image, thorough=True))
    for kilobytes in (12, 300, 5_000):
        svg = drawing(kilobytes * 1000)
        memory(f"bake an SVG of {kilobytes} kB", svg, lambda image: bake(image, ASSERTION))
        memory(f"unbake an SVG of {kilobytes} kB", bake(svg, ASSERTION), unbake)


if __name__ == "__main__":
    main()
