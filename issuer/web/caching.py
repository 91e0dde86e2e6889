# SPDX-License-Identifier: AGPL-3.0-or-later
"""What browsers and caches may keep: pages by their ETag, static files by their content."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, request

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

#: A shared cache may answer for half a minute; a browser always asks whether it changed.
PUBLIC = "public, max-age=0, s-maxage=30"
PRIVATE = "private, no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
VERSION = "v"


def init_app(app: Flask) -> None:
    """Make the answers of the application cacheable."""
    app.url_defaults(_add_version)
    app.after_request(_cache)


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put the content's hash into the address of a static file."""
    if _is_static(endpoint) and VERSION not in values and (path := _static_file(endpoint, values)):
        values[VERSION] = _version(path, path.stat().st_mtime_ns)


def _cache(response: Response) -> Response:
    if response.status_code != 200 or request.method not in {"GET", "HEAD"}:
        return response
    if _is_static(request.endpoint or ""):
        path = _static_file(request.endpoint or "", request.view_args or {})
        named = request.args.get(VERSION)
        if path and named and named == _version(path, path.stat().st_mtime_ns):
            response.headers["Cache-Control"] = FOR_EVER
        return response
    return _revalidate(response) if response.mimetype == "text/html" else response


def _revalidate(response: Response) -> Response:
    known = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    response.headers.setdefault("Cache-Control", PRIVATE if known else PUBLIC)
    response.vary.update(("Accept", "Accept-Language", "Cookie"))
    response.add_etag()
    return response.make_conditional(request)


def _is_static(endpoint: str) -> bool:
    return endpoint == "static" or endpoint.endswith(".static")


def _static_file(endpoint: str, values: dict[str, Any]) -> Path | None:
    blueprint = current_app.blueprints.get(endpoint.rpartition(".")[0])
    folder = (blueprint or current_app).static_folder
    path = Path(str(folder)) / str(values.get("filename", ""))
    return path if folder and path.is_file() else None


@lru_cache(maxsize=256)
def _version(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
