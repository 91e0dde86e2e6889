# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades verify``: whether a badge is true, and why."""

from __future__ import annotations

import io
import json
import stat
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from issuer.adapters.fetching import GuardedFetcher
from issuer.cli.main import NEGATIVE, Context, pass_context
from issuer.cli.progress import growing_bar
from issuer.cli.verdicts import show, show_bundle
from issuer.errors import DatabaseNotReadyError, InvalidInputError
from issuer.services import unbundling
from issuer.services.verifying import CACHE, make_fetcher
from openbadges.fetching import DocumentFetcher
from openbadges.times import parse_time
from openbadges.verification import verify as verify_badge

if TYPE_CHECKING:
    from issuer.services.unbundling import BundleReport
    from openbadges.fetching import Fetcher
    from openbadges.verification import Report

MAX_SOURCE = 30 << 20


class Answer(BaseModel):
    """One recorded answer, as `DocumentFetcher` takes it."""

    status: int = 200
    content_type: str | None = None
    document: Any = Field(default=None, alias="json")
    text: str | None = None
    base64: str | None = None
    location: str | None = None
    error: str | None = None
    headers: dict[str, str] | None = None


Recorded = TypeAdapter(dict[str, Answer])
SUFFIXES = frozenset({".png", ".svg", ".json", ".jws"})


@click.command()
@click.argument("source")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="[TYPE:]VALUE",
    help="Whose the badge must be, such as somebody@example.org. May be given several times.",
)
@click.option(
    "--documents",
    "documents_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Answers of the network, so that a verdict can be reproduced anywhere (JSON).",
)
@click.option("--now", "now_text", metavar="TIME", help="The moment to judge at (ISO 8601).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@pass_context
def verify(
    context: Context,
    source: str,
    recipients: tuple[str, ...],
    documents_file: Path | None,
    now_text: str | None,
    *,
    as_json: bool,
) -> None:
    """Tell whether SOURCE is a true badge.

    SOURCE is an address, a signed badge, JSON text, a file of one of these, a PNG or SVG, a ZIP of
    badges, or - for standard input. Documents of this site are taken from its database, others are
    fetched. Of a ZIP every form of every badge must hold, and be the file that was packed.
    """
    now = datetime.now(UTC) if now_text is None else parse_time(now_text)
    recorded = _recorded(documents_file) if documents_file is not None else None

    def judge(given: str | bytes) -> Report:
        # What fetches bounds what one badge may ask for: each gets its own.
        fetcher = _fetching(context) if recorded is None else recorded
        return verify_badge(given, fetcher=fetcher, now=now, recipients=recipients)

    given = _read(source)
    if isinstance(given, str | bytes):
        _answer(judge(given), as_json=as_json)
    with given as file, growing_bar("Forms of badges") as (step, _):
        found = unbundling.judge(file, lambda form: (step(), judge(form))[1])
    _answer(found, as_json=as_json)


def _answer(report: Report | BundleReport, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps(report.to_dict()))
    elif isinstance(report, unbundling.BundleReport):
        show_bundle(report)
    else:
        show(report)
    sys.exit(0 if report.valid else NEGATIVE)


def _fetching(context: Context) -> Fetcher:
    """Return what fetches: the network, with our own site in front where there is one here."""
    settings = context.settings
    try:
        site = context.site
    except DatabaseNotReadyError:  # a stranger's machine
        return GuardedFetcher(
            allow_loopback=settings.allow_loopback, allow_http=settings.allow_http, cache=CACHE
        )
    # Who asks here may mend a key of the site; on a page it is the server's trouble.
    return make_fetcher(
        settings, site.database.reading, site.keys, site.objects, raises_key_errors=True
    )


def _read(source: str) -> str | bytes | IO[bytes]:
    """Return what is to be verified: the bytes of a file where SOURCE names one, or an open ZIP."""
    if source == "-":
        if sys.stdin is None:
            raise InvalidInputError("standard input: is closed")
        content = _bounded(sys.stdin.buffer, source)
        return io.BytesIO(content) if content.startswith(unbundling.START) else content
    if source.lstrip().lower().startswith(("http://", "https://", "{")):
        return source
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # no file, longer than a name can be, or with a NUL
        if path.suffix.lower() in SUFFIXES:
            raise InvalidInputError(f"{source}: there is no such file") from None
        return source
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise InvalidInputError(f"{source}: is not a file")
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        # Only the beginning is read of a ZIP, which may be larger than any badge.
        if stat.S_ISREG(mode) and file.peek(4).startswith(unbundling.START):
            stack.pop_all()
            return file
        return _bounded(file, source)


def _bounded(file: IO[bytes], name: str) -> bytes:
    content = file.read(MAX_SOURCE + 1)
    if len(content) > MAX_SOURCE:
        raise InvalidInputError(f"{name}: larger than {MAX_SOURCE} bytes")
    return content


def _recorded(path: Path) -> DocumentFetcher:
    if path.stat().st_size > MAX_SOURCE:
        raise InvalidInputError(f"{path}: larger than {MAX_SOURCE} bytes")
    try:
        documents = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{path}: not JSON: {error}") from error
    documents = documents.get("documents", documents) if isinstance(documents, dict) else None
    try:
        answers = Recorded.validate_python(documents)
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(str(part) for part in first["loc"]) or "documents"
        raise InvalidInputError(f"{path}: {where}: {first['msg']}") from error
    return DocumentFetcher(
        {
            address: answer.model_dump(by_alias=True, exclude_unset=True)
            for address, answer in answers.items()
        }
    )
