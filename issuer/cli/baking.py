# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades bake`` and ``accolades unbake``: a badge into a picture, and out of it."""

from __future__ import annotations

from pathlib import Path

import click

from issuer.adapters.objects import write_whole
from issuer.errors import InvalidInputError
from openbadges.baking import bake as bake_into
from openbadges.baking import unbake as unbake_from

PICTURE = click.Path(exists=True, dir_okay=False, path_type=Path)
MAX_BYTES = 30 << 20


@click.command()
@click.argument("image", type=PICTURE)
@click.argument("assertion")
@click.option(
    "-o",
    "--output",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The picture to write.",
)
def bake(image: Path, assertion: str, output: Path) -> None:
    """Put ASSERTION, a signed badge or JSON or a file of one, into IMAGE (PNG or SVG).

    What was baked into the picture before is replaced.
    """
    try:
        text = _read(Path(assertion)).decode() if _is_file(assertion) else assertion
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{assertion}: is not text") from error
    write_whole(output, bake_into(_read(image), text.strip()))
    click.echo(f"{output}: written")


@click.command()
@click.argument("image", type=PICTURE)
def unbake(image: Path) -> None:
    """Print what is baked into IMAGE (PNG or SVG)."""
    click.echo(unbake_from(_read(image)))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be: the badge itself
        return False


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInputError(f"{path}: larger than {MAX_BYTES} bytes")
    return path.read_bytes()
