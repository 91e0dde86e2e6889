# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns every error into an answer: a page for browsers, JSON for the rest. Only here."""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from babel.dates import format_timedelta
from flask import jsonify, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from issuer import errors
from issuer.access import current_actor
from issuer.limits import seconds_left
from issuer.problems import API, problem
from issuer.statusinfo import API as OPEN_BADGES
from issuer.statusinfo import status_info
from issuer.telling import worded
from issuer.web.languages import locale
from issuer.words import Text

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

STATUS: dict[type[BaseException], int] = {
    errors.GoneError: 410,
    errors.NotFoundError: 404,
    errors.ForbiddenError: 403,
    errors.ConflictError: 409,
    errors.OptedOutError: 409,
    errors.InvalidInputError: 400,
    errors.KeyUnavailableError: 503,
    errors.DatabaseNotReadyError: 503,
    OperationalError: 503,
}
RETRY_SECONDS = "10"
OLD_PAGE = Text("this page is too old: load it again, then send it once more")

#: What a page says: its heading, and what to do.
WORDS = {
    400: (_("That did not make sense"), _("Something in the request could not be read.")),
    403: (_("Not for you"), _("You may not do this. Perhaps you need to sign in first.")),
    404: (_("Nothing here"), _("There is no such page. It may have had another name.")),
    405: (_("Not like this"), _("This address cannot be used in that way.")),
    409: (_("That does not fit"), _("The request contradicts what is stored.")),
    410: (_("Gone for good"), _("This was here once and will not come back.")),
    413: (_("Too large"), _("What you sent is larger than we accept.")),
    429: (_("Slow down, please"), _("Too many requests came from you. Try again in a while.")),
    500: (_("Our mistake"), _("Something broke on our side. It has been noted.")),
    503: (_("Back in a moment"), _("A part of the site cannot be reached. Try again in a while.")),
}


def init_app(app: Flask) -> None:
    """Answer all errors of the application."""
    app.register_error_handler(errors.AccoladesError, _ours)
    app.register_error_handler(OperationalError, _ours)
    app.register_error_handler(HTTPException, _http)


def prefers_html() -> bool:
    """Whether the caller is a browser: it names HTML and likes it better than JSON."""
    return request.accept_mimetypes["text/html"] > request.accept_mimetypes["application/json"]


def _ours(error: Exception) -> Response:
    """Answer an error of the issuer, or of its database."""
    code = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if code == HTTPStatus.FORBIDDEN:  # by its endpoint: an address may be a secret
        who = current_actor().username or "nobody"
        log.warning("refused: %s %s to %s", request.method, request.endpoint, who)
    if code < 500 and isinstance(error, errors.AccoladesError):
        return _answer(code, str(error), said=error.text)
    log.error("%s %s: %s", request.method, request.endpoint, error, exc_info=error)
    answer = _answer(code, str(WORDS[code][1]))
    if code == 503:
        answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _http(error: HTTPException) -> Response:
    """Answer an error of the protocol; its headers, such as Allow, are kept."""
    plain = error.get_response()
    if error.response is not None:
        return plain
    code = error.code or 500
    text = error.description or HTTPStatus(code).phrase
    wait = _wait(plain) if code == HTTPStatus.TOO_MANY_REQUESTS else 0
    if wait:
        text = f"too many requests ({text}): try again in {wait} seconds"
    said = OLD_PAGE if isinstance(error, CSRFError) else ""
    answer = _answer(code, text, said=said, wait=wait)
    for name, value in plain.headers:
        if name not in answer.headers:
            answer.headers[name] = value
    return answer


def _wait(plain: Response) -> int:
    """Return after how many seconds somebody who asks too often may come back, 0 if unknown."""
    told = plain.headers.get("Retry-After", "")
    return int(told) if told.isdecimal() else seconds_left()


def _answer(code: int, text: str, *, said: str = "", wait: int = 0) -> Response:
    """Answer with ``text``, or with a page, which says more only in the reader's language."""
    if request.path.startswith(API):
        return problem(code, text)
    if request.path.startswith(OPEN_BADGES):
        return status_info(code, text)
    if prefers_html():
        title, advice = WORDS.get(code, (HTTPStatus(code).phrase, text))
        if wait:
            advice = gettext(
                "Too many requests came from you. Try again in %(time)s.",
                time=format_timedelta(timedelta(seconds=wait), threshold=1.5, locale=locale()),
            )
        detail = worded(said) if code in {400, 409} else ""
        page = render_template(
            "errors/error.html", code=code, title=title, advice=advice, detail=detail
        )
        response = Response(page, status=code, mimetype="text/html")
    else:
        response = jsonify(error=text)
        response.status_code = code
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response
