# SPDX-License-Identifier: AGPL-3.0-or-later
"""A picture that carries a badge of version 2.0 and a credential of 3.0: both must hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, bake, png
from openbadges.signing import sign
from openbadges.verification import Outcome, Verdict
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.ob3.world import BEFORE, DID_URL, HOLDER, INDEX, World, credential
from tests.unit.openbadges.verification.changes import outcome

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.verification.site import Site

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'


@pytest.fixture
def world(site: Site, ed25519_key: PrivateKey, key: PrivateKey) -> World:
    """The issuer of version 3.0; what it publishes stands beside what that of 2.0 does."""
    made = World(ed25519_key, key)
    made.documents = site.documents = {**made.documents, **site.documents}
    return made


def both(key: PrivateKey, beside: str, picture: bytes = PNG) -> bytes:
    baked = bake(picture, sign(examples.signed_assertion(), key))
    return bake(baked, beside, keyword=CREDENTIAL_KEYWORD)


@pytest.mark.parametrize("picture", [PNG, SVG], ids=["png", "svg"])
def test_a_picture_with_two_badges_that_hold_is_valid(
    site: Site, world: World, key: PrivateKey, picture: bytes
) -> None:
    report = site.verify(both(key, json.dumps(world.proven()), picture))
    assert report.valid, report.sentence
    assert report.subject == "Assertion"
    passed = (Outcome.PASSED, "the credential of version 3.0 beside it holds")
    assert outcome(report, "links") == passed


def test_the_credential_beside_a_badge_must_hold_too(
    site: Site, world: World, key: PrivateKey
) -> None:
    changed = world.proven()
    changed["credentialSubject"]["achievement"]["name"] += "!"
    report = site.verify(both(key, json.dumps(changed)))
    assert report.verdict is Verdict.INVALID
    assert "version 3.0 in the same picture" in report.sentence
    ended = world.proven(credential(valid_until=BEFORE))
    assert site.verify(both(key, json.dumps(ended))).verdict is Verdict.EXPIRED
    picture = both(key, json.dumps(world.proven()))
    world.revoked.add(INDEX)
    world.publish_list()
    assert site.verify(picture).verdict is Verdict.REVOKED
    del site.documents[DID_URL]
    assert site.verify(picture).verdict is Verdict.UNVERIFIABLE


def test_what_stands_beside_a_badge_must_be_a_credential(site: Site, key: PrivateKey) -> None:
    for text in ("rubbish", json.dumps(examples.signed_assertion())):
        picture = png.bake(both(key, text), text, keyword=CREDENTIAL_KEYWORD)
        assert site.verify(picture).verdict is Verdict.INVALID


def test_both_must_be_of_whom_the_picture_is_said_to_be(
    site: Site, world: World, key: PrivateKey
) -> None:
    picture = both(key, json.dumps(world.proven()))
    assert examples.ADDRESS != HOLDER
    assert site.verify(picture, [examples.ADDRESS]).verdict is Verdict.INVALID
    assert site.verify(picture, [examples.ADDRESS, HOLDER]).valid


def test_a_picture_that_only_names_its_badge_is_judged_for_what_stands_beside_it(
    site: Site, world: World
) -> None:
    for changed, verdict in ((False, Verdict.VALID), (True, Verdict.INVALID)):
        proven = world.proven()
        proven["name"] += "!" * changed
        baked = png.bake(PNG, examples.ASSERTION_ID, keyword=KEYWORD)
        picture = bake(baked, json.dumps(proven), keyword=CREDENTIAL_KEYWORD)
        report = site.verify(picture)
        assert report.verdict is verdict, report.sentence
        assert outcome(report, "links")[0] is not Outcome.SKIPPED


def test_two_credentials_in_a_picture_are_one_too_many(
    site: Site, world: World, key: PrivateKey
) -> None:
    picture = both(key, json.dumps(world.proven()), SVG)
    start = picture.index(b"<openbadges:credential")
    end = picture.index(b"</openbadges:credential>") + len(b"</openbadges:credential>")
    doubled = picture[:end] + picture[start:end] + picture[end:]
    assert site.verify(doubled).verdict is Verdict.INVALID


def test_a_word_that_means_nothing_is_no_credential(site: Site, key: PrivateKey) -> None:
    baked = bake(SVG, sign(examples.signed_assertion(), key))
    report = site.verify(baked.replace(b"<rect/>", b"<!-- credential -->"))
    assert report.valid
    assert outcome(report, "links")[0] is Outcome.SKIPPED
    assert KEYWORD.encode() in baked
