# SPDX-License-Identifier: AGPL-3.0-or-later
"""Another issuer that endorses, and an admin of ours."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from issuer.services import issuers
from issuer.services.permissions import Actor, Role
from issuer.services.verifying import OwnFetcher
from openbadges.fetching import DocumentFetcher
from openbadges.keys import PrivateKey, generate_ed25519, load_public_key
from openbadges.models import Claim, Endorsement, Profile, Verification
from openbadges.ob3 import credentials, endorsements, identifiers, proofs, tokens
from openbadges.signing import sign
from openbadges.verification import verify
from tests.issuing import NOW
from tests.unit.openbadges.examples import key_document

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Issuer
    from issuer.site import Site
    from openbadges.verification import Report

ROOT = Actor(username="root", roles=frozenset({Role.ADMIN}))
BORIS = Actor(username="boris", roles=frozenset({Role.MANAGER}), issuers=frozenset({"accolades"}))
OTTO = Actor(username="otto", roles=frozenset({Role.MANAGER}), issuers=frozenset({"another"}))
HOST = "https://guild.example"
PROFILE = f"{HOST}/issuer"
KEY = f"{HOST}/key"
HOSTED = f"{HOST}/endorsements/1"
DID = identifiers.did_web(HOST)
COMMENT = "Hard to get, worth having."


class Guild:
    """An issuer elsewhere: what it publishes, by address."""

    def __init__(self, rsa: PrivateKey) -> None:
        self.rsa = PrivateKey(KEY, rsa.raw)
        self.ed25519 = generate_ed25519("guild")
        profile = Profile(
            id=PROFILE,
            name="The Guild",
            url=HOST,
            email="guild@example.org",
            public_keys=(KEY,),
        )
        keys = [("1", self.ed25519.public)]
        self.documents: dict[str, dict[str, Any]] = {
            PROFILE: {"json": profile.to_dict()},
            KEY: {"json": key_document(self.rsa.public.to_pem(), id=KEY, owner=PROFILE)},
            f"{HOST}/.well-known/did.json": {"json": identifiers.did_document(DID, keys)},
            KEY + ".jwk": {"json": self.rsa.public.to_jwk()},
        }

    def hosted(self, about: str, **changes: Any) -> str:
        """Publish an endorsement of version 2.0; return its address."""
        self.documents[HOSTED] = {"json": {**self._second(about), **changes}}
        return HOSTED

    def signed(self, about: str) -> str:
        """Return an endorsement of version 2.0 as a token."""
        verification = {"type": "SignedBadge", "creator": KEY}
        return sign({**self._second(about), "verification": verification}, self.rsa)

    def third(self, about: str, number: int = 1, comment: str = COMMENT) -> dict[str, Any]:
        """Return an endorsement of version 3.0 without a proof."""
        return endorsements.endorsement(
            f"{HOST}/credentials/{number}",
            credentials.Issuer(id=DID, name="The Guild"),
            about,
            comment,
            name="x",
            valid_from=NOW - timedelta(days=1),
        )

    def proven(self, about: str, number: int = 1, **changes: Any) -> dict[str, Any]:
        """Return an endorsement of version 3.0 with a proof."""
        document = {**self.third(about, number), **changes}
        return proofs.add_proof(document, self.ed25519, f"{DID}#1", created=NOW)

    def token(self, about: str) -> str:
        """Return an endorsement of version 3.0 as a token."""
        return tokens.to_token(self.third(about, 9), PrivateKey(KEY + ".jwk", self.rsa.raw))

    def _second(self, about: str) -> dict[str, Any]:
        return Endorsement(
            id=HOSTED,
            claim=Claim(id=about, comment=COMMENT),
            issuer=PROFILE,
            issued_on="2026-02-28T12:00:00Z",
            verification=Verification.hosted(),
        ).to_dict()


def a_key(session: Session, site: Site, issuer: Issuer) -> PrivateKey:
    """Return some RSA key: to make one takes long, and nobody asks whose it is."""
    epoch = issuers.current_epoch(session, issuer)
    assert epoch is not None
    loaded = site.keys.load(epoch.key.kid, load_public_key(epoch.key.public_pem, KEY))
    assert isinstance(loaded, PrivateKey)
    return loaded


def fetcher(session: Session, site: Site, guild: Guild) -> OwnFetcher:
    """Return what fetches from our site and from the guild."""
    return OwnFetcher(
        lambda: nullcontext(session),
        site.settings.base_url,
        site.keys,
        site.objects,
        DocumentFetcher(guild.documents),
    )


def judged(session: Session, site: Site, guild: Guild, source: Any) -> Report:
    """Return what the verifier says."""
    return verify(source, fetcher=fetcher(session, site, guild), now=NOW + timedelta(minutes=1))
