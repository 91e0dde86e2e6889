# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifies our own badges as a stranger would, without asking ourselves over the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag
from uuid import UUID

from issuer.errors import NotFoundError
from issuer.services import publishing
from openbadges.errors import FetchError
from openbadges.fetching import Response
from openbadges.vocabulary import ACCEPT_BADGE, JOSE, JSON_LD, PNG

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from issuer.adapters.keystore import KeyFolder
    from issuer.adapters.objects import ObjectFolder
    from openbadges.fetching import Fetcher

SLUG = r"(?P<slug>[a-z0-9-]+)"
NUMBER = r"(?P<number>[0-9]{1,6})"
ASSERTION = r"/assertions/(?P<uuid>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"


class Elsewhere:
    """Fetches nothing: for a site that looks at its own documents only."""

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Raise `FetchError`."""
        raise FetchError(f"{url} is not of this site, which looks at its own documents only")


@dataclass(frozen=True, slots=True)
class OwnFetcher:
    """Answers the addresses of this site from its database, as its web server would.

    Every other address is asked of ``elsewhere``.
    """

    session: Session
    base_url: str
    keys: KeyFolder
    objects: ObjectFolder
    elsewhere: Fetcher

    def fetch(self, url: str, *, accept: str = ACCEPT_BADGE) -> Response:
        """Return what our web server would answer.

        Raises `FetchError` as ``elsewhere`` does.
        """
        bare = urldefrag(url).url
        if not bare.startswith(f"{self.base_url}/"):
            return self.elsewhere.fetch(url, accept=accept)
        path = bare.removeprefix(self.base_url)
        try:
            for pattern, answer in ROUTES:
                if match := re.fullmatch(pattern, path):
                    body, media_type = answer(self, **match.groupdict())
                    return Response(status=200, final_url=bare, body=body, content_type=media_type)
        except publishing.RevokedError as error:
            stub = error.stub.encode()
            return Response(status=410, final_url=bare, body=stub, content_type=JSON_LD)
        except NotFoundError:
            return Response(status=404, final_url=bare, body=b"")
        return Response(status=404, final_url=bare, body=b"")

    def document(self, text: str) -> tuple[bytes, str]:
        """Return a document as an answer."""
        return text.encode(), JSON_LD

    def picture(self, slug: str, number: str = "1") -> tuple[bytes, str]:
        """Return the picture of a badge."""
        edition = publishing.find_edition(self.session, slug, int(number))
        return self.objects.get(edition.png.sha256), PNG

    def signed(self, uuid: str) -> tuple[bytes, str]:
        """Return the signed form of an assertion."""
        assertion = publishing.find_assertion(self.session, UUID(uuid))
        return publishing.token(assertion, self.keys).encode(), JOSE

    def baked(self, uuid: str) -> tuple[bytes, str]:
        """Return the baked picture of an assertion."""
        assertion = publishing.find_assertion(self.session, UUID(uuid))
        picture = self.objects.get(assertion.edition.png.sha256)
        return publishing.baked(picture, publishing.token(assertion, self.keys)), PNG


ROUTES: tuple[tuple[str, Callable[..., tuple[bytes, str]]], ...] = (
    (
        rf"{ASSERTION}(\.json)?",
        lambda own, uuid: own.document(publishing.find_assertion(own.session, UUID(uuid)).document),
    ),
    (rf"{ASSERTION}\.jws", OwnFetcher.signed),
    (rf"{ASSERTION}/image", OwnFetcher.baked),
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
    (rf"/badges/{SLUG}/image", OwnFetcher.picture),
    (rf"/badges/{SLUG}/editions/{NUMBER}/image", OwnFetcher.picture),
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
    (
        r"/keys/(?P<kid>[A-Za-z0-9_-]+)",
        lambda own, kid: own.document(publishing.key(own.session, kid)),
    ),
)
