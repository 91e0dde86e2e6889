# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

import openbadges.models
from openbadges.errors import MalformedError
from openbadges.models import (
    Assertion,
    BadgeClass,
    CryptographicKey,
    Document,
    Evidence,
    IdentityObject,
    Image,
    Node,
    Profile,
    RevocationList,
    RevokedAssertion,
    Verification,
)
from tests.unit.openbadges import examples

MODELS = [value for value in vars(openbadges.models).values() if isinstance(value, type)]


@pytest.mark.parametrize(
    ("model", "document"),
    [
        pytest.param(Assertion, examples.assertion(), id="hosted"),
        pytest.param(Assertion, examples.signed_assertion(unknown={"a": [1]}), id="signed"),
        pytest.param(Assertion, examples.assertion(type=["Assertion", "schema:Thing"]), id="types"),
        pytest.param(BadgeClass, examples.badge(tags=["a"]), id="badge"),
        pytest.param(BadgeClass, examples.badge(**{"@language": "es"}), id="language"),
        pytest.param(Profile, examples.issuer(), id="issuer"),
        pytest.param(Profile, examples.issuer(type="Profile"), id="profile"),
        pytest.param(
            Profile, examples.issuer(**{"@context": [examples.CONTEXT, {}]}), id="context-array"
        ),
        pytest.param(CryptographicKey, examples.key_document("pem"), id="key"),
        pytest.param(RevocationList, examples.revocation_list("urn:a", "urn:b"), id="list"),
        pytest.param(
            BadgeClass,
            examples.badge(criteria={"type": "Criteria", "narrative": "x"}),
            id="typed-criteria",
        ),
    ],
)
def test_writing_what_was_read_gives_the_same(
    model: type[Document], document: dict[str, Any]
) -> None:
    assert model.from_dict(document).to_dict() == document


@pytest.mark.requirement("N2", "N3")
def test_an_assertion_is_written_as_every_consumer_reads_it() -> None:
    document = Assertion(
        id=examples.ASSERTION_ID,
        recipient=IdentityObject(identity="a@example.org", hashed=False),
        badge=examples.BADGE_ID,
        verification=Verification.signed(examples.KEY_ID),
        issued_on="2020-01-02T03:04:05Z",
        image=Image(id=f"{examples.ASSERTION_ID}/image"),
    ).to_dict()
    assert document == {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": examples.ASSERTION_ID,
        "recipient": {"type": "email", "hashed": False, "identity": "a@example.org"},
        "badge": examples.BADGE_ID,
        "verification": {"type": "SignedBadge", "creator": examples.KEY_ID},
        "issuedOn": "2020-01-02T03:04:05Z",
        "image": f"{examples.ASSERTION_ID}/image",
    }


@pytest.mark.requirement("N3", "N8")
def test_criteria_are_always_an_object_and_one_key_a_string() -> None:
    read = BadgeClass.from_dict(examples.badge(criteria="https://badges.example.org/c"))
    assert read.to_dict()["criteria"] == {"id": "https://badges.example.org/c"}
    profile = Profile.from_dict(examples.issuer(publicKey=[examples.KEY_ID]))
    assert profile.to_dict()["publicKey"] == examples.KEY_ID


def test_one_value_may_stand_in_an_array_and_null_says_nothing() -> None:
    read = Assertion.from_dict(
        examples.assertion(badge=[examples.BADGE_ID], expires=None, evidence="https://a.org/1")
    )
    assert (read.badge, read.expires) == (examples.BADGE_ID, None)
    assert read.evidence == (Evidence(id="https://a.org/1"),)


def test_an_older_name_of_verification_is_read() -> None:
    document = examples.assertion()
    document["verify"] = {"type": "hosted"}
    with pytest.raises(MalformedError, match="both verification and verify"):
        Assertion.from_dict(document)
    del document["verification"]
    assert Assertion.from_dict(document).verification.method == "HostedBadge"


def test_embedded_objects_tell_their_ids() -> None:
    read = Assertion.from_dict(examples.assertion(badge=examples.badge(issuer=examples.issuer())))
    assert isinstance(read.badge, BadgeClass)
    assert read.badge_id == examples.BADGE_ID
    assert read.badge.issuer_id == examples.ISSUER_ID
    assert Assertion.from_dict(examples.assertion()).badge_id == examples.BADGE_ID
    assert BadgeClass.from_dict(examples.badge()).issuer_id == examples.ISSUER_ID
    assert "@context" not in read.to_dict()["badge"]
    plain = examples.assertion(badge={"id": examples.BADGE_ID})
    assert Assertion.from_dict(plain).badge == examples.BADGE_ID


@pytest.mark.requirement("A11")
def test_what_only_has_an_id_may_be_described_in_place() -> None:
    author = {"type": "Profile", "id": "https://a.example/me", "name": "Me"}
    image = Image.from_dict({"id": "https://a.example/1.png", "author": author})
    assert isinstance(image.author, Node)
    assert image.to_dict(embedded=True)["author"] == author
    key = CryptographicKey.from_dict(examples.key_document("pem", owner=examples.issuer()))
    assert key.owner_id == examples.ISSUER_ID
    assert CryptographicKey.from_dict(key.to_dict()) == key
    whole = examples.revocation_list("urn:a", "urn:b", issuer=examples.issuer())
    assert RevocationList.from_dict(whole).issuer_id == examples.ISSUER_ID
    assert RevocationList.from_dict(examples.revocation_list()).issuer_id == examples.ISSUER_ID


def test_an_object_with_nothing_but_an_id_is_that_id() -> None:
    plain = examples.issuer()
    linked = plain | {name: {"id": plain[name]} for name in ("url", "publicKey", "revocationList")}
    assert Profile.from_dict(linked) == Profile.from_dict(plain)
    verification = {"type": "SignedBadge", "creator": {"id": examples.KEY_ID}}
    assert Verification.from_dict(verification) == Verification.signed(examples.KEY_ID)
    broken: tuple[Any, ...] = ({"id": examples.KEY_ID, "publicKeyPem": "pem"}, {}, [], 7)
    for more in broken:
        with pytest.raises(MalformedError, match="creator"):
            Verification.from_dict({"creator": [more]})


def test_documents_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Assertion.from_dict(examples.assertion()).id = "other"  # type: ignore[misc] # the case


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


@pytest.mark.parametrize(
    ("model", "document", "names"),
    [
        (Assertion, examples.assertion(), ["id", "recipient", "badge", "verification", "issuedOn"]),
        (
            BadgeClass,
            examples.badge(),
            ["id", "name", "description", "image", "criteria", "issuer"],
        ),
        (Profile, examples.issuer(), ["id", "name", "url", "email"]),
        (CryptographicKey, examples.key_document("pem"), ["id", "publicKeyPem"]),
        (RevocationList, examples.revocation_list(), ["revokedAssertions"]),
    ],
)
@pytest.mark.requirement("A15")
def test_every_required_property_is_missed(
    model: type[Document], document: dict[str, Any], names: list[str]
) -> None:
    for name in names:
        for lacking in (without(document, name), document | {name: None}):
            with pytest.raises(MalformedError, match=rf"\.{name} is missing"):
                model.from_dict(lacking)
    with pytest.raises(MalformedError, match=r"\.type must be"):
        model.from_dict(without(document, "type"))
    with pytest.raises(MalformedError, match=r"\.type must be"):
        model.from_dict(document | {"type": "Endorsement"})


@pytest.mark.parametrize(
    ("model", "document", "reason"),
    [
        pytest.param(Assertion, [], "Assertion must be an object", id="no-object"),
        pytest.param(Assertion, examples.assertion(type=[]), "type must be", id="no-type"),
        pytest.param(
            Assertion, examples.assertion(type=["Assertion", "Own"]), "type must be", id="own-type"
        ),
        pytest.param(
            Assertion, examples.assertion(issuedOn=["a", "b"]), "holds 2 values", id="two-values"
        ),
        pytest.param(
            Assertion,
            examples.assertion(recipient="a@example.org"),
            "recipient must be an object",
            id="recipient-text",
        ),
        pytest.param(
            Assertion,
            examples.assertion(expires="2019-01-01T00:00:00Z"),
            "earlier than issuedOn",
            id="expires-before-issued",
        ),
        pytest.param(
            Assertion,
            examples.assertion(image="data:image/png;base64,AA=="),
            "image must be the http",
            id="embedded-picture",
        ),
        pytest.param(
            Assertion,
            examples.assertion(badge=examples.badge(name=None)),
            r"Assertion\.badge\.name is missing",
            id="embedded-badge",
        ),
        pytest.param(BadgeClass, examples.badge(criteria={}), "id or a narrative", id="criteria"),
        pytest.param(BadgeClass, examples.badge(image={"caption": "x"}), "image.id", id="image"),
        pytest.param(
            Profile, examples.issuer(publicKey=[examples.KEY_ID] * 2), "key twice", id="same-keys"
        ),
        pytest.param(
            RevocationList, examples.revocation_list({"revoked": True}), "id or a uid", id="entry"
        ),
        pytest.param(
            Assertion,
            examples.assertion(recipient={"type": "email", "hashed": True, "identity": "a@b.c"}),
            "hex digits",
            id="plain-called-hashed",
        ),
        pytest.param(
            Assertion,
            examples.assertion(
                recipient={"type": "url", "hashed": False, "identity": "md5$" + "0" * 32}
            ),
            "is a hash",
            id="hash-called-plain",
        ),
        pytest.param(
            Assertion,
            examples.assertion(recipient={"type": "nick", "hashed": False, "identity": "me"}),
            "property of the context",
            id="identity-of-no-kind",
        ),
        pytest.param(
            Assertion,
            examples.assertion(recipient={"type": "email", "hashed": False, "identity": "me"}),
            "e-mail address",
            id="plain-no-address",
        ),
    ],
)
def test_contradictions_are_refused(
    model: type[Document], document: dict[str, Any], reason: str
) -> None:
    with pytest.raises(MalformedError, match=reason):
        model.from_dict(document)


def test_a_wrong_value_is_not_written() -> None:
    read = Assertion.from_dict(examples.assertion())
    with pytest.raises(MalformedError, match="issuedOn must be a time"):
        replace(read, issued_on="2020-01-02").to_dict()
    with pytest.raises(MalformedError, match="id is missing"):
        replace(read, id=None).to_dict()  # type: ignore[arg-type] # the case


def test_what_is_not_named_by_the_standard_never_replaces_what_is() -> None:
    read = replace(Assertion.from_dict(examples.assertion()), extra={"id": "https://evil.example"})
    assert read.to_dict()["id"] == examples.ASSERTION_ID


@pytest.mark.requirement("D8", "N3")
def test_a_profile_with_other_than_one_key_url_is_read_but_not_written() -> None:
    two = Profile.from_dict(examples.issuer(publicKey=[examples.KEY_ID, f"{examples.BASE}/k2"]))
    assert two.key_ids == (examples.KEY_ID, f"{examples.BASE}/k2")
    embedded = Profile.from_dict(examples.issuer(publicKey=examples.key_document("pem")))
    assert embedded.key_ids == (examples.KEY_ID,)
    for profile in (two, embedded):
        with pytest.raises(MalformedError, match="publicKey must be one URL"):
            profile.to_dict()


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.requirement("I7", "N5")
def test_a_list_that_consumers_misread_is_not_written(count: int) -> None:
    short = RevocationList(revoked_assertions=(RevokedAssertion(id="urn:a"),) * count)
    with pytest.raises(MalformedError, match="at least 2 entries"):
        short.to_dict()


def test_an_empty_list_of_revocations_is_read() -> None:
    assert RevocationList.from_dict(examples.revocation_list()).revoked_assertions == ()


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        pytest.param("urn:a", True, id="bare"),
        pytest.param({"id": "urn:a", "revocationReason": "x"}, True, id="object"),
        pytest.param({"id": "urn:a", "revoked": True}, True, id="revoked-true"),
        pytest.param({"id": "urn:a", "revoked": False}, False, id="revoked-false"),
        pytest.param("urn:b", False, id="another"),
        pytest.param({"uid": "old"}, False, id="uid-of-one-with-an-id"),
    ],
)
def test_a_list_tells_what_it_revokes(entry: object, found: bool) -> None:
    read = RevocationList.from_dict(examples.revocation_list(entry))
    assert bool(read.find("urn:a", "old")) == found


def test_an_old_assertion_without_id_is_found_by_its_uid() -> None:
    read = RevocationList.from_dict(examples.revocation_list({"uid": "old"}, "urn:a"))
    assert read.find("", "old")
    assert not read.find("", None)


@pytest.mark.parametrize("name", ["schema:duns", "https://a.example/#staff", "telephone"])
def test_an_identity_may_be_of_any_kind_that_is_defined(name: str) -> None:
    document = {"type": name, "hashed": False, "identity": "x"}
    assert IdentityObject.from_dict(document).type == name


def test_a_uuid_has_no_case() -> None:
    name = "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b"
    read = RevocationList.from_dict(examples.revocation_list(name.upper(), "https://A.example/"))
    assert read.find(name)
    assert read.find("https://A.example/")
    assert not read.find("https://a.example/")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_an_absent_property_has_one_default(model: type[Document]) -> None:
    defaults = {item.name: item.default for item in fields(model)}
    for item in model.PROPERTIES:
        if not item.required:
            assert defaults[item.attribute] == (() if item.many else None)


def test_a_policy_that_is_only_named_is_not_read_as_none() -> None:
    with pytest.raises(MalformedError, match="more than its id"):
        Profile.from_dict(examples.issuer(verification={"id": f"{examples.BASE}/policy"}))
