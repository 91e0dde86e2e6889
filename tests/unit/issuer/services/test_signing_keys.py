# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import AuditEntry, KeyState, SigningKey
from issuer.services import credentials, issuers, publishing, signing_keys
from issuer.services.permissions import Actor
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.baking import unbake
from openbadges.verification import verify
from tests.issuing import BASE_URL, NOW, give, make_badge, make_issuer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.models import Assertion
    from issuer.site import Site

ROOT = Actor(username="root")
LATER = NOW + timedelta(days=1)


def newest(session: Session) -> SigningKey:
    return (
        session.scalars(select(SigningKey).order_by(SigningKey.id.desc())).first() or pytest.fail()
    )


def valid(session: Session, site: Site, source: object) -> bool:
    own = OwnFetcher(lambda: nullcontext(session), BASE_URL, site.keys, site.objects, Elsewhere())
    return verify(source, fetcher=own, now=LATER).valid


def picture(site: Site, assertion: Assertion) -> bytes:
    png = site.objects.get(assertion.edition.png.sha256)
    return publishing.baked(png, publishing.carried(assertion, site.keys))


@pytest.fixture
def old(session: Session, site: Site) -> Assertion:
    """Return an assertion of the first key, before there is another."""
    make_badge(session, site, "Second")  # which nobody holds
    return give(session, make_badge(session, site), "asha").award.assertions[0]


def rotate(session: Session, site: Site) -> signing_keys.Renewal:
    return signing_keys.rotate(session, ROOT, make_issuer(session, site), site.keys, now=LATER)


def test_badges_of_the_old_key_go_on_verifying_and_new_ones_have_the_new(
    session: Session, site: Site, old: Assertion
) -> None:
    """attacks K1: rotate."""
    before = (old.document, old.edition.document, old.key.document)
    renewal = rotate(session, site)
    assert renewal.editions == 2
    assert (old.key.state, old.key.valid_until) == (KeyState.RETIRED, LATER)
    new = give(session, make_badge(session, site), "boris", now=LATER).award.assertions[0]
    assert (new.key, new.edition.epoch.number) == (renewal.key, 2)
    assert json.loads(new.edition.document)["issuer"] == f"{BASE_URL}/issuers/accolades/epochs/2"
    assert (old.document, old.edition.document, old.key.document) == before
    for each in (old, new):
        token = publishing.token(each, site.keys)
        for source in (each.document_id, token, picture(site, each)):
            assert valid(session, site, source), each.key.kid


def test_a_revoked_key_takes_back_what_it_signed_and_nothing_else(
    session: Session, site: Site, old: Assertion
) -> None:
    """attacks K3, V6: a key that was stolen proves nothing; there is another at the same moment."""
    token, before = publishing.sign_once(session, old.uuid, site.keys), picture(site, old)
    assert valid(session, site, token)
    renewal = signing_keys.revoke(session, ROOT, old.key, "it was stolen", site.keys, now=LATER)
    assert renewal is not None
    assert newest(session) is renewal.key
    for source in (token, before):
        assert not valid(session, site, source)
    assert valid(session, site, old.document_id)
    assert unbake(picture(site, old)) == old.document
    assert valid(session, site, picture(site, old))
    with pytest.raises(publishing.WithdrawnKeyError) as caught:
        publishing.key(session, old.key.kid)
    assert json.loads(caught.value.stub)["revoked"] is True
    with pytest.raises(publishing.WithdrawnKeyError):
        publishing.sign_once(session, old.uuid, site.keys)
    new = give(session, make_badge(session, site), "boris", now=LATER).award.assertions[0]
    assert valid(session, site, publishing.token(new, site.keys))
    actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["key.make", "key.revoke"]
    with pytest.raises(ConflictError, match="was revoked before"):
        signing_keys.revoke(session, ROOT, old.key, "again", site.keys, now=LATER)
    rotate(session, site)
    assert old.key.state == KeyState.REVOKED  # for good


def test_a_key_ends_for_good_once_nothing_is_awarded_with_it(
    session: Session, site: Site, old: Assertion
) -> None:
    badge = old.edition.badge
    with pytest.raises(ConflictError, match="2 badges of its issuer are still awarded"):
        signing_keys.retire(session, ROOT, old.key, site.keys, now=LATER)
    for each in (badge, make_badge(session, site, "Second")):
        each.retired_at = NOW
    session.flush()
    signing_keys.retire(session, ROOT, old.key, site.keys, now=LATER)
    assert valid(session, site, publishing.token(old, site.keys))
    with pytest.raises(ConflictError, match="is retired"):
        signing_keys.retire(session, ROOT, old.key, site.keys, now=LATER)
    badge.retired_at = None
    session.flush()
    with pytest.raises(InvalidInputError, match="no key that signs"):
        give(session, badge, "boris", now=LATER)
    rotate(session, site)
    assert give(session, badge, "boris", now=LATER).created


def test_what_hangs_on_a_key_is_counted(
    session: Session, old: Assertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(session, old.edition.badge, "boris")
    told = signing_keys.consequences(session, old.key)
    assert (told.assertions, told.badges, told.awarded) == (signing_keys.Count(2, exact=True), 2, 2)
    monkeypatch.setattr(signing_keys, "COUNTED", 1)
    assert signing_keys.listed(session) == [(old.key, signing_keys.Count(1, exact=False))]
    assert signing_keys.find(session, old.key.kid) is old.key
    with pytest.raises(NotFoundError, match="accolades keys list"):
        signing_keys.find(session, "none")
    with pytest.raises(InvalidInputError, match="reason"):
        signing_keys.revoke(session, ROOT, old.key, " ", None, now=LATER)  # type: ignore[arg-type]  # not asked


def test_an_issuer_without_a_key_gets_its_first(session: Session, site: Site) -> None:
    issuer = make_issuer(session, site)
    assert rotate(session, site).editions == 0
    epoch = issuers.current_epoch(session, issuer)
    assert epoch is not None
    assert epoch.number == 2


def test_another_key_makes_proofs_from_the_moment_on_that_one_ends(
    session: Session, site: Site, old: Assertion
) -> None:
    """Whoever verifies reads the keys first, and then a list that the newest of them signed."""
    issuer = make_issuer(session, site)
    first = credentials.proof_key(session, issuer, site.keys, now=NOW)
    proof = credentials.proven(session, old.uuid, site.keys, now=NOW)
    second = signing_keys.retire(session, ROOT, first, site.keys, now=LATER)
    assert second is not None
    assert (first.state, second.state) == (KeyState.RETIRED, KeyState.ACTIVE)
    assert valid(session, site, proof)
    renewal = signing_keys.revoke(session, ROOT, second, "stolen", site.keys, now=LATER)
    assert renewal is not None
    assert newest(session) is renewal.key
    assert valid(session, site, proof)
    signing_keys.revoke(session, ROOT, first, "stolen too", site.keys, now=LATER)
    assert newest(session) is renewal.key
    assert not valid(session, site, proof)
    assert valid(session, site, credentials.proven(session, old.uuid, site.keys, now=LATER))
