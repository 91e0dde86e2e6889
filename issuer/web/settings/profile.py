# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a person is shown: name, words, picture, pinned trophies, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from issuer.adapters.portraits import Portraits
from issuer.errors import InvalidInputError
from issuer.services import preferences, visibility
from issuer.services.preferences import Profile
from issuer.site import current_site, db_session
from issuer.tongues import LANGUAGES
from issuer.web.preferences import remember
from issuer.web.settings.shown import changing, done, guard, me

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("profile", __name__, url_prefix="/settings")
guard(blueprint)

PLACE = "place-"


@blueprint.post("/profile")
def change_profile() -> Response:
    """Change name, words, website, language and theme."""
    form = request.form
    wanted = Profile(
        display_name=form.get("display_name", ""),
        bio=form.get("bio", ""),
        website=form.get("website", ""),
        locale=form.get("locale", ""),
        theme=form.get("theme", ""),
    )
    with changing() as (database, person):
        preferences.change_profile(database, person, wanted, locales=LANGUAGES)
    response = done("profile")
    remember(response, theme=wanted.theme or "auto", language=wanted.locale or "auto")
    return response


@blueprint.post("/avatar")
def change_avatar() -> Response:
    """Show the Libravatar picture of an address, or none."""
    number = _number(request.form.get("address", ""))
    with changing() as (database, person):
        former = person.avatar_hash
        chosen = preferences.choose_portrait(database, person, number)
    site = current_site()
    portraits = Portraits(site.settings, site.objects)
    if former and former != chosen:
        portraits.forget(former)
    if chosen and not portraits.refresh(chosen):
        return done("avatar-later")
    return done("avatar")


@blueprint.get("/trophies")
def trophies() -> str:
    """Show the badges of a person, to choose which stand first."""
    database = db_session()
    person = me(database)
    return render_template(
        "settings/trophies.html",
        person=person,
        trophies=preferences.trophies(database, person),
        most=preferences.MAX_PINNED,
    )


@blueprint.post("/trophies")
def pin() -> Response:
    """Pin the chosen badges in the chosen order."""
    places = {
        name.removeprefix(PLACE): _number(value) or 0
        for name, value in request.form.items()
        if name.startswith(PLACE)
    }
    with changing() as (database, person):
        preferences.pin(database, person, places)
    return done("trophies")


@blueprint.post("/visibility")
def change_visibility() -> Response:
    """Opt out, or back in."""
    wanted = request.form.get("shown")
    if wanted not in {"yes", "no"}:
        raise InvalidInputError("visibility: say whether you want to be shown")
    with changing() as (database, person):
        (visibility.opt_in if wanted == "yes" else visibility.opt_out)(database, person)
    return done("visibility")


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInputError("%(text)r: is not a number of the list", text=text[:20])
    return int(text)
