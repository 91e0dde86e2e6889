# SPDX-License-Identifier: AGPL-3.0-or-later
"""Large ZIPs of whoever asks: how far one is, and the file once it is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask_babel import gettext as _

from issuer.errors import GoneError, NotFoundError
from issuer.preparing import EXPORTS
from issuer.services import emails, exports
from issuer.services.exports import Reason
from issuer.services.tasks import Task
from issuer.site import current_site, db_session
from issuer.waking import wake
from issuer.web import exportwords
from issuer.web.settings.shown import changing, me

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from werkzeug.wrappers import Response

    from issuer.models import Export

blueprint = Blueprint("exports", __name__, url_prefix="/my/badges/exports")

ZIP = "application/zip"


def begin(planned: int, address: int | None, *, with_certificates: bool) -> Response:
    """Let a ZIP of so many badges be made for whoever asks, and lead to it.

    Raises `InvalidInputError` and `NotFoundError` for an address that is not theirs.
    """
    with changing() as (database, person):
        if address is not None:
            emails.check_proven(emails.find(database, person, address))
        export, dropped = exports.ask(
            database,
            person,
            planned=planned,
            address=address,
            with_certificates=with_certificates,
            words=exportwords.kept(),
            now=datetime.now(UTC),
        )
        uuid = export.uuid
    _drop(dropped)
    return redirect(url_for("exports.show", uuid=uuid), 303)


@blueprint.get("/<uuid:uuid>")
def show(uuid: UUID) -> str:
    """Show how far an export is, and where the file is once it is there."""
    database = db_session()
    export = exports.find(database, me(database), uuid)
    if export.finished_at is None:
        wake(current_site(), Task.EXPORT)
    return render_template(
        "my/export.html",
        export=export,
        state=state(export, datetime.now(UTC)),
        why=_reasons().get(export.reason or ""),
    )


@blueprint.get("/<uuid:uuid>/file")
def file(uuid: UUID) -> Response:
    """Answer the file of an export, or the part of it that is asked for."""
    database = db_session()
    person = me(database)
    export = exports.find(database, person, uuid)
    if export.name is None:
        raise NotFoundError("export %(export)s: is not made yet", export=uuid)
    if state(export, datetime.now(UTC)) == "expired":
        raise GoneError(
            "export %(export)s: was kept for %(days)s days", export=uuid, days=exports.KEEP.days
        )
    path = current_site().objects.path_made(EXPORTS, export.name)
    name = f"badges-{person.key}.zip"
    database.close()  # who reads slowly keeps no transaction open
    response = send_file(
        path.absolute(), mimetype=ZIP, as_attachment=True, download_name=name, etag=uuid.hex
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.post("/<uuid:uuid>/remove")
def remove(uuid: UUID) -> Response:
    """Forget an export; one that is being made ends."""
    with changing() as (database, person):
        name = exports.remove(database, exports.find(database, person, uuid))
    _drop([name] if name else [])
    return redirect(url_for("exporting.show"), 303)


@blueprint.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def state(export: Export, now: datetime) -> str:
    """Return how an export stands: waiting, making, ready, failed, expired."""
    if export.finished_at is None:
        return "making" if export.done else "waiting"
    if export.reason:
        return "failed"
    return "ready" if export.expires_at is None or now < export.expires_at else "expired"


def _drop(names: Iterable[str]) -> None:
    """Drop files that no row names any more; what is left after a crash, a job drops."""
    for name in names:
        current_site().objects.drop_made(EXPORTS, name)


def _reasons() -> dict[str, str]:
    return {
        Reason.NONE_LEFT: _("There is no badge left that could be taken along."),
        Reason.TOO_LONG: _("It takes too long. Try it without certificates."),
        Reason.BROKEN: _("Something went wrong on our side. Try again later."),
    }
