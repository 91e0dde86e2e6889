# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from openbadges.baking import CREDENTIAL_KEYWORD, KEYWORD, bake, png
from openbadges.keys import PrivateKey, generate_ed25519, generate_rsa
from openbadges.ob3 import identifiers, multikeys, proofs, statuses, tokens
from openbadges.ob3.reading import read
from openbadges.verification import Verdict, report_schema
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.ob3.world import (
    BASE,
    BEFORE,
    DID,
    DID_URL,
    HOLDER,
    INDEX,
    LIST,
    METHOD,
    NOW,
    credential,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.openbadges.ob3.world import World

VALIDATOR = Draft202012Validator(report_schema())


def outcome(world: World, source: Any) -> dict[str, str]:
    return {check.id: str(check.outcome) for check in world.verify(source).checks}


def test_both_forms_of_a_true_badge_are_valid(world: World) -> None:
    for source in (world.proven(), world.token(), json.dumps(world.proven())):
        report = world.verify(source, [HOLDER.upper()])
        assert report.valid, report.checks
        assert (report.recipient, report.method, report.subject) == (
            HOLDER.upper(),
            "signed",
            "OpenBadgeCredential",
        )
        assert "Example Badges awarded “Like a “Rock” 🪨” to ASHA@EXAMPLE.ORG" in report.sentence
        assert {str(check.outcome) for check in report.checks} == {"passed", "skipped"}
        assert [check.number for check in report.checks] == list(range(1, 10))
        VALIDATOR.validate(report.to_dict())


@pytest.mark.parametrize("form", ["proven", "token"])
def test_the_address_of_a_credential_and_a_picture_are_judged_too(world: World, form: str) -> None:
    text = world.token() if form == "token" else json.dumps(world.proven())
    world.documents[f"{BASE}/assertions/1/ob3"] = {"text": text}
    report = world.verify(f"{BASE}/assertions/1/ob3")
    assert report.valid
    assert report.source == "URL"
    picture = bake(PNG, text, keyword=CREDENTIAL_KEYWORD)
    report = world.verify(picture)
    assert report.valid
    assert report.source.endswith("baked into image/png")


def test_a_picture_with_nothing_in_it_is_no_badge(world: World) -> None:
    assert world.verify(PNG).verdict is Verdict.NOT_A_BADGE


def test_a_picture_whose_older_badge_cannot_be_read_is_not_judged_by_its_credential_alone(
    world: World,
) -> None:
    picture = bake(PNG, json.dumps(world.proven()), keyword=CREDENTIAL_KEYWORD)
    assert world.verify(picture).valid
    for rubbish in ("rubbish", "exJhbGciOiJSUzI1NiJ9.e30.AA", "{}"):
        report = world.verify(png.bake(picture, rubbish, keyword=KEYWORD))
        assert not report.valid, rubbish


def test_a_revoked_badge_is_called_revoked_in_both_forms(world: World) -> None:
    world.revoked.add(INDEX)
    world.publish_list()
    for source in (world.proven(), world.token()):
        report = world.verify(source)
        assert report.verdict is Verdict.REVOKED
        assert report.sentence.startswith("This badge was revoked")


@pytest.mark.parametrize("index", ["²", "٣", "9" * 5000, "-1", "", 7])
def test_a_place_that_is_no_number_is_told(world: World, index: object) -> None:
    status = credential()["credentialStatus"] | {"statusListIndex": index}
    report = world.verify(world.proven(credential() | {"credentialStatus": status}))
    assert report.verdict is not Verdict.VALID
    (check,) = [check for check in report.checks if check.id == "revocation"]
    assert "status: names no list, or no place in it" in check.message


def test_a_list_may_be_a_token(world: World) -> None:
    listed = world.documents[LIST]["json"]
    bare = {name: value for name, value in listed.items() if name != "proof"}
    world.documents[LIST] = {"text": tokens.to_token(bare, world.rsa)}
    assert world.verify(world.proven()).valid


def a_did_key(world: World) -> dict[str, Any]:
    did = f"did:key:{multikeys.to_multikey(world.ed25519.public)}"
    document = credential(status=None)
    document["issuer"]["id"] = did
    return world.proven(document, f"{did}#{did.removeprefix('did:key:')}")


def a_key_document(world: World) -> dict[str, Any]:
    method = f"{BASE}/keys/ed"
    word = multikeys.to_multikey(world.ed25519.public)
    world.documents[method] = {
        "json": {"id": method, "type": "Multikey", "controller": DID, "publicKeyMultibase": word}
    }
    return world.proven(method=method)


def a_controller_document(world: World) -> dict[str, Any]:
    """A Profile on the web that holds its keys itself; the method is embedded."""
    word = multikeys.to_multikey(world.ed25519.public)
    method = {"id": "#ed", "type": "Multikey", "publicKeyMultibase": word}
    document = {"id": f"{BASE}/issuer", "verificationMethod": [], "assertionMethod": [method]}
    world.documents[f"{BASE}/issuer"] = {"json": document}
    own = credential(status=None)
    own["issuer"]["id"] = f"{BASE}/issuer"
    return world.proven(own, f"{BASE}/issuer#ed")


def a_set_of_keys(world: World) -> str:
    key = PrivateKey(f"{BASE}/keys#rsa", world.rsa.raw)
    world.documents[f"{BASE}/keys"] = {"json": {"keys": [1, {**key.public.to_jwk(), "kid": "rsa"}]}}
    return tokens.to_token(credential(), key)


def an_issuer_without_a_profile(world: World) -> dict[str, Any]:
    return world.proven({**credential(), "issuer": DID})


def without_an_identifier(world: World) -> dict[str, Any]:
    document = credential()
    del document["credentialSubject"]["identifier"]
    return world.proven(document)


@pytest.mark.parametrize(
    "make",
    [
        a_did_key,
        a_key_document,
        a_controller_document,
        a_set_of_keys,
        an_issuer_without_a_profile,
        without_an_identifier,
    ],
)
def test_other_lawful_forms_are_valid(world: World, make: Callable[[World], Any]) -> None:
    report = world.verify(make(world))
    assert report.valid, [check for check in report.checks if check.outcome == "failed"]


def changed(**members: Any) -> Callable[[World], Any]:
    return lambda world: world.proven({**credential(), **members})


def after(change: Callable[[dict[str, Any]], object]) -> Callable[[World], Any]:
    """Change a credential after it was signed."""

    def make(world: World) -> Any:
        document = world.proven()
        change(document)
        return document

    return make


def before(change: Callable[[dict[str, Any]], object]) -> Callable[[World], Any]:
    """Change a credential before it is signed."""

    def make(world: World) -> Any:
        document = credential()
        change(document)
        return world.proven(document)

    return make


def with_another_key(world: World) -> Any:
    return proofs.add_proof(credential(), generate_ed25519("other"), METHOD, created=BEFORE)


def with_a_foreign_key(world: World) -> Any:
    other = generate_ed25519("other")
    did = f"did:key:{multikeys.to_multikey(other.public)}"
    return proofs.add_proof(credential(), other, did, created=BEFORE)


def with_a_forgotten_key(world: World) -> Any:
    world.did["assertionMethod"].remove(METHOD)
    return world.proven()


def with_a_did_of_somebody_else(world: World) -> Any:
    world.did["id"] = "did:web:evil.example"
    return world.proven()


def with_a_key_nobody_owns(world: World) -> Any:
    word = multikeys.to_multikey(world.ed25519.public)
    world.documents["https://evil.example/key"] = {"json": {"publicKeyMultibase": word}}
    return world.proven(method="https://evil.example/key")


def with_a_token_of_another_host(world: World) -> Any:
    key = generate_rsa("https://evil.example/key")
    world.documents[key.id] = {"json": key.public.to_jwk()}
    return tokens.to_token(credential(), key)


def with_a_set_of_other_keys(world: World) -> Any:
    world.documents[f"{BASE}/keys"] = {"json": {"keys": [{"kid": "other"}]}}
    return tokens.to_token(credential(), PrivateKey(f"{BASE}/keys#rsa", world.rsa.raw))


def with_a_key_of_no_form(world: World) -> Any:
    world.documents[f"{BASE}/key"] = {"json": {"publicKeyJwk": 1}}
    return world.proven(method=f"{BASE}/key")


def with_a_token_of_another_key(world: World) -> Any:
    return tokens.to_token(credential(), PrivateKey(world.rsa.id, generate_rsa("x").raw))


def with_a_private_key_published(world: World) -> Any:
    world.documents[world.rsa.id] = {"json": {**world.rsa.public.to_jwk(), "d": "AQAB"}}
    return world.token()


def with_a_list_of_somebody_else(world: World) -> Any:
    world.publish_list(issuer="did:web:evil.example")
    return world.proven()


def with_a_list_of_another_purpose(world: World) -> Any:
    subject = world.documents[LIST]["json"]["credentialSubject"]
    world.publish_list(credentialSubject={**subject, "statusPurpose": "suspension"})
    return world.proven()


def with_a_list_that_was_changed(world: World) -> Any:
    encoded = statuses.encode(statuses.MIN_SIZE, {1})
    world.documents[LIST]["json"]["credentialSubject"]["encodedList"] = encoded
    return world.proven()


def with_a_list_without_bits(world: World) -> Any:
    world.publish_list(credentialSubject={"id": f"{LIST}#list", "type": "BitstringStatusList"})
    return world.proven()


def with_a_list_signed_by_another(world: World) -> Any:
    other = generate_ed25519("other")
    did = f"did:key:{multikeys.to_multikey(other.public)}"
    listed = world.documents[LIST]["json"]
    bare = {name: value for name, value in listed.items() if name != "proof"}
    world.documents[LIST] = {"json": proofs.add_proof(bare, other, did, created=BEFORE)}
    return world.proven()


def with_a_token_list_of_another(world: World) -> Any:
    key = generate_rsa("https://evil.example/key")
    world.documents[key.id] = {"json": {**key.public.to_jwk(), "controller": "did:web:evil"}}
    listed = world.documents[LIST]["json"]
    bare = {name: value for name, value in listed.items() if name != "proof"}
    world.documents[LIST] = {"text": tokens.to_token(bare, key)}
    return world.proven()


INVALID = {
    "name changed": after(lambda badge: badge.update(name="Other")),
    "a word without meaning added": after(lambda badge: badge.update(secretly="more")),
    "a context that gives words a meaning": after(
        lambda badge: badge["@context"].append({"secretly": "https://example.org/secretly"})
    ),
    "proof taken away": after(lambda badge: badge.pop("proof")),
    "two proofs": after(lambda badge: badge.update(proof=[badge["proof"]] * 2)),
    "proof without a key": after(lambda badge: badge["proof"].pop("verificationMethod")),
    "proof for another purpose": after(
        lambda badge: badge["proof"].update(proofPurpose="authentication")
    ),
    "signature of another form": after(lambda badge: badge["proof"].update(proofValue="zz0")),
    "signature cut off": after(lambda badge: badge["proof"].update(proofValue="z11")),
    "signature no text": after(lambda badge: badge["proof"].update(proofValue=1)),
    "key of no known kind": after(
        lambda badge: badge["proof"].update(verificationMethod="ftp://example.org/x")
    ),
    "another key": with_another_key,
    "a foreign key": with_a_foreign_key,
    "a key that may not award": with_a_forgotten_key,
    "a did document about somebody else": with_a_did_of_somebody_else,
    "a key nobody owns": with_a_key_nobody_owns,
    "a token of another host": with_a_token_of_another_host,
    "a set of other keys": with_a_set_of_other_keys,
    "a key of no form": with_a_key_of_no_form,
    "a token of another key": with_a_token_of_another_key,
    "a private key published": with_a_private_key_published,
    "not yet": before(lambda badge: badge.update(validFrom="2027-01-01T00:00:00Z")),
    "no subject": before(lambda badge: badge.pop("credentialSubject")),
    "nobody in it": before(
        lambda badge: [badge["credentialSubject"].pop(name) for name in ("id", "identifier")]
    ),
    "no achievement": before(lambda badge: badge["credentialSubject"].pop("achievement")),
    "no criteria": before(lambda badge: badge["credentialSubject"]["achievement"].pop("criteria")),
    "no name": before(lambda badge: badge["credentialSubject"]["achievement"].update(name=" ")),
    "no id": before(lambda badge: badge.pop("id")),
    "no start": before(lambda badge: badge.pop("validFrom")),
    "not a credential": after(lambda badge: badge.update(type=["OpenBadgeCredential"])),
    "a list of somebody else": with_a_list_of_somebody_else,
    "a list of another purpose": with_a_list_of_another_purpose,
    "a list that was changed": with_a_list_that_was_changed,
    "a list without bits": with_a_list_without_bits,
    "a list signed by another": with_a_list_signed_by_another,
    "a token list of another": with_a_token_list_of_another,
    "a place outside of the list": changed(credentialStatus=statuses.entry(LIST, 1 << 20)),
    "a status without a place": changed(
        credentialStatus={"type": statuses.ENTRY, "statusListCredential": LIST}
    ),
}
UNVERIFIABLE = {
    "another credential": before(lambda badge: badge.update(type=["VerifiableCredential"])),
    # Signed before: nobody could sign what it means.
    "a context that nobody knows": after(
        lambda badge: badge["@context"].append("https://example.org/context")
    ),
    "a status of another kind": changed(
        credentialStatus={"id": f"{BASE}/list", "type": "1EdTechRevocationList"}
    ),
    "a list that is away": lambda world: world.documents.pop(LIST) and world.proven(),
    "a key that is away": lambda world: world.documents.pop(DID_URL) and world.proven(),
}


@pytest.mark.parametrize("case", INVALID)
def test_what_does_not_hold_is_invalid(world: World, case: str) -> None:
    report = world.verify(INVALID[case](world))
    assert report.verdict is Verdict.INVALID, report.checks
    assert not report


@pytest.mark.parametrize("case", UNVERIFIABLE)
def test_what_cannot_be_judged_is_never_called_valid(world: World, case: str) -> None:
    source = UNVERIFIABLE[case](world)
    assert world.verify(source).verdict is Verdict.UNVERIFIABLE


def test_an_end_is_told_and_ends(world: World) -> None:
    later, earlier = NOW + timedelta(days=1), NOW - timedelta(days=1)
    report = world.verify(world.token(credential(valid_until=later)))
    assert (report.valid, report.valid_until) == (True, "2026-11-22T12:00:00Z")
    report = world.verify(world.proven(credential(valid_until=earlier)))
    assert report.verdict is Verdict.EXPIRED


def test_somebody_else_is_not_the_recipient(world: World) -> None:
    report = world.verify(world.proven(), ["boris@example.org"])
    assert report.verdict is Verdict.INVALID
    assert "not awarded to boris@example.org" in report.sentence


def test_a_token_without_a_key_is_invalid(world: World) -> None:
    head, _, rest = world.token().partition(".")
    assert head
    assert outcome(world, f"eyJhbGciOiJSUzI1NiJ9.{rest}")["key"] == "failed"


def test_every_byte_of_a_token_counts(world: World) -> None:
    token = world.token()
    for place in range(0, len(token), 97):
        letter = "A" if token[place] != "A" else "B"
        assert not world.verify(token[:place] + letter + token[place + 1 :]).valid, place


def test_a_did_with_a_path_lies_below_the_host() -> None:
    did = identifiers.did_web("http://127.0.0.1:8000", "issuers", "a b")
    assert did == "did:web:127.0.0.1%3A8000:issuers:a%20b"
    url = identifiers.did_web_url(did, scheme="http")
    assert url == "http://127.0.0.1:8000/issuers/a%20b/did.json"


REFRESH = f"{BASE}/assertions/1/ob3"


def test_a_newer_form_is_judged_in_the_place_of_what_was_handed_in(world: World) -> None:
    old = world.proven()
    newer = credential(status=None, valid_until=NOW + timedelta(days=1))
    for answer in ({"json": world.proven(newer)}, {"text": world.token(newer)}):
        world.documents[REFRESH] = answer
        report = world.verify(old, [HOLDER])
        assert report.valid, report.checks
        assert report.document is not None
        assert "credentialStatus" not in report.document
        assert report.valid_until
        assert any("newer form" in note for note in report.notes)
        assert [each.url for each in report.documents].count(REFRESH) == 1


def test_a_newer_form_that_ran_out_makes_an_expired_badge(world: World) -> None:
    world.documents[REFRESH] = {"json": world.proven(credential(valid_until=NOW))}
    assert world.verify(world.proven()).verdict is Verdict.EXPIRED


def test_the_same_as_before_is_no_news(world: World) -> None:
    old = world.proven()
    world.documents[REFRESH] = {"json": old}
    report = world.verify(old)
    assert (report.valid, report.notes) == (True, ())
    assert outcome(world, old)["refresh"] == "passed"


def of_another_id(world: World) -> Any:
    return {"json": world.proven({**credential(valid_until=NOW), "id": f"{BASE}/assertions/2/ob3"})}


def of_another_issuer(world: World) -> Any:
    did = f"did:key:{multikeys.to_multikey(world.ed25519.public)}"
    document = credential(status=None, valid_until=NOW)
    document["issuer"]["id"] = did
    return {"json": world.proven(document, f"{did}#{did.removeprefix('did:key:')}")}


def with_a_broken_proof(world: World) -> Any:
    return {"json": {**world.proven(credential(valid_until=NOW)), "name": "Other"}}


@pytest.mark.parametrize(
    "make",
    [
        of_another_id,
        of_another_issuer,
        with_a_broken_proof,
        lambda _world: {"status": 404},
        lambda _world: {"status": 410, "json": {"revoked": True}},
        lambda _world: {"error": "refused"},
        lambda _world: {"text": "<html>"},
        lambda _world: {"text": "a.b.c"},
        lambda _world: {"json": {"type": "Assertion"}},
        lambda _world: {"status": 302, "location": "https://evil.example/ob3"},
    ],
)
def test_what_is_no_newer_form_of_it_changes_nothing(
    world: World, make: Callable[[World], Any]
) -> None:
    """The credential at hand is judged then, as the standard says; each answer is expired."""
    world.documents["https://evil.example/ob3"] = {
        "json": world.proven(credential(valid_until=NOW))
    }
    world.documents[REFRESH] = make(world)
    report = world.verify(world.proven())
    assert report.valid, report.checks
    assert outcome(world, world.proven())["refresh"] == "skipped"
    world.revoked.add(INDEX)
    world.publish_list()
    assert world.verify(world.proven()).verdict is Verdict.REVOKED


def test_it_is_asked_once_and_never_before_the_proof(world: World) -> None:
    other = f"{BASE}/assertions/1/newest"
    world.documents[REFRESH] = {"json": world.proven(credential(refresh=other))}
    asked = [each.url for each in world.verify(world.proven()).documents]
    assert REFRESH in asked
    assert other not in asked
    forged = {**world.proven(), "name": "Other"}
    report = world.verify(forged)
    assert not report.valid
    assert REFRESH not in [each.url for each in report.documents]


@pytest.mark.parametrize(
    "service",
    [
        {"id": REFRESH, "type": "Other"},
        {"id": 7, "type": "1EdTechCredentialRefresh"},
        {"id": "file:///etc/passwd", "type": "1EdTechCredentialRefresh"},
        [],
    ],
)
def test_a_service_that_nobody_knows_is_passed_over(service: Any) -> None:
    assert read({**credential(), "refreshService": service}).refresh == ""
    both = [service, {"id": REFRESH, "type": ["1EdTechCredentialRefresh"]}]
    assert read({**credential(), "refreshService": both}).refresh == REFRESH
