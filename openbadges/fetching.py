# SPDX-License-Identifier: AGPL-3.0-or-later
"""How verification asks for documents; the network itself is the caller's affair."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urldefrag, urljoin

from openbadges.errors import FetchError
from openbadges.vocabulary import ACCEPT_BADGE, JSON_LD

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REDIRECTS: Final = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a server answered in the end; `redirects` holds the URLs that led there."""

    status: int
    final_url: str
    body: bytes
    content_type: str = ""
    redirects: tuple[str, ...] = ()


class Fetcher(Protocol):
    """Anything that fetches documents.

    An implementation bounds time, size and redirects, and refuses addresses that are not public.
    """

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return the final answer to a GET, whatever its status.

        Raises `FetchError`: there is no answer, or it is not one that may be read.
        """
        ...


class DocumentFetcher:
    """Answers from documents in memory instead of the network, so that a verdict is reproducible.

    `documents` maps a URL to ``{status, content_type, json | text | base64, location, error,
    headers}``, all of them optional; ``error`` stands for a connection that fails.
    """

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._documents = documents

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return the recorded answer; `accept` chooses nothing here.

        Raises `FetchError`: no answer is recorded, it is an error, or redirects do not end.
        """
        passed: list[str] = []
        current = urldefrag(url).url
        while len(passed) <= MAX_REDIRECTS:
            document = self._document(current)
            status = document.get("status", 200)
            location = document.get("location") or _header(document, "location")
            if status not in _REDIRECTS or not location:
                return Response(
                    status=status,
                    final_url=current,
                    content_type=_content_type(document),
                    body=_body(document, current),
                    redirects=tuple(passed),
                )
            passed.append(current)
            try:
                current = urldefrag(urljoin(current, str(location))).url
            except ValueError as error:
                raise FetchError(f"{current} redirects to what is no address") from error
        raise FetchError(f"{url} redirects more than {MAX_REDIRECTS} times")

    def _document(self, url: str) -> Mapping[str, Any]:
        document = self._documents.get(url)
        if document is None:
            raise FetchError(f"{url} cannot be reached: no document is recorded for it")
        if document.get("error"):
            raise FetchError(f"{url} cannot be reached: {document['error']}")
        return document


def _header(document: Mapping[str, Any], name: str) -> str:
    headers = document.get("headers") or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


def _content_type(document: Mapping[str, Any]) -> str:
    given = document.get("content_type") or _header(document, "content-type")
    return str(given or (JSON_LD if "json" in document else ""))


def _body(document: Mapping[str, Any], url: str) -> bytes:
    if "json" in document:
        return json.dumps(document["json"]).encode()
    if "base64" in document:
        try:
            return base64.b64decode(document["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise FetchError(f"{url} is recorded as base64 that cannot be read") from error
    return str(document.get("text") or "").encode("utf-8", "surrogatepass")
