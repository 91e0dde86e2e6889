# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every colour of the collection: paints of emblems, enamels of fields, metals of levels."""

from __future__ import annotations

from dataclasses import dataclass

INK = "#1e2340"  # every outline
CREAM = "#fff3d9"
WHITE = "#ffffff"
SUN = "#ffc636"
AMBER = "#f2912f"
CORAL = "#ff6a55"
ROSE = "#f58aa9"
LEAF = "#57b562"
MINT = "#97e0bb"
SKY = "#85cff5"
BLUE = "#4a86e0"
LILAC = "#b9a1f2"
WOOD = "#a9683a"
TAN = "#e2ae70"
STEEL = "#bdc9d9"
SLATE = "#65738d"
BRICK = "#d65f45"


def mix(colour: str, other: str, share: float) -> str:
    """Return ``colour`` with ``share`` (0 to 1) of ``other`` stirred in."""
    pairs = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Enamel:
    """One colour in three tones, so that light falls from above."""

    light: str
    base: str
    deep: str

    @classmethod
    def of(cls, base: str, lift: float = 0.2, drop: float = 0.24) -> Enamel:
        """Return the three tones around ``base``."""
        return cls(mix(base, WHITE, lift), base, mix(base, INK, drop))


#: Level 1 to 7. The order is the ramp; it is the same in every series, so that levels compare.
LEVELS: tuple[Enamel, ...] = (
    Enamel.of("#9aa8bb", 0.45),  # steel
    Enamel.of("#c8723c", 0.4),  # copper
    Enamel.of("#2fa36f", 0.4),  # jade
    Enamel.of("#3d7be0", 0.4),  # cobalt
    Enamel.of("#8f5bd6", 0.4),  # amethyst
    Enamel.of("#d93a63", 0.4),  # ruby
    Enamel.of("#f5b62b", 0.5),  # gold
)
#: The rim of a badge that stands alone.
PEARL = Enamel("#ffffff", "#f1e6cf", "#cbb994")

TEAL = Enamel.of("#1d8189")
PETROL = Enamel.of("#17596b")
DENIM = Enamel.of("#3a68ad")
PLUM = Enamel.of("#56439c")
VIOLET = Enamel.of("#8247a6")
MIDNIGHT = Enamel.of("#2b3170")
DAYLIGHT = Enamel.of("#8dd2ee")
TURQUOISE = Enamel.of("#3fb3b5")
MINTGREEN = Enamel.of("#86d3b3")
FOREST = Enamel.of("#217050")
MOSS = Enamel.of("#6f9138")
MEADOW = Enamel.of("#8fc257")
SAND = Enamel.of("#f3d89b")
HONEY = Enamel.of("#f2b93b")
PEACH = Enamel.of("#ffad7a")
COPPER = Enamel.of("#dd7a33")
RUST = Enamel.of("#b5533f")
WINE = Enamel.of("#86304d")
RASPBERRY = Enamel.of("#c84372")
BLUSH = Enamel.of("#f7a3b8")
LAVENDER = Enamel.of("#a995e6")
