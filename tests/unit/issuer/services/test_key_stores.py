# SPDX-License-Identifier: AGPL-3.0-or-later
"""Issue, sign, verify, rotate and take back, wherever the private keys lie."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.adapters.keystores import printed
from issuer.errors import KeyUnavailableError
from issuer.models import SigningKey
from issuer.services import credentials, issuers, publishing, signing_keys
from issuer.services.permissions import Actor
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.verification import verify
from tests.issuing import NOW, give, make_badge, make_issuer, make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.models import Assertion
    from issuer.site import Site

    Make = Callable[..., Site]

ROOT = Actor(username="root")
LATER = NOW + timedelta(days=1)


def set_keys(monkeypatch: pytest.MonkeyPatch, *algorithms: str) -> None:
    """Set new keys in the environment, as somebody who runs a site does."""
    for algorithm in algorithms:
        name, _, value = printed(algorithm, 2026, "").partition("=")
        monkeypatch.setenv(name, value)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made = []

    def make(**settings: object) -> Site:
        made.append(make_site(tmp_path, "", **settings))
        return made[-1]

    yield make
    for site in made:
        site.database.dispose()


@pytest.fixture(params=["folder", "environment", pytest.param("pkcs11", marks=pytest.mark.slow)])
def settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Settings of a site with each store; the one that makes no keys has two of each kind."""
    if request.param == "environment":
        set_keys(monkeypatch, "RS256", "RS256", "EdDSA", "EdDSA")
    if request.param == "pkcs11":
        found: dict[str, object] = request.getfixturevalue("pkcs11_token").settings()
        return found
    return {"key_stores": (request.param,)}


def forms(session: Session, site: Site, assertion: Assertion) -> tuple[str, str, str]:
    """Return all that is signed of an assertion: RS256, EdDSA and RS256 again."""
    return (
        publishing.sign_once(session, assertion.uuid, site.keys),
        credentials.proven(session, assertion.uuid, site.keys, now=NOW),
        credentials.token(session, assertion.uuid, site.keys, now=NOW),
    )


def verdicts(session: Session, site: Site, texts: tuple[str, ...]) -> list[bool]:
    own = OwnFetcher(
        lambda: nullcontext(session), site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    return [verify(text, fetcher=own, now=LATER).valid for text in texts]


@pytest.mark.slow
def test_a_life_of_keys(make: Make, settings: dict[str, object]) -> None:
    site = make(**settings)
    with site.database.writing() as session:
        badge = make_badge(session, site)
        old = give(session, badge, "asha").award.assertions[0]
        before = forms(session, site, old)
        assert verdicts(session, site, before) == [True] * 3
        late = give(session, badge, "boris").award.assertions[0]  # signed by a retired key
        issuer = make_issuer(session, site)
        signing_keys.rotate(session, ROOT, issuer, site.keys, now=LATER)
        new = give(session, make_badge(session, site), "chandra").award.assertions[0]
        assert new.key is not old.key
        for each in (old, late, new):
            assert verdicts(session, site, forms(session, site, each)) == [True] * 3
        proof_key = credentials.proof_key(session, issuer, site.keys, now=LATER)
        signing_keys.retire(session, ROOT, proof_key, site.keys, now=LATER)
        successor = credentials.proof_key(session, issuer, site.keys, now=LATER)
        assert successor.kid in str(credentials.did_document(session, "accolades"))
        newest = give(session, make_badge(session, site), "dora").award.assertions[0]
        assert verdicts(session, site, forms(session, site, newest)) == [True] * 3
        signing_keys.revoke(session, ROOT, old.key, "stolen", site.keys, now=LATER)
        assert verdicts(session, site, before) == [False, True, False]
        assert verdicts(session, site, forms(session, site, new)) == [True] * 3
        assert len(session.scalars(select(SigningKey)).all()) == 4


def test_a_store_without_a_new_key_says_what_to_do_and_nothing_changes(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_keys(monkeypatch, "RS256", "EdDSA")
    site = make(key_stores=("environment",))
    with site.database.writing() as session:
        old = give(session, make_badge(session, site), "asha").award.assertions[0]
        before = forms(session, site, old)
    with site.database.session() as session:
        issuer = issuers.find(session, "accolades")
        key = issuers.current_epoch(session, issuer).key  # type: ignore[union-attr]  # made above
        with pytest.raises(KeyUnavailableError, match="run 'accolades keys print'"):
            signing_keys.rotate(session, ROOT, issuer, site.keys, now=LATER)
        with pytest.raises(KeyUnavailableError, match="run 'accolades keys print'"):
            signing_keys.revoke(session, ROOT, key, "stolen", site.keys, now=LATER)
        session.rollback()
        assert verdicts(session, site, before) == [True] * 3
        assert key.state == "active"


def test_keys_move_by_a_rotation_while_old_ones_stay_where_they_are(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = make()
    with former.database.writing() as session:
        badge = make_badge(session, former)
        old = give(session, badge, "asha").award.assertions[0].uuid
        credentials.proven(session, old, former.keys, now=NOW)
    files = sorted(former.settings.keys.iterdir())
    set_keys(monkeypatch, "RS256", "EdDSA")
    site = make(key_stores=("environment", "folder"))
    with site.database.writing() as session:
        issuer = make_issuer(session, site)
        signing_keys.rotate(session, ROOT, issuer, site.keys, now=LATER)
        proof_key = credentials.proof_key(session, issuer, site.keys, now=LATER)
        signing_keys.retire(session, ROOT, proof_key, site.keys, now=LATER)
        new = give(session, make_badge(session, site), "boris").award.assertions[0]
        first = publishing.find_assertion(session, old)
        for each in (first, new):
            assert verdicts(session, site, forms(session, site, each)) == [True] * 3
    assert sorted(site.settings.keys.iterdir()) == files
