# SPDX-License-Identifier: AGPL-3.0-or-later
"""How somebody wants to see the site, with or without an account: light or dark, which language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request

from issuer.errors import InvalidInputError
from issuer.site import current_site
from issuer.tongues import LANGUAGES
from issuer.web import languages
from issuer.web.login.targets import local_target

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

blueprint = Blueprint("preferences", __name__)

COOKIE = "theme"
#: The first follows the system.
THEMES = ("auto", "light", "dark")
YEAR = 365 * 24 * 60 * 60


def init_app(app: Flask) -> None:
    """Take choices, and show pages accordingly."""
    app.register_blueprint(blueprint)
    # Nothing but a look changes, so no cookie is needed to protect the form.
    app.extensions["csrf"].exempt(blueprint)
    app.context_processor(
        lambda: {
            "theme": theme(),
            "themes": THEMES,
            "language": languages.language(),
            "languages": LANGUAGES,
        }
    )


def theme() -> str:
    """Return the look that was chosen."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def remember(response: Response, *, theme: str = "", language: str = "") -> None:
    """Keep a choice in the browser; nothing stays of one that is the system's own.

    Raises `InvalidInputError` for a theme or a language that there is not.
    """
    for name, value, known in (
        (COOKIE, theme, THEMES),
        (languages.COOKIE, language, ("auto", *LANGUAGES)),
    ):
        if not value:
            continue
        if value not in known:
            raise InvalidInputError(
                "%(name)s %(value)r: choose one of %(known)s",
                name=name,
                value=value[:40],
                known=", ".join(known),
            )
        if value == "auto":
            response.delete_cookie(name, samesite="Lax")
        else:
            secure = current_site().settings.is_public
            response.set_cookie(name, value, max_age=YEAR, secure=secure, samesite="Lax")


@blueprint.post("/preferences")
def choose() -> Response:
    """Remember a choice, and go back to the page."""
    response = redirect(_page_before(), 303)
    remember(
        response,
        theme=request.form.get("theme", ""),
        language=request.form.get("language", ""),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _page_before() -> str:
    """Return the page of this site that the form stood on; the front page if it is not known."""
    before = request.referrer or ""
    if not before.startswith(request.host_url):
        return "/"
    try:
        return local_target("/" + before.removeprefix(request.host_url), "")
    except InvalidInputError:
        return "/"
