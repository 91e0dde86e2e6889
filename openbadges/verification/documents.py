# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetches what a badge names, remembers every answer, and tells gone from out of reach."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from openbadges.errors import FetchError, MalformedError, VerificationError
from openbadges.models.kinds import is_url
from openbadges.serialization import loads_object
from openbadges.verification.forms import check_form
from openbadges.verification.reports import FetchedDocument
from openbadges.vocabulary import ACCEPT_DOCUMENT

if TYPE_CHECKING:
    from openbadges.fetching import Fetcher, Response

MAX_DOCUMENTS: Final = 30
OK: Final = 200
NOT_FOUND: Final = 404
GONE: Final = 410


class MissingError(VerificationError):
    """The server answers, and says that there is no such document."""


class GoneError(MissingError):
    """The server says that there was such a document and that it was withdrawn."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} does not exist any more: its server answers {GONE}")
        self.url = url


class Documents:
    """All the answers of one verification: each URL is asked for once."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._answers: dict[str, Response] = {}
        self.fetched: list[FetchedDocument] = []
        self.notes: list[str] = []

    def answer(self, url: str, accept: str = ACCEPT_DOCUMENT) -> Response:
        """Return the answer to a URL, whatever its status.

        Raises `FetchError`: there is none, or the badge asks for too many documents.
        """
        if url not in self._answers:
            if len(self.fetched) >= MAX_DOCUMENTS:
                raise FetchError(f"the badge names more than {MAX_DOCUMENTS} documents")
            self._answers[url] = self._fetch(url, accept)
        return self._answers[url]

    def body(self, url: str, accept: str = ACCEPT_DOCUMENT) -> bytes:
        """Return the body of an answer with status 200.

        Raises `MissingError`: the server says there is nothing. Raises `FetchError`: it says
        anything else, or nothing.
        """
        answer = self.answer(url, accept)
        if answer.status == GONE:
            raise GoneError(url)
        if answer.status == NOT_FOUND:
            raise MissingError(f"{url} does not exist: its server answers {NOT_FOUND}")
        if answer.status != OK:
            raise FetchError(f"{url} cannot be read now: its server answers {answer.status}")
        return answer.body

    def object(self, url: str) -> dict[str, Any]:
        """Return the document at a URL, as it stands there.

        A document is only believed from the host that was asked: elsewhere an open redirect would
        let anybody speak for that host.

        Raises `MissingError` and `FetchError` as `body`. Raises `VerificationError`: the answer
        comes from another host. Raises `MalformedError`: it is no JSON object. Raises
        `UnsupportedError`: it is no plain Open Badges 2.0.
        """
        body = self.body(url)
        check_same_host(url, self.answer(url).final_url)
        try:
            document = loads_object(body)
        except MalformedError as error:
            raise MalformedError(f"{url}: {error}") from error
        check_form(document)
        return document

    def canonical(self, url: str) -> dict[str, Any]:
        """Return the document that a URL stands for: it carries the id it was fetched from.

        A document that names another id is looked for there, once.

        Raises what `object` raises, and `VerificationError` where ids never agree.
        """
        document = self.object(url)
        named = document.get("id")
        if named in (url, self.answer(url).final_url):
            return document
        if not isinstance(named, str) or not is_url(named):
            raise MalformedError(f"{url} must carry its own URL as id, not {str(named)[:80]!r}")
        self.notes.append(f"{url} names {named} as its id, so that one was judged")
        document = self.object(named)
        if document.get("id") != named:
            raise VerificationError(f"{named} does not carry its own URL as id")
        return document

    def _fetch(self, url: str, accept: str) -> Response:
        if not is_url(url):
            raise VerificationError(f"{url[:80]!r} is no URL that can be fetched")
        try:
            answer = self._fetcher.fetch(url, accept=accept)
        except FetchError as error:
            self.fetched.append(FetchedDocument(url, url, None, "", "", str(error)))
            raise
        digest = hashlib.sha256(answer.body).hexdigest()
        self.fetched.append(
            FetchedDocument(url, answer.final_url, answer.status, answer.content_type, digest)
        )
        return answer


def check_same_host(url: str, final_url: str) -> None:
    """Refuse an answer from another host than the one asked, or over a weaker scheme.

    Raises `VerificationError`: the answer comes from elsewhere.
    """
    asked, answered = urlsplit(url), urlsplit(final_url)
    weaker = asked.scheme == "https" and answered.scheme != "https"
    if asked.hostname != answered.hostname or weaker:
        raise VerificationError(f"{url} redirects to another host ({answered.netloc})")
