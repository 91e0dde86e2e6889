# SPDX-License-Identifier: AGPL-3.0-or-later
"""How public documents are answered: what was asked for, cacheable, readable from anywhere."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from flask import current_app, request
from werkzeug.wrappers import Response

from openbadges.vocabulary import JSON, JSON_LD

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = "text/html"
#: Views that show a document to people, by its kind: the application fills it.
HTML_VIEWS = "accolades_html"

#: What may still change is asked for again; what never changes need not be.
REVALIDATE = "public, max-age=0, must-revalidate"
LASTING = "public, max-age=3600"
#: For whoever asked, and for nobody after them.
UNKEPT = "private, no-store"
#: Programs that draw a card of a link that people share. They take anything (``*/*``, or no word of
#: it), as verifiers do, and can show nothing of JSON-LD.
PREVIEWERS = re.compile(
    r"LinkedInBot|facebookexternalhit|Facebot|Twitterbot|Slackbot|Discordbot|TelegramBot|WhatsApp"
    r"|SkypeUriPreview|redditbot|Bluesky Cardyb|Mastodon/|Pinterestbot|Iframely|Embedly|Synapse",
    re.IGNORECASE,
)


def wants_html() -> bool:
    """Whether the caller is a browser, or shows others what it would see."""
    return _prefers_html() or _previews()


def _prefers_html() -> bool:
    """Whether the caller names HTML and likes it better than JSON-LD."""
    return request.accept_mimetypes.best_match([JSON_LD, JSON, HTML], default=JSON_LD) == HTML


def _previews() -> bool:
    """Whether a program that takes anything is one that previews links."""
    takes_anything = request.accept_mimetypes.best in {None, "*/*"}
    return takes_anything and bool(PREVIEWERS.search(request.user_agent.string))


def html_view(kind: str) -> Callable[..., Response | None]:
    """Return the view that shows a kind of document to people."""
    view: Callable[..., Response | None] = current_app.extensions[HTML_VIEWS][kind]
    return view


def document(text: str, *, status: int = 200, cache: str = REVALIDATE) -> Response:
    """Answer a JSON-LD document; as plain JSON where only that is accepted."""
    accepted = request.accept_mimetypes.best_match([JSON_LD, JSON], default=JSON_LD)
    return content(text.encode(), accepted, status=status, cache=cache)


def content(
    body: bytes, media_type: str, *, status: int = 200, cache: str = REVALIDATE, filename: str = ""
) -> Response:
    """Answer bytes with an ETag, or 304 where the caller has them; ``?download`` saves a file."""
    response = Response(body, status=status, content_type=media_type)
    response.headers["Cache-Control"] = cache
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    if filename and "download" in request.args:
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    if status != 200:
        return response
    return response.make_conditional(request)


def public(response: Response) -> Response:
    """Let any page read the answer, and tell caches what it depends on."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag"
    response.vary.add("Accept")
    if response.mimetype == HTML and not _prefers_html():
        # A cache would give it to the next verifier that takes anything.
        response.headers["Cache-Control"] = UNKEPT
    return response
