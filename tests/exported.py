# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that were taken from a site, and what strangers may look up about them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from issuer.app import create_app
from issuer.services import exporting, minting, persons
from issuer.services.exporting import Form
from openbadges.fetching import DocumentFetcher
from openbadges.ob3.identifiers import did_web_url
from openbadges.signing import peek
from openbadges.verification import verify
from tests.issuing import NOW
from tests.lookups import Stranger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from issuer.services.exporting import Exported
    from issuer.site import Site
    from openbadges.verification import Report

#: The forms that hold their own proof; a hosted one is proven by where it lies.
SIGNED = (Form.JWS, Form.OB3_JWT, Form.OB3, Form.PNG, Form.SVG)


@dataclass
class World:
    """A site as strangers see it."""

    site: Site
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = create_app(site=self.site).test_client()

    @property
    def stranger(self) -> Stranger:
        """Somebody who looks things up here."""
        return Stranger(self.client, self.site.settings.base_url)

    def answer(self, address: str) -> dict[str, Any]:
        """Return what our web server answers, in the form in which the judge takes it."""
        return self.stranger.answer(address)

    def documents(self, badge: Exported) -> dict[str, Any]:
        """Return all that a badge of version 2.0 names, by its address."""
        return self.stranger.documents(badge.address, badge.jws)

    def known_to_wallets(self, badge: Exported) -> dict[str, Any]:
        """Return the keys of the issuer and its list of revocations, by their addresses."""
        credential = json.loads(badge.proof)
        listed = credential["credentialStatus"]["statusListCredential"]
        addresses = [listed, peek(badge.token)[0]["kid"]]
        found = {each: self.answer(each)["json"] for each in addresses}
        own = self.answer("/issuers/accolades/did.json")["json"]
        return {**found, own["id"]: own}

    def recorded(self, badge: Exported) -> dict[str, Any]:
        """Return all that our verifier may ask for, whatever the form."""
        found = self.known_to_wallets(badge)
        answers = {
            did_web_url(url) if url.startswith("did:web:") else url: {"json": document}
            for url, document in found.items()
        }
        return {**self.documents(badge), **answers}

    def content(self, badge: Exported, form: Form) -> bytes:
        """Return a form of a badge as it is downloaded."""
        return exporting.content(badge, form, self.site.objects)


def collect(
    session: Session, site: Site, username: str, award_ids: Iterable[int] = ()
) -> list[Exported]:
    """Return badges of a person as they leave a site: the given ones, or all."""
    person = persons.find(session, username)
    chosen = list(award_ids) or exporting.of_person(session, person)
    rows = minting.for_address(session, person, chosen, None, now=NOW)
    return exporting.collect(session, rows, site.keys, now=NOW)


def verdict(
    source: str | bytes, answers: dict[str, Any], *, now: datetime = NOW, **options: Any
) -> Report:
    """Return what our verifier says, with nothing but recorded answers to look at."""
    return verify(source, fetcher=DocumentFetcher(answers), now=now, **options)


def judged_forms(world: World, badge: Exported, folder: Path) -> list[str]:
    """Return the forms of version 2.0 as the judge takes them; pictures lie in files."""
    inputs = [badge.address, badge.hosted, badge.jws]
    for form in (Form.PNG, Form.SVG):
        path = folder / badge.filename(form)
        path.write_bytes(world.content(badge, form))
        inputs.append(str(path))
    return inputs
