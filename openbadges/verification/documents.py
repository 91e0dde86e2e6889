# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetches what a badge names, remembers every answer, and tells gone from out of reach."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from openbadges.errors import FetchError, MalformedError, VerificationError
from openbadges.jsonld import to_plain
from openbadges.legacy import V0_5, V1_1, upgrade, upgrade_assertion_0_5
from openbadges.models.kinds import is_url
from openbadges.serialization import loads, loads_object
from openbadges.verification.forms import V2_0, version_of
from openbadges.verification.reports import FetchedDocument
from openbadges.vocabulary import ACCEPT_DOCUMENT, ASSERTION, BADGE_CLASS, CONTEXT, ISSUER, JSON_LD

if TYPE_CHECKING:
    from openbadges.fetching import Fetcher, Response

MAX_DOCUMENTS: Final = 20
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
        self._failures: dict[str, str] = {}
        # Documents that came inside another, by the id they were given.
        self._inside: dict[str, dict[str, Any]] = {}
        self._read: dict[str, dict[str, Any]] = {}
        # What was parsed already, by the URL whose answer it is.
        self._parsed: dict[str, dict[str, Any]] = {}
        self._versions: dict[str, str] = {}
        self.fetched: list[FetchedDocument] = []
        self.notes: list[str] = []

    def answer(self, url: str, accept: str = ACCEPT_DOCUMENT) -> Response:
        """Return the answer to a URL, whatever its status.

        Raises `FetchError`: there is none, or the badge asks for too many documents.
        """
        if url in self._failures:
            raise FetchError(self._failures[url])
        if url not in self._answers:
            if len(self.fetched) >= MAX_DOCUMENTS:
                raise FetchError(f"the badge names more than {MAX_DOCUMENTS} documents")
            try:
                self._answers[url] = self._fetch(url, accept)
            except FetchError as error:
                self._failures[url] = str(error)
                raise
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

    def own_body(self, url: str) -> bytes:
        """Return the body of an answer that comes from the host that was asked.

        A document is only believed from there: elsewhere an open redirect would let anybody speak
        for that host.

        Raises `MissingError` and `FetchError` as `body`. Raises `VerificationError`: the answer
        comes from another host.
        """
        body = self.body(url)
        check_same_host(url, self.answer(url).final_url)
        return body

    def object(self, url: str, kind: str = "") -> dict[str, Any]:
        """Return the document at a URL, in the plain form of version 2.0.

        `kind` is the class that is looked for; versions before 1.1 do not write it down.

        Raises what `own_body` and `plain` raise. Raises `MalformedError`: it is no JSON object.
        """
        if url in self._inside or url in self._read:
            return self._inside.get(url) or self._read[url]
        body = self.own_body(url)
        try:
            document = self._parsed.get(url) or parse_document(body)
        except MalformedError as error:
            raise MalformedError(f"{url}: {error}") from error
        self._read[url] = self.plain(document, kind, url)
        return self._read[url]

    def keep_parsed(self, url: str, document: dict[str, Any]) -> None:
        """Take note of what the answer to a URL says, so that it is parsed once."""
        self._parsed[url] = document

    def plain(self, document: dict[str, Any], kind: str, url: str = "") -> dict[str, Any]:
        """Return a document in the plain form of version 2.0: upgraded, and read as linked data.

        Raises `UnsupportedError`: it is of no version that is known. Raises `MalformedError`: it
        is no sound JSON-LD, or breaks the rules of its version. Raises `FetchError` and
        `MissingError` for a context that cannot be had.
        """
        version = version_of(document)
        if version == V2_0:
            return to_plain(document, self.vocabulary)
        if version == V0_5:
            plain, inside = upgrade_assertion_0_5(document, url)
            self._inside |= inside
            self._versions |= dict.fromkeys(inside, version)
        elif version == V1_1:
            plain = to_plain(_with_new_context(document), self.vocabulary)
            plain = upgrade(plain, _class_of(plain), url)
        else:
            plain = upgrade(document, kind, url)
        identifier = str(plain.get("id"))[:200]
        self.note(f"{url or identifier} is Open Badges {version} and was read as {V2_0}")
        self._versions[identifier] = version
        return plain

    def canonical(self, url: str, kind: str = "") -> dict[str, Any]:
        """Return the document that a URL stands for: it carries the id it was fetched from.

        A document that names another id is looked for there, once.

        Raises what `object` raises, and `VerificationError` where ids never agree.
        """
        document = self.object(url, kind)
        named = document.get("id")
        if named == url or (url not in self._inside and named == self.answer(url).final_url):
            return document
        if not isinstance(named, str) or not is_url(named):
            raise MalformedError(f"{url} must carry its own URL as id, not {str(named)[:80]!r}")
        self.note(f"{url} names {named} as its id, so that one was judged")
        document = self.object(named, kind)
        if document.get("id") != named:
            raise VerificationError(f"{named} does not carry its own URL as id")
        return document

    def version(self, identifier: Any) -> str:
        """Return the version that a document was upgraded from; empty where it was not."""
        return self._versions.get(str(identifier), "")

    def note(self, text: str) -> None:
        """Keep something that is lawful but worth knowing, once."""
        if text not in self.notes:
            self.notes.append(text)

    def vocabulary(self, url: str) -> dict[str, Any]:
        """Return a context or a schema that is not well known, wherever its server keeps it.

        Raises `MissingError` and `FetchError` as `body`. Raises `MalformedError`: no JSON object.
        """
        body = self.body(url, JSON_LD)
        try:
            return loads_object(body)
        except MalformedError as error:
            raise MalformedError(f"{url}: {error}") from error

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


def parse_document(data: bytes | str) -> dict[str, Any]:
    """Return the object in a JSON text; expanded JSON-LD wraps it in an array.

    Raises `MalformedError`: no JSON, or no object.
    """
    value = loads(data)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
        if isinstance(value, dict) and not {"@id", "@type"} & value.keys():
            value = None
    if not isinstance(value, dict):
        raise MalformedError("JSON holds no object")
    return value


def check_same_host(url: str, final_url: str) -> None:
    """Refuse an answer from another host than the one asked, or over a weaker scheme.

    Raises `VerificationError`: the answer comes from elsewhere.
    """
    if url == final_url:
        return
    asked, answered = urlsplit(url), urlsplit(final_url)
    weaker = asked.scheme == "https" and answered.scheme != "https"
    if asked.hostname != answered.hostname or weaker:
        raise VerificationError(f"{url} redirects to another host ({answered.netloc})")


def _with_new_context(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of 1.1 under the context of 2.0, where its terms mean the same."""
    given = document["@context"]
    return {**document, "@context": [CONTEXT, *given[1:]] if isinstance(given, list) else CONTEXT}


def _class_of(document: dict[str, Any]) -> str:
    """Return the class that a document of 1.1 says it has; that of issuers had another name."""
    given = document.get("type")
    names = given if isinstance(given, list) else [given]
    if {ISSUER, "IssuerOrg"} & {name for name in names if isinstance(name, str)}:
        return ISSUER
    return next((known for known in (ASSERTION, BADGE_CLASS) if known in names), "")
