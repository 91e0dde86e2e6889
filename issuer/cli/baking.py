# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades bake`` and ``accolades unbake``: a badge into a picture, and out of it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import IO

import click

from issuer.adapters.objects import write_whole
from issuer.cli.main import NEGATIVE
from issuer.errors import InvalidInputError
from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, keyword_for
from openbadges.baking import bake as bake_into
from openbadges.baking import unbake as unbake_from
from openbadges.errors import BakingError, NotBakedError

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

    What was baked into the picture before is replaced. A credential of Open Badges 3.0 is told
    by its type; it stands beside an assertion, and each leaves the other as it is.
    """
    target = _target(output)
    text = _text(assertion)
    try:
        keyword = keyword_for(text)
    except BakingError as error:
        # What is no badge is most often the name of a file that is not there.
        raise InvalidInputError(f"{assertion[:200]}: is no file with a badge: {error}") from error
    content = _read(image)
    try:
        baked = bake_into(content, text, keyword=keyword)
    except BakingError as error:
        raise InvalidInputError(f"{image}: {error}") from error
    write_whole(target, baked, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644)
    click.echo(f"{output}: written")


@click.command()
@click.argument("image", type=PICTURE)
@click.option(
    "--credential",
    is_flag=True,
    help="Print the Open Badges 3.0 credential, not the 2.0 assertion.",
)
def unbake(image: Path, *, credential: bool) -> None:
    """Print what is baked into IMAGE (PNG or SVG); exit 1 if nothing is."""
    content = _read(image)
    try:
        text = unbake_from(content, CREDENTIAL_KEYWORD if credential else KEYWORD, thorough=True)
    except NotBakedError as error:
        click.echo(f"accolades: {image}: {error}", err=True)
        sys.exit(NEGATIVE)
    except BakingError as error:
        raise InvalidInputError(f"{image}: {error}") from error
    _print(text)


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InvalidInputError("standard output: is closed")
    if sys.stdout.isatty():
        # The text is a stranger's: it must not steer the terminal.
        text = "".join(letter if _is_plain(letter) else repr(letter)[1:-1] for letter in text)
    # As it is: click.echo would take colour codes out, and a locale would change letters.
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode())


def _is_plain(letter: str) -> bool:
    return letter.isprintable() or letter in "\n\t"


def _text(assertion: str) -> str:
    """Return the badge to bake: what stands in the file, if ASSERTION is one."""
    content = assertion.encode()
    if assertion == "-":
        if sys.stdin is None:
            raise InvalidInputError("standard input: is closed")
        content = _bounded(sys.stdin.buffer, assertion)
    elif _is_file(assertion):
        content = _read(Path(assertion))
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{assertion}: is not text in UTF-8") from error


def _is_file(text: str) -> bool:
    try:
        return bool(text) and Path(text).exists()
    except (OSError, ValueError):  # longer than a name can be, or with a NUL: the badge itself
        return False


def _target(output: Path) -> Path:
    """Return the file to write, behind links; raise where no file may be put."""
    target = output.resolve()
    if not target.parent.is_dir():
        raise InvalidInputError(f"{output}: its folder is not there: make it first")
    if target.exists() and not target.is_file():
        raise InvalidInputError(f"{output}: is no file that can be replaced")
    return target


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return _bounded(file, str(path))


def _bounded(file: IO[bytes], name: str) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidInputError(f"{name}: larger than {MAX_BYTES} bytes")
    return content
