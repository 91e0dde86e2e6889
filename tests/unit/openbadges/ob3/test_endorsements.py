# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.keys import generate_ed25519
from openbadges.ob3 import credentials, endorsements, identifiers, multikeys, proofs, tokens
from openbadges.ob3.endorsements import MAX_ENDORSEMENTS
from openbadges.verification import Verdict
from tests.unit.openbadges.ob3.world import (
    BASE,
    BEFORE,
    DID,
    INDEX,
    LIST,
    METHOD,
    NOW,
    credential,
    statuses,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.openbadges.ob3.world import World

ENDORSER = "https://guild.example"
GUILD = identifiers.did_web(ENDORSER)
BADGE = f"{BASE}/badges/rock"
AWARD = f"{BASE}/assertions/1/ob3"


class Guild:
    """Another issuer, which endorses."""

    def __init__(self, world: World) -> None:
        self.key = generate_ed25519("guild")
        self.method = f"{GUILD}#1"
        self.did = identifiers.did_document(GUILD, [("1", self.key.public)])
        world.documents[f"{ENDORSER}/.well-known/did.json"] = {"json": self.did}

    def says(self, endorsed: str = BADGE, number: int = 1, **changes: Any) -> dict[str, Any]:
        """Return an endorsement with a proof."""
        document = self.bare(endorsed, number, **changes)
        return proofs.add_proof(document, self.key, self.method, created=BEFORE)

    def bare(self, endorsed: str, number: int = 1, **changes: Any) -> dict[str, Any]:
        """Return an endorsement without a proof."""
        document = endorsements.endorsement(
            f"{ENDORSER}/e/{number}",
            credentials.Issuer(id=GUILD, name="The Guild"),
            endorsed,
            "Hard to get,\tworth having.",
            name="Endorsement of a rock",
            valid_from=BEFORE,
        )
        return {**document, **changes}


@pytest.fixture
def guild(world: World) -> Guild:
    return Guild(world)


def test_an_endorsement_is_judged_by_itself(world: World, guild: Guild) -> None:
    for source in (guild.says(), json.dumps(guild.says())):
        report = world.verify(source, ["asha@example.org"])
        assert report.valid, report.checks
        assert report.subject == "EndorsementCredential"
        assert f"The Guild endorsed {BADGE} on 2026-01-31" in report.sentence
        assert report.assertion is None
    changed = guild.says()
    changed["credentialSubject"]["endorsementComment"] += "!"
    report = world.verify(changed)
    assert report.verdict is Verdict.INVALID
    assert report.sentence.startswith("This endorsement is not valid")


def test_a_token_is_an_endorsement_too(world: World) -> None:
    document = endorsements.endorsement(
        f"{BASE}/e/1",
        credentials.Issuer(id=DID, name="Ours"),
        BADGE,
        "",
        name="x",
        valid_from=BEFORE,
        status=statuses.entry(LIST, INDEX),
    )
    token = tokens.to_token(document, world.rsa)
    assert world.verify(token).valid
    world.revoked.add(INDEX)
    world.publish_list()
    assert world.verify(token).verdict is Verdict.REVOKED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credentialSubject": {"type": ["EndorsementSubject"]}}, "credentialSubject.id"),
        ({"credentialSubject": {"id": BADGE}}, "must name EndorsementSubject"),
        ({"credentialSubject": BADGE}, "must be an object"),
        ({"credentialSubject": {"id": "rock", "type": ["EndorsementSubject"]}}, "absolute"),
        (
            {
                "credentialSubject": {
                    "id": BADGE,
                    "type": ["EndorsementSubject"],
                    "endorsementComment": 1,
                }
            },
            "must be text",
        ),
        ({"issuer": None}, "issuer.id"),
        ({"validFrom": None}, "validFrom"),
    ],
)
def test_an_endorsement_of_another_form_is_refused(
    world: World, guild: Guild, changes: dict[str, Any], words: str
) -> None:
    report = world.verify({**guild.says(), **changes})
    assert report.verdict is Verdict.INVALID
    assert words in report.checks[0].message


def test_a_credential_carries_endorsements_of_all_its_parts(world: World, guild: Guild) -> None:
    given: dict[str, list[dict[str, Any] | str]] = {
        BADGE: [guild.says(), guild.says(number=2)],
        DID: [guild.says(DID, 3)],
        AWARD: [tokens.to_token(own(world, AWARD), world.rsa)],
    }
    document = endorsements.carry(credential(), given)
    assert "endorsement" not in document
    for source in (world.proven(document), world.token(document)):
        report = world.verify(source)
        assert report.valid, report.checks
        assert report.checks[-1].message == "4 of 4 endorsements in it hold"
        assert [each.endorsed for each in report.endorsements] == [AWARD, BADGE, BADGE, DID]
        said = report.endorsements[1].to_dict()
        assert (said["issuer_name"], said["verdict"]) == ("The Guild", "valid")
        assert said["comment"] == "Hard to get, worth having."
    assert world.verify(world.proven()).endorsements == ()


def own(world: World, endorsed: str) -> dict[str, Any]:
    del world
    issuer = credentials.Issuer(id=DID, name="Example Badges")
    return endorsements.endorsement(
        f"{BASE}/e/9", issuer, endorsed, "By ourselves.", name="x", valid_from=BEFORE
    )


def carrying(world: World, *given: dict[str, Any] | str) -> Any:
    return world.proven(endorsements.carry(credential(), {BADGE: given}))


def _forgets_its_key(world: World, guild: Guild) -> dict[str, Any]:
    del world
    guild.did["assertionMethod"] = []
    return guild.says()


def _is_away(world: World, guild: Guild) -> dict[str, Any]:
    world.documents[f"{ENDORSER}/.well-known/did.json"] = {"error": "timeout"}
    return guild.says()


def _has_ended(world: World, guild: Guild) -> dict[str, Any]:
    del world
    return guild.says(validUntil="2026-02-01T00:00:00Z")


@pytest.mark.parametrize(
    ("make", "verdict"),
    [(_forgets_its_key, "invalid"), (_is_away, "unverifiable"), (_has_ended, "expired")],
)
def test_a_badge_outlives_its_endorser(
    world: World, guild: Guild, make: Callable[[World, Guild], dict[str, Any]], verdict: str
) -> None:
    report = world.verify(carrying(world, make(world, guild)))
    assert report.valid
    assert [each.verdict.value for each in report.endorsements] == [verdict]
    assert report.checks[-1].message == "0 of 1 endorsements in it hold"
    assert any(f"{ENDORSER}/e/1" in note for note in report.notes)


def _forged(guild: Guild) -> dict[str, Any]:
    document = guild.says()
    document["credentialSubject"]["endorsementComment"] = "The very best."
    return document


def _unsigned(guild: Guild) -> dict[str, Any]:
    return {**guild.bare(BADGE), "type": ["VerifiableCredential"]}


@pytest.mark.parametrize("make", [_forged, _unsigned])
def test_a_false_endorsement_makes_a_false_badge(
    world: World, guild: Guild, make: Callable[[Guild], dict[str, Any]]
) -> None:
    report = world.verify(carrying(world, make(guild)))
    assert report.verdict is Verdict.INVALID
    assert report.checks[-1].id == "links"
    assert "endorsement" in report.sentence


def test_a_token_that_is_no_endorsement_is_refused(world: World) -> None:
    assert world.verify(carrying(world, "eyJ.eyJ.x")).verdict is Verdict.INVALID
    assert world.verify(carrying(world, world.token())).verdict is Verdict.INVALID


def test_endorsements_are_bounded_in_number_and_depth(world: World, guild: Guild) -> None:
    deep = guild.says(endorsement=[guild.says(number=99)])
    many = [guild.says(number=number) for number in range(MAX_ENDORSEMENTS + 5)]
    report = world.verify(carrying(world, deep, *many))
    assert report.valid, report.checks
    assert len(report.endorsements) == MAX_ENDORSEMENTS
    assert f"of {MAX_ENDORSEMENTS + 6} endorsements {MAX_ENDORSEMENTS} were looked at" in (
        report.notes
    )
    assert f"{ENDORSER}/e/99" not in {each.id for each in report.endorsements}


def test_an_endorsement_of_something_else_is_told(world: World, guild: Guild) -> None:
    report = world.verify(carrying(world, guild.says("https://example.org/else")))
    assert report.valid
    assert "endorses something else: https://example.org/else" in report.notes[0]


def test_endorsements_in_a_badge_that_is_not_signed_are_not_followed(
    world: World, guild: Guild
) -> None:
    forged = carrying(world, guild.says())
    forged["name"] = "Other"
    report = world.verify(forged)
    assert report.verdict is Verdict.INVALID
    assert report.checks[-1].outcome.value == "skipped"
    assert not [document for document in report.documents if ENDORSER in document.url]


def test_a_did_key_endorses_too(world: World) -> None:
    key = generate_ed25519("k")
    did = f"did:key:{multikeys.to_multikey(key.public)}"
    issuer = credentials.Issuer(id=did, name="Somebody")
    bare = endorsements.endorsement(
        "urn:uuid:11111111-2222-4333-8444-555555555556",
        issuer,
        BADGE,
        "",
        name="x",
        valid_from=BEFORE,
    )
    method = f"{did}#{did.removeprefix('did:key:')}"
    assert world.verify(proofs.add_proof(bare, key, method, created=NOW)).valid
    assert METHOD not in method
