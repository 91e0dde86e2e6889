# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which file holds which drawing, and whether the files on disk are the ones we would write."""

from __future__ import annotations

from pathlib import Path

from tools.artwork import frame, site
from tools.artwork.table import pins

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COLLECTION = CHECKOUT / "rules" / "artwork"
STATIC = CHECKOUT / "issuer" / "static"


def collection() -> dict[str, str]:
    """Return the drawing of every badge by its slug."""
    return {pin.slug: frame.draw(pin) for pin in pins()}


def drawings() -> dict[Path, str]:
    """Return every file that we generate."""
    badges = {COLLECTION / f"{slug}.svg": text for slug, text in collection().items()}
    return badges | {STATIC / name: text for name, text in site.drawings().items()}


def differences(wanted: dict[Path, str]) -> list[str]:
    """Return one line for each file that is missing, differs or is superfluous."""
    lines = []
    for path, text in wanted.items():
        if not path.exists():
            lines.append(f"{path}: missing")
        elif path.read_text(encoding="utf-8") != text:
            lines.append(f"{path}: differs from what the generator draws")
    extra = sorted(set(COLLECTION.glob("*.svg")) - set(wanted))
    return lines + [f"{path}: not in the design table" for path in extra]


def write(wanted: dict[Path, str]) -> None:
    """Write every file, and remove pictures that the table no longer names."""
    for path in set(COLLECTION.glob("*.svg")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
