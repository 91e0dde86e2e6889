# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetches for verifications: a site's own documents from its database, others from the network."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urldefrag, urlsplit
from uuid import UUID

from issuer.adapters.answers import AnswerCache
from issuer.adapters.fetching import GuardedFetcher
from issuer.errors import KeyUnavailableError, NotFoundError
from issuer.services import credentials, endorsements, publishing, renewals
from openbadges.errors import FetchError
from openbadges.fetching import Response
from openbadges.vocabulary import ACCEPT_BADGE, JOSE, JSON, JSON_LD, PNG, SVG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy.orm import Session

    from issuer.adapters.keystores import KeyStore
    from issuer.adapters.objects import ObjectFolder
    from issuer.config import Settings
    from issuer.models import BadgeEdition
    from openbadges.fetching import Fetcher

    Reading = Callable[[], AbstractContextManager[Session]]

SLUG = r"(?P<slug>[a-z0-9-]+)"
NUMBER = r"(?P<number>[0-9]{1,6})"
NAMED = r"/(?P<uuid>[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"
ASSERTION = rf"/assertions{NAMED}"
ENDORSEMENT = rf"/endorsements{NAMED}"
DID_DOCUMENT = "/did.json"
PORTS = {"https": 443, "http": 80}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: What an address of ours may be written with; everything else is left to who refuses it.
PRINTABLE = re.compile(r"[!-\[\]-~]+")

#: Answers of other sites, for all verifications of this process.
CACHE = AnswerCache()
#: Verifying waits for strangers: some threads of a process must stay for everything else.
GATE = threading.BoundedSemaphore(3)


class Elsewhere:
    """Fetches nothing: for a site that looks at its own documents only."""

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Raise `FetchError`."""
        raise FetchError(f"{url} is not of this site, which looks at its own documents only")


@dataclass(frozen=True, slots=True)
class AtHand:
    """Answers some addresses with what was read already, and leaves the others to ``fetcher``."""

    known: Mapping[str, tuple[bytes, str]]  # body and media type, by address
    fetcher: Fetcher

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return what is known of an address; raise `FetchError` as ``fetcher`` does."""
        if url not in self.known:
            return self.fetcher.fetch(url, accept=accept)
        body, media_type = self.known[url]
        return Response(status=200, final_url=url, body=body, content_type=media_type)


@dataclass(frozen=True, slots=True)
class RememberingFetcher:
    """Fetches as another does, and keeps the answers of one verification at hand."""

    fetcher: Fetcher
    bodies: dict[str, bytes] = field(default_factory=dict)

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return the answer to a GET; raise `FetchError` as the other does."""
        answer = self.fetcher.fetch(url, accept=accept)
        if answer.status == 200:
            self.bodies[url] = answer.body
        return answer


@dataclass(frozen=True, slots=True)
class OwnFetcher:
    """Answers the addresses of this site from its database, as its web server would.

    Every other address is asked of ``elsewhere``; no session is held open meanwhile. A key that
    cannot be used is a server in trouble to a stranger, and an error to whoever may mend it.
    """

    reading: Reading
    base_url: str
    keys: KeyStore
    objects: ObjectFolder
    elsewhere: Fetcher
    raises_key_errors: bool = False

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return what our web server would answer.

        Raises `FetchError` as ``elsewhere`` does.
        """
        own = self.answer(url)
        return self.elsewhere.fetch(url, accept=accept) if own is None else own

    def answer(self, url: str) -> Response | None:
        """Return what our web server would answer; None for an address of another site."""
        bare = urldefrag(url).url
        parts = own_parts(bare, self.base_url)
        if parts is None:
            return None
        here = f"{self.base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        if parts.path.endswith(DID_DOCUMENT):
            here = bare
        with self.reading() as session:
            status, body, media_type = _Visit(self, session).answer(unquote(parts.path))
        return Response(status=status, final_url=here, body=body, content_type=media_type)


def own_parts(url: str, base_url: str) -> SplitResult | None:
    """Return the parts of an address that leads to this site, however its origin is written.

    Letter case, the usual port written out, http where the site is https (it redirects), and the
    names of this machine among each other make no difference. None for any other address.
    """
    if not PRINTABLE.fullmatch(url):
        return None
    try:
        given, ours = urlsplit(url), urlsplit(base_url)
        port = given.port or PORTS.get(given.scheme)
        own_port = ours.port or PORTS[ours.scheme]
    except ValueError:
        return None
    if "@" in given.netloc or given.scheme not in PORTS:
        return None
    host, own_host = (given.hostname or "").rstrip("."), ours.hostname or ""
    same_host = host == own_host or {host, own_host} <= LOOPBACK
    if given.path.endswith(DID_DOCUMENT) and given.scheme == "https":
        # The name of an issuer holds no scheme: verifiers ask https, whatever the site speaks.
        return given if same_host and (given.port or 443) in {own_port, 443} else None
    same_port = (given.scheme, port) == (ours.scheme, own_port)
    redirected = (given.scheme, port, ours.scheme, own_port) == ("http", 80, "https", 443)
    return given if same_host and (same_port or redirected) else None


def make_fetcher(
    settings: Settings,
    reading: Reading,
    keys: KeyStore,
    objects: ObjectFolder,
    *,
    raises_key_errors: bool = False,
) -> OwnFetcher:
    """Return what fetches for one verification: our own documents, and those of other sites."""
    elsewhere = GuardedFetcher(
        allow_loopback=settings.allow_loopback,
        allow_http=settings.allow_http,
        cache=CACHE,
        gate=GATE,
    )
    own = OwnFetcher(
        reading, settings.base_url, keys, objects, elsewhere, raises_key_errors=raises_key_errors
    )
    elsewhere.inside = own.answer
    return own


@dataclass(frozen=True, slots=True)
class _Visit:
    """One question to this site."""

    own: OwnFetcher
    session: Session

    def answer(self, path: str) -> tuple[int, bytes, str]:
        """Return the status, the body and its media type."""
        try:
            for pattern, answer in ROUTES:
                if match := re.fullmatch(pattern, path):
                    return 200, *answer(self, **match.groupdict())
        except publishing.RevokedError as error:
            return 410, error.stub.encode(), JSON_LD
        except KeyUnavailableError:
            if self.own.raises_key_errors:
                raise
            return 503, b"", ""
        except NotFoundError:
            return 404, b"", ""
        return 404, b"", ""

    def document(self, text: str) -> tuple[bytes, str]:
        """Return a document as an answer."""
        return text.encode(), JSON_LD

    def picture(self, slug: str, number: str = "1") -> tuple[bytes, str]:
        """Return the picture of a badge."""
        return self._png(publishing.find_edition(self.session, slug, int(number))), PNG

    def drawing(self, slug: str, number: str = "1") -> tuple[bytes, str]:
        """Return the picture of a badge as a drawing."""
        return self._svg(publishing.find_edition(self.session, slug, int(number))), SVG

    def portrait(self, slug: str) -> tuple[bytes, str]:
        """Return the picture of an issuer."""
        image = publishing.issuer_image(self.session, slug)
        return self.own.objects.get(image.sha256), image.media_type

    def signed(self, uuid: str) -> tuple[bytes, str]:
        """Return the signed form of an assertion."""
        assertion = publishing.find_assertion(self.session, UUID(uuid))
        return publishing.token(assertion, self.own.keys).encode(), JOSE

    def baked(self, uuid: str) -> tuple[bytes, str]:
        """Return the baked picture of an assertion."""
        assertion = publishing.find_assertion(self.session, UUID(uuid))
        text = publishing.carried(assertion, self.own.keys)
        return publishing.baked(self._png(assertion.edition), text), PNG

    def baked_drawing(self, uuid: str) -> tuple[bytes, str]:
        """Return the baked drawing of an assertion."""
        assertion = publishing.find_assertion(self.session, UUID(uuid))
        text = publishing.carried(assertion, self.own.keys)
        return publishing.baked(self._svg(assertion.edition), text), SVG

    def plain(self, document: dict[str, Any]) -> tuple[bytes, str]:
        """Return an object as an answer."""
        return json.dumps(document).encode(), JSON

    def credential(self, uuid: str) -> tuple[bytes, str]:
        """Return an award as a credential, if it was ever asked for."""
        return self._kept(publishing.find_assertion(self.session, UUID(uuid)).ob3), JSON_LD

    def credential_token(self, uuid: str) -> tuple[bytes, str]:
        """Return an award as a token, if it was ever asked for."""
        return self._kept(publishing.find_assertion(self.session, UUID(uuid)).ob3_jwt), JOSE

    def current_credential(self, uuid: str) -> tuple[bytes, str]:
        """Return an award as it would be issued now, where that is known; nothing is written."""
        text = renewals.kept(self.session, UUID(uuid), now=datetime.now(UTC))
        return self._kept(text), JSON_LD

    def endorsement(self, uuid: str) -> tuple[bytes, str]:
        """Return what one of our issuers says of something."""
        return self.document(endorsements.find_own(self.session, UUID(uuid)).document)

    def signed_endorsement(self, uuid: str) -> tuple[bytes, str]:
        """Return the signed form of an endorsement."""
        found = endorsements.find_own(self.session, UUID(uuid))
        return endorsements.token(found, self.own.keys).encode(), JOSE

    def endorsement_credential(self, uuid: str) -> tuple[bytes, str]:
        """Return an endorsement as a credential."""
        return self._kept(endorsements.find_own(self.session, UUID(uuid)).ob3), JSON_LD

    def status(self, number: str) -> tuple[bytes, str]:
        """Return a list of revocations as it is now; nothing is written."""
        now = datetime.now(UTC)
        text = credentials.status_list(
            self.session, int(number), self.own.keys, now=now, keep=False
        )
        return text.encode(), JSON_LD

    def _kept(self, text: str | None) -> bytes:
        if text is None:
            raise NotFoundError("nobody asked for this form yet")
        return text.encode()

    def _png(self, edition: BadgeEdition) -> bytes:
        return self.own.objects.get(edition.png.sha256)

    def _svg(self, edition: BadgeEdition) -> bytes:
        if edition.svg is None:
            raise NotFoundError("this badge is no drawing")
        return self.own.objects.get(edition.svg.sha256)


ROUTES: tuple[tuple[str, Callable[..., tuple[bytes, str]]], ...] = (
    (
        rf"{ASSERTION}(\.json)?",
        lambda own, uuid: own.document(publishing.find_assertion(own.session, UUID(uuid)).document),
    ),
    (rf"{ASSERTION}\.jws", _Visit.signed),
    (rf"{ASSERTION}/image", _Visit.baked),
    (rf"{ASSERTION}/image\.svg", _Visit.baked_drawing),
    (
        rf"/badges/{SLUG}(\.json)?",
        lambda own, slug: own.document(publishing.badge_class(own.session, slug)),
    ),
    (
        rf"/badges/{SLUG}/editions/{NUMBER}",
        lambda own, slug, number: own.document(
            publishing.badge_class(own.session, slug, int(number))
        ),
    ),
    (rf"/badges/{SLUG}/image", _Visit.picture),
    (rf"/badges/{SLUG}/editions/{NUMBER}/image", _Visit.picture),
    (rf"/badges/{SLUG}/image\.svg", _Visit.drawing),
    (rf"/badges/{SLUG}/editions/{NUMBER}/image\.svg", _Visit.drawing),
    (rf"/issuers/{SLUG}/image", _Visit.portrait),
    (
        rf"/issuers/{SLUG}(\.json)?",
        lambda own, slug: own.document(publishing.profile(own.session, slug)),
    ),
    (
        rf"/issuers/{SLUG}/epochs/{NUMBER}",
        lambda own, slug, number: own.document(publishing.profile(own.session, slug, int(number))),
    ),
    (
        rf"/issuers/{SLUG}/revocations",
        lambda own, slug: own.document(publishing.revocations(own.session, slug)),
    ),
    (rf"{ASSERTION}/ob3(\.json)?", _Visit.credential),
    (rf"{ASSERTION}/ob3\.jwt", _Visit.credential_token),
    (rf"{ASSERTION}/ob3/current", _Visit.current_credential),
    (rf"{ENDORSEMENT}(\.json)?", _Visit.endorsement),
    (rf"{ENDORSEMENT}\.jws", _Visit.signed_endorsement),
    (rf"{ENDORSEMENT}/ob3", _Visit.endorsement_credential),
    (r"/status/(?P<number>[0-9]{1,9})", _Visit.status),
    (
        rf"/issuers/{SLUG}/did\.json",
        lambda own, slug: own.plain(credentials.did_document(own.session, slug)),
    ),
    (
        r"/keys/(?P<kid>[A-Za-z0-9_-]+)\.jwk",
        lambda own, kid: own.plain(publishing.jwk(own.session, kid)),
    ),
    (
        r"/keys/(?P<kid>[A-Za-z0-9_-]+)",
        lambda own, kid: own.document(publishing.key(own.session, kid)),
    ),
)
