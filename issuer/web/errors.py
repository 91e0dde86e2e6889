# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns every error into an answer: a page for browsers, JSON for the rest. Only here."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import jsonify, render_template, request
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from issuer import errors
from issuer.problems import API, problem

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

STATUS: dict[type[BaseException], int] = {
    errors.GoneError: 410,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.OptedOutError: 409,
    errors.InvalidInputError: 400,
    errors.KeyUnavailableError: 503,
    errors.DatabaseNotReadyError: 503,
    OperationalError: 503,
}
RETRY_SECONDS = "10"

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
    if code < 500:
        return _answer(code, str(error))
    log.error("%s %s: %s", request.method, request.path, error, exc_info=error)
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
    answer = _answer(code, error.description or HTTPStatus(code).phrase)
    for name, value in plain.headers:
        if name not in answer.headers:
            answer.headers[name] = value
    return answer


def _answer(code: int, text: str) -> Response:
    if request.path.startswith(API):
        return problem(code, text)
    if prefers_html():
        title, advice = WORDS.get(code, (HTTPStatus(code).phrase, text))
        detail = text if code in {400, 409} else ""
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
