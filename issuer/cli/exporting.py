# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades export``: the badges of a person, in any form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from issuer import packing
from issuer.adapters.objects import write_whole
from issuer.cli.main import Context, pass_context
from issuer.cli.progress import bar
from issuer.errors import InvalidInputError
from issuer.services import bundling, emails, exporting, persons
from issuer.services.exporting import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from issuer.services.exporting import Exported
    from issuer.site import Site

ZIP = "zip"
FORMS = [ZIP, "json", "jws", "png", "svg", "ob3", "ob3-jwt", "pdf"]


@click.command("export")
@click.argument("user")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default=ZIP,
    show_default=True,
    help="One ZIP of everything, or files of one form.",
)
@click.option(
    "-o",
    "--output",
    "output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write; for several badges that are no ZIP, the folder.",
)
@click.option("--badge", default="", help="Only this badge, by its slug.")
@click.option(
    "--address",
    default="",
    help="Made out to this address, which the person proved; else as the public pages show them.",
)
@click.option("--certificates", is_flag=True, help="With a PDF of each badge in the ZIP.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def export(
    context: Context,
    user: str,
    form: str,
    output: Path,
    badge: str,
    address: str,
    *,
    certificates: bool,
    as_json: bool,
) -> None:
    """Write the badges of USER in the forms in which they leave the site.

    What nobody asked for before is signed and kept. Revoked badges are left out.
    """
    site, now = context.site, datetime.now(UTC)
    with site.database.reading() as session:
        person = persons.find(session, user)
        address_id = emails.proven(session, person, address).id if address else None
        award_ids = exporting.of_person(session, person, badge)
        username, name = person.username, person.display_name or person.username
    if not award_ids:
        raise InvalidInputError(f"person {user!r}: has no badge to export")
    is_one = (bool(badge) or len(award_ids) == 1) and not output.is_dir()
    _check(output, is_file=form == ZIP or is_one)
    with bar("Badges", len(award_ids)) as step:
        found = _stepping(packing.exported(site, username, award_ids, address_id, now=now), step)
        certify = packing.certifier(site, name)
        if form == ZIP:
            bundle = bundling.Bundle(
                name=name,
                site=site.settings.site_name,
                objects=site.objects,
                now=now,
                certify=certify if certificates else None,
            )
            files = [_write_zip(output, bundling.stream(found, bundle))]
        else:
            files = _write_files(found, Form(form), output, site, certify, is_one=is_one)
    number = len(award_ids) if form == ZIP else len(files)
    if as_json:
        click.echo(json.dumps({"user": username, "badges": number, "files": files}))
    else:
        click.echo(f"{output}: {number} {'badge' if number == 1 else 'badges'} of {username}")


def _check(output: Path, *, is_file: bool) -> None:
    """Say what is wrong with the target before anything is signed."""
    if not output.absolute().parent.is_dir():
        raise InvalidInputError(f"{output}: its folder is not there: make it first")
    if is_file and output.is_dir():
        raise InvalidInputError(f"{output}: is a folder: name a file in it")
    if not is_file and output.exists() and not output.is_dir():
        raise InvalidInputError(
            f"{output}: must be a folder for several badges: or name one with --badge"
        )


def _stepping(badges: Iterable[Exported], step: Callable[[], None]) -> Iterator[Exported]:
    for badge in badges:
        yield badge
        step()


def _write_zip(output: Path, parts: Iterable[bytes]) -> str:
    """Write a ZIP as it is made; nobody ever sees half of it under its name."""
    half = output.with_name(f".{output.name}.part")
    try:
        with half.open("wb") as file:
            for part in parts:
                file.write(part)
        half.replace(output)
    finally:
        half.unlink(missing_ok=True)
    return str(output)


def _write_files(
    badges: Iterable[Exported],
    form: Form,
    output: Path,
    site: Site,
    certify: Callable[[Exported], bytes],
    *,
    is_one: bool,
) -> list[str]:
    written: list[str] = []
    names = bundling.Names()
    for badge in badges:
        if form not in badge.forms:
            click.echo(f"{badge.slug}: there is no {form} of it", err=True)
            continue
        path = output if is_one else output / f"{names.unlike(badge.slug)}{exporting.ENDINGS[form]}"
        body = certify(badge) if form is Form.PDF else exporting.content(badge, form, site.objects)
        write_whole(path, body)
        written.append(str(path))
        if is_one:
            break  # of one that was awarded several times, the newest
    if not written:
        raise InvalidInputError(f"{output}: no badge has the form {form}")
    return written
