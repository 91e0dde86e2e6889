# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers for programs (public JSON and XML, with an ETag), and what people are told."""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response

from issuer.sessions import tell

#: As for pages: a shared cache may answer for half a minute.
CACHE = "public, max-age=0, s-maxage=30"


def public_json(value: dict[str, Any]) -> Response:
    """Answer JSON."""
    return public(json.dumps(value, ensure_ascii=False), "application/json")


def public(body: str, media_type: str) -> Response:
    """Answer a text, or 304 where the caller has it."""
    response = Response(body, content_type=f"{media_type}; charset=utf-8")
    response.headers["Cache-Control"] = CACHE
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    return response.make_conditional(request)


def told(text: str, target: str, *, link: str = "", link_text: str = "") -> Response:
    """Lead to ``target``, where ``text`` says what was done."""
    tell("good", text, link, link_text)
    return redirect(target, 303)
