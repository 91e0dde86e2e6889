# SPDX-License-Identifier: AGPL-3.0-or-later
"""My badges: whoever has them takes them along, for any of their proven addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from issuer import packing
from issuer.errors import ConflictError, GoneError, InvalidInputError
from issuer.limits import limiter
from issuer.services import bundling, emails, exporting, exports
from issuer.services.exporting import MEDIA_TYPES, SIGNED, Form
from issuer.site import current_site, db_session
from issuer.web import exportwords
from issuer.web.exports import ZIP, begin, state
from issuer.web.exports import blueprint as large
from issuer.web.login import current_login
from issuer.web.settings.shown import me

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from sqlalchemy.orm import Session

    from issuer.config import Settings
    from issuer.models import Award, Person

blueprint = Blueprint("exporting", __name__, url_prefix="/my/badges")

#: A certificate costs a third of a second, a ZIP of everything seconds.
SINGLE, EVERYTHING = "40 per minute", "6 per hour"
#: An SVG opened by itself is a document: nothing in it may run or load.
CLOSED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def init_exporting(app: Flask, settings: Settings) -> None:
    """Let people take their badges along where they can log in."""
    if settings.oidc_issuer:
        app.register_blueprint(blueprint)
        app.register_blueprint(large)


def who() -> str:
    """Return for whom requests are counted."""
    login = current_login(datetime.now(UTC))
    return f"person {login.username.lower()}" if login else "nobody"


@blueprint.get("")
def show() -> str:
    """Show the badges of whoever asks, with all the forms in which they may be taken along."""
    database = db_session()
    person = me(database)
    after = request.args.get("after", "")
    now = datetime.now(UTC)
    held = exporting.listed(database, person, now=now, after=after)
    chosen = number_of(request.args.get("address", ""))
    return render_template(
        "my/badges.html",
        held=held,
        after=after,
        chosen=chosen,
        exports=[(each, state(each, now)) for each in exports.listed(database, person)],
        **choices(database, person),
    )


@blueprint.post("/take")
@limiter.limit(SINGLE, key_func=who)
def take() -> Response:
    """Answer one badge in one form; what nobody asked for before is made and kept."""
    form, uuid = _wanted(request.form.get("take", ""))
    site, now = current_site(), datetime.now(UTC)
    database = db_session()
    person = me(database)
    award_id = exporting.award_of(database, person, uuid)
    address = number_of(request.form.get("address", ""))
    badge = next(packing.exported(site, person.username, [award_id], address, now=now), None)
    if badge is None:
        raise GoneError(f"assertion {uuid}: was taken back")
    if form in SIGNED and form not in badge.forms:
        raise ConflictError(
            _("The key that signed it was revoked: choose another form, or another address.")
        )
    if form is Form.PDF:
        body = exportwords.certifier(person)(badge)
    else:
        body = exporting.content(badge, form, site.objects)
    response = _file(body, MEDIA_TYPES[form], badge.filename(form))
    if form is Form.SVG:
        response.headers["Content-Security-Policy"] = CLOSED
    return response


@blueprint.post("/everything")
@limiter.limit(EVERYTHING, key_func=who)
def everything() -> Response:
    """Answer all badges of whoever asks as one ZIP, made while it is sent; many are made later."""
    site, now = current_site(), datetime.now(UTC)
    database = db_session()
    person = me(database)
    award_ids = exporting.of_person(database, person)
    if not award_ids:
        raise InvalidInputError("badges: you have none yet")
    address = number_of(request.form.get("address", ""))
    with_certificates = "certificates" in request.form
    if not exports.is_small(len(award_ids), with_certificates=with_certificates):
        database.close()
        return begin(len(award_ids), address, with_certificates=with_certificates)
    database.close()  # who reads slowly keeps no transaction open
    bundle = exportwords.bundle(person, with_certificates=with_certificates, now=now)
    parts = bundling.stream(
        packing.exported(site, person.username, award_ids, address, now=now), bundle
    )
    first = next(parts)  # what cannot be done is said before the answer begins
    return _file(chain([first], parts), ZIP, f"badges-{person.key}.zip")


def choices(database: Session, person: Person) -> dict[str, Any]:
    """Return what the choice of an address and of a form needs, for whoever has the badges."""
    return {
        "person": person,
        "addresses": emails.listed(database, person),
        "account_address": f"{person.username}@{current_site().settings.email_domain}".lower(),
        "form_words": exportwords.form_words(),
    }


def for_holder(award: Award, database: Session) -> dict[str, Any]:
    """Return the same for the page of an award, and nothing for anybody but its holder."""
    login = current_login(datetime.now(UTC))
    if login is None or award.is_revoked or award.person.key != login.username.lower():
        return {}
    if award.person.erased_at is not None:
        return {}
    lost = exporting.unsigned(database, [award.id])
    return {**choices(database, award.person), "unsigned": lost.get(award.id, frozenset())}


def uuid_of(text: str) -> UUID:
    """Return an assertion that a form names; raise `InvalidInputError` for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInputError(f"badge {text[:60]!r}: is not an assertion") from None


def _wanted(text: str) -> tuple[Form, UUID]:
    form, _, uuid = text.partition(" ")
    try:
        return Form(form), UUID(uuid)
    except ValueError:
        raise InvalidInputError(f"take {text[:60]!r}: not a form and an assertion") from None


def number_of(text: str) -> int | None:
    """Return the number of an address; none is the one of the public page."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInputError(f"address {text[:40]!r}: is none of yours")
    return int(text)


def _file(body: bytes | Iterable[bytes], media_type: str, name: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
