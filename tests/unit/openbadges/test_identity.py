# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from openbadges.errors import MalformedError
from openbadges.identity import email_identity, hash_identity, matches, new_salt
from openbadges.models import IdentityObject

ADDRESS = "lmacken@example.org"
HASHED = IdentityObject(
    identity="sha256$8998c01bade3c600fe6323eb3bc86fc08ea772bd5d845afc324fcdd6c484b424",
    salt="deadsea",
)


@pytest.mark.requirement("E5")
def test_the_salt_is_appended_before_hashing() -> None:
    assert hash_identity(ADDRESS, "deadsea") == HASHED.identity
    assert hash_identity("é", "s") == "sha256$" + hashlib.sha256("és".encode()).hexdigest()


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(MalformedError, match="sha512"):
        hash_identity(ADDRESS, "", "sha512")


@pytest.mark.requirement("E6")
def test_salts_differ() -> None:
    assert len({new_salt() for _ in range(100)}) == 100
    assert len(new_salt()) == 32


@pytest.mark.requirement("N10")
def test_an_address_is_lower_cased_before_hashing() -> None:
    assert email_identity(" LMacken@Example.org ", "deadsea") == HASHED
    assert email_identity(ADDRESS).salt != email_identity(ADDRESS).salt


def test_what_is_no_address_gets_no_identity() -> None:
    with pytest.raises(MalformedError, match="e-mail address"):
        email_identity("lmacken")


@pytest.mark.parametrize(
    ("recipient", "address", "form", "legacy"),
    [
        pytest.param(HASHED, ADDRESS, "as given", False, id="salted"),
        pytest.param(HASHED, "LMACKEN@example.org", "lower-cased", False, id="wrong-case"),
        pytest.param(
            replace(HASHED, identity=HASHED.identity.upper().replace("SHA", "sha")),
            ADDRESS,
            "as given",
            False,
            id="upper-case-hex",
        ),
        pytest.param(
            IdentityObject(identity=hash_identity(ADDRESS, "", "md5")),
            ADDRESS,
            "as given",
            True,
            id="md5-is-legacy",
        ),
        pytest.param(
            IdentityObject(identity=ADDRESS, hashed=False), ADDRESS, "as given", False, id="plain"
        ),
        pytest.param(
            IdentityObject(identity="http://x.example/Me", hashed=False, type="url"),
            "http://x.example/Me",
            "as given",
            False,
            id="url",
        ),
    ],
)
@pytest.mark.requirement("E8", "N10")
def test_the_right_recipient_matches(
    recipient: IdentityObject, address: str, form: str, legacy: bool
) -> None:
    match = matches(recipient, address)
    assert match
    assert (match.form, match.legacy) == (form, legacy)


@pytest.mark.parametrize(
    ("recipient", "address"),
    [
        pytest.param(HASHED, "other@example.org", id="somebody-else"),
        pytest.param(replace(HASHED, salt="other"), ADDRESS, id="other-salt"),
        pytest.param(replace(HASHED, salt=None), ADDRESS, id="salt-dropped"),
        pytest.param(replace(HASHED, identity="sha512$00"), ADDRESS, id="unknown-algorithm"),
        pytest.param(replace(HASHED, identity=""), "", id="empty"),
        pytest.param(
            IdentityObject(identity="http://x.example/me", hashed=False, type="url"),
            "http://x.example/ME",
            id="url-case-counts",
        ),
    ],
)
def test_anybody_else_does_not_match(recipient: IdentityObject, address: str) -> None:
    assert not matches(recipient, address)


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(MalformedError, match="surrogate"):
        matches(HASHED, "\ud800@example.org")
