# SPDX-License-Identifier: AGPL-3.0-or-later
"""The design table: what every badge of the collection looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.artwork import backdrops, palette, shapes
from tools.artwork.emblems import (
    building,
    creatures,
    garden,
    keepsakes,
    people,
    sources,
    talking,
    testing,
    treats,
    writing,
)
from tools.artwork.frame import Pin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.artwork.backdrops import Backdrop
    from tools.artwork.nodes import Art
    from tools.artwork.palette import Enamel
    from tools.artwork.shapes import Shape

    Emblem = Callable[[], Art]


@dataclass(frozen=True, slots=True)
class Family:
    """A series: one shape, one enamel, one backdrop, and an emblem for every level."""

    slug: str
    shape: Shape
    field: Enamel
    backdrop: Backdrop
    emblems: tuple[Emblem, ...]


@dataclass(frozen=True, slots=True)
class Single:
    """A badge that stands alone."""

    slug: str
    shape: Shape
    field: Enamel
    backdrop: Backdrop
    emblem: Emblem


FAMILIES = (
    Family(
        "update-tester",
        shapes.SHIELD,
        palette.TEAL,
        backdrops.rings,
        (
            testing.lone_glass,
            testing.crash_helmet,
            testing.steady_hand,
            testing.hound,
            testing.castle_gate,
            testing.pipeline,
            testing.crowned_box,
        ),
    ),
    Family(
        "package-builder",
        shapes.HEXAGON,
        palette.DENIM,
        backdrops.grid,
        (building.one_brick, building.small_wall, building.brick_tower, building.skyline),
    ),
    Family(
        "committer",
        shapes.OCTAGON,
        palette.PLUM,
        backdrops.halo,
        (sources.one_commit, sources.one_branch, sources.branch_tree, sources.branch_forest),
    ),
    Family(
        "wiki-gardener",
        shapes.DROP,
        palette.DAYLIGHT,
        backdrops.hills,
        (garden.seedling, garden.flower, garden.hedge, garden.garden_gate),
    ),
    Family(
        "meeting-regular",
        shapes.SQUIRCLE,
        palette.HONEY,
        backdrops.ground,
        (talking.one_chair, talking.three_chairs, talking.full_table, talking.coffee_table),
    ),
    Family(
        "blogger",
        shapes.CIRCLE,
        palette.MIDNIGHT,
        backdrops.night,
        (writing.one_ring, writing.two_rings, writing.moon_and_rings),
    ),
    Family(
        "docs-author",
        shapes.ARCH,
        palette.PETROL,
        backdrops.rays,
        (writing.lamp, writing.lighthouse),
    ),
    Family(
        "forum-voice",
        shapes.BUBBLE,
        palette.RASPBERRY,
        backdrops.slant,
        (talking.one_bubble, talking.three_bubbles, talking.bubble_crowd),
    ),
    Family(
        "issue-spotter",
        shapes.DIAMOND,
        palette.MOSS,
        backdrops.slant,
        (sources.spotted_beetle, sources.beetle_row),
    ),
    Family(
        "patch-bringer",
        shapes.STAMP,
        palette.SAND,
        backdrops.spots,
        (sources.patched_gift, sources.quilt),
    ),
    Family(
        "copr-cook",
        shapes.GEAR,
        palette.TURQUOISE,
        backdrops.rays,
        (building.small_pot, building.three_pots),
    ),
    Family(
        "kernel-tester",
        shapes.PENTAGON,
        palette.FOREST,
        backdrops.halo,
        (building.one_tube, building.tube_rack),
    ),
    Family(
        "cookie-jar",
        shapes.SCALLOP,
        palette.MINTGREEN,
        backdrops.stripes,
        (treats.one_in_the_jar, treats.full_jar),
    ),
    Family(
        "badge-collector",
        shapes.BURST,
        palette.VIOLET,
        backdrops.rays,
        (treats.album_page, treats.album_shelf),
    ),
    Family(
        "account-age",
        shapes.CREST,
        palette.MEADOW,
        backdrops.hills,
        (
            keepsakes.one_ring,
            keepsakes.two_rings,
            keepsakes.three_rings,
            keepsakes.five_rings,
            keepsakes.seven_rings,
            keepsakes.ten_rings,
        ),
    ),
    Family(
        "anniversary",
        shapes.TICKET,
        palette.LAVENDER,
        backdrops.spots,
        (keepsakes.one_candle, keepsakes.five_candles, keepsakes.ten_candles),
    ),
    Family(
        "steady-stream",
        shapes.CLOUD,
        palette.PETROL,
        backdrops.waves,
        (keepsakes.three_drops, keepsakes.umbrella, keepsakes.rain_barrel),
    ),
)

SINGLES = (
    Single("brake-puller", shapes.OCTAGON, palette.HONEY, backdrops.stripes, testing.brake_lever),
    Single("build-breaker", shapes.HEXAGON, palette.SAND, backdrops.rays, building.plastered_brick),
    Single("meeting-chair", shapes.PENNANT, palette.WINE, backdrops.slant, talking.gavel),
    Single("forum-appreciated", shapes.HEART, palette.BLUSH, backdrops.rays, talking.liked_bubble),
    Single("merge-keeper", shapes.CREST, palette.MEADOW, backdrops.rivers, sources.paper_boat),
    Single("cookie-giver", shapes.SCALLOP, palette.TURQUOISE, backdrops.halo, treats.open_hand),
    Single("upstream-mapper", shapes.PIN, palette.TEAL, backdrops.waves, people.river_map),
    Single("first-login", shapes.ARCH, palette.MIDNIGHT, backdrops.night, people.open_door),
    Single("profile-complete", shapes.TAG, palette.DAYLIGHT, backdrops.slant, people.name_tag),
    Single("group-sponsor", shapes.SHIELD, palette.PEACH, backdrops.rays, people.helping_hand),
    Single("bug-reporter", shapes.DIAMOND, palette.FOREST, backdrops.grid, sources.clipboard),
    Single("playbook-conductor", shapes.GEAR, palette.COPPER, backdrops.halo, people.conductor),
    Single(
        "wallpaper-artist",
        shapes.SQUIRCLE,
        palette.LAVENDER,
        backdrops.spots,
        people.painted_screen,
    ),
    Single(
        "calendar-keeper",
        shapes.STAMP,
        palette.RASPBERRY,
        backdrops.stripes,
        people.bell_calendar,
    ),
    Single("election-candidate", shapes.BURST, palette.DENIM, backdrops.rays, people.ballot_box),
    Single("forge-hopper", shapes.OCTAGON, palette.RUST, backdrops.rings, creatures.hopping_frog),
    Single("event-check-in", shapes.TICKET, palette.PLUM, backdrops.spots, people.ticket),
    Single("night-owl", shapes.CIRCLE, palette.MIDNIGHT, backdrops.night, creatures.owl),
    Single("early-bird", shapes.BURST, palette.PEACH, backdrops.rays, creatures.early_bird),
    Single("weekend-coder", shapes.CLOUD, palette.DAYLIGHT, backdrops.halo, creatures.hammock),
    Single("whole-set", shapes.SQUIRCLE, palette.MINTGREEN, backdrops.rays, keepsakes.tray),
    Single("mirror-keeper", shapes.CIRCLE, palette.PLUM, backdrops.rays, keepsakes.hand_mirror),
    Single("friendly-face", shapes.ARCH, palette.BLUSH, backdrops.stripes, keepsakes.portrait),
    Single("badge-smith", shapes.GEAR, palette.WINE, backdrops.halo, keepsakes.anvil),
    Single("old-school", shapes.STAMP, palette.PEACH, backdrops.grid, keepsakes.floppy),
    Single(
        "package-keeper", shapes.SHIELD, palette.DENIM, backdrops.rings, keepsakes.locked_parcel
    ),
    Single("package-mentor", shapes.SHIELD, palette.TEAL, backdrops.rays, keepsakes.shared_parcel),
    Single("leap-day", shapes.PENTAGON, palette.LAVENDER, backdrops.waves, creatures.leap_day),
)


def pins() -> Iterator[Pin]:
    """Yield every picture of the collection."""
    for family in FAMILIES:
        for level, emblem in enumerate(family.emblems, start=1):
            yield Pin(
                slug=f"{family.slug}-{level}",
                title=f"{_sight(emblem)}, level {level} of {len(family.emblems)}",
                shape=family.shape,
                field=family.field,
                backdrop=family.backdrop,
                emblem=emblem(),
                level=level,
                levels=len(family.emblems),
            )
    for single in SINGLES:
        yield Pin(
            slug=single.slug,
            title=_sight(single.emblem),
            shape=single.shape,
            field=single.field,
            backdrop=single.backdrop,
            emblem=single.emblem(),
        )


def _sight(emblem: Emblem) -> str:
    """Return what an emblem shows; its docstring says it already."""
    sentence = (emblem.__doc__ or "").split(".")[0].removeprefix("Return ")
    return sentence[:1].upper() + sentence[1:]
