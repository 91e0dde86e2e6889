# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import select

from issuer.errors import NotFoundError
from issuer.models import KeyState, SigningKey
from issuer.services import awards, credentials, issuers, publishing
from openbadges.baking import unbake
from openbadges.keys import load_public_key
from openbadges.signing import open_signed
from tests.issuing import NOW, give, make_badge, make_issuer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from issuer.models import Assertion
    from issuer.site import Site


@pytest.fixture
def assertion(session: Session, site: Site) -> Assertion:
    return give(session, make_badge(session, site), "asha").award.assertions[0]


def test_documents_are_given_as_they_were_frozen(session: Session, assertion: Assertion) -> None:
    edition = assertion.edition
    assert publishing.find_assertion(session, assertion.uuid).document == assertion.document
    assert publishing.badge_class(session, "first-steps") == edition.document
    assert publishing.profile(session, "accolades") == edition.epoch.document
    assert publishing.key(session, assertion.key.kid) == assertion.key.document


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: publishing.profile(session, "nobody"),
        lambda session: publishing.profile(session, "accolades", 2),
        lambda session: publishing.key(session, "none"),
        lambda session: publishing.badge_class(session, "none"),
        lambda session: publishing.badge_class(session, "first-steps", 2),
        lambda session: publishing.revocations(session, "nobody"),
        lambda session: publishing.find_assertion(session, uuid4()),
        lambda session: publishing.issuer_image(session, "accolades"),
        lambda session: publishing.jwk(session, "none"),
    ],
)
def test_what_is_not_here_is_named(
    session: Session, assertion: Assertion, ask: Callable[[Session], object]
) -> None:
    with pytest.raises(NotFoundError):
        ask(session)


def test_no_name_breaks_the_question(session: Session) -> None:
    """PostgreSQL refuses texts with NUL, which any address may hold."""
    asks: tuple[Callable[[Session, str], object], ...] = (
        publishing.profile,
        publishing.key,
        publishing.badge_class,
        publishing.newest_edition,
        publishing.revocations,
        publishing.issuer_image,
        publishing.jwk,
        credentials.did_document,
    )
    for ask in asks:
        with pytest.raises(NotFoundError):
            ask(session, "a\0b")


def test_a_badge_is_signed_once_and_by_the_published_key(
    session: Session, site: Site, assertion: Assertion
) -> None:
    token = publishing.sign_once(session, assertion.uuid, site.keys)
    public = load_public_key(assertion.key.public_pem, assertion.key.kid)
    assert json.loads(open_signed(token, public))["id"] == assertion.document_id
    (next(site.settings.keys.iterdir())).unlink()
    assert publishing.sign_once(session, assertion.uuid, site.keys) == token


def test_two_who_sign_at_once_make_the_same_bytes(site: Site, assertion: Assertion) -> None:
    assert publishing.token(assertion, site.keys) == publishing.token(assertion, site.keys)


def test_the_picture_carries_the_signed_badge(site: Site, assertion: Assertion) -> None:
    token = publishing.token(assertion, site.keys)
    picture = site.objects.get(assertion.edition.png.sha256)
    assert unbake(publishing.baked(picture, token)) == token


def test_a_revoked_assertion_is_a_stub(session: Session, site: Site, assertion: Assertion) -> None:
    awards.revoke(session, assertion.award, "by mistake", now=NOW)
    for ask in (
        lambda: publishing.find_assertion(session, assertion.uuid),
        lambda: publishing.sign_once(session, assertion.uuid, site.keys),
    ):
        with pytest.raises(publishing.RevokedError) as caught:
            ask()
        assert json.loads(caught.value.stub)["revoked"] is True
    listed = json.loads(publishing.revocations(session, "accolades"))["revokedAssertions"]
    assert listed[-1]["id"] == assertion.document_id
    assert len(listed) == 3


def test_retired_keys_are_published_and_revoked_ones_are_not(session: Session, site: Site) -> None:
    issuer = make_issuer(session, site)
    issuers.add_epoch(session, issuer, site.keys, now=NOW)
    assert len(publishing.jwks(session)) == 2
    first = session.scalars(select(SigningKey).order_by(SigningKey.id)).first()
    assert first is not None
    first.state = KeyState.REVOKED
    session.flush()
    (key,) = publishing.jwks(session)
    assert key["kid"] != first.kid
    with pytest.raises(publishing.WithdrawnKeyError):
        publishing.jwk(session, first.kid)
    assert "d" not in key
