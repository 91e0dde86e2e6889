# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from openbadges.errors import VerificationError
from openbadges.models import Profile
from openbadges.verification.scopes import check_scope
from tests.unit.openbadges import examples

HERE = "https://badges.example.org"
ASSERTION = f"{HERE}/assertions/1"
BADGE = f"{HERE}/badges/1"


def profile(identifier: str = f"{HERE}/issuer", **policy: Any) -> Profile:
    verification = {"verification": policy} if policy else {}
    return Profile.from_dict(examples.issuer(id=identifier, **verification))


@pytest.mark.parametrize(
    ("issuer", "assertion", "badge"),
    [
        pytest.param(profile(), ASSERTION, BADGE, id="own-origin"),
        pytest.param(profile(f"{HERE}:443/issuer"), ASSERTION, BADGE, id="usual-port"),
        pytest.param(profile("http://badges.example.org/issuer"), ASSERTION, BADGE, id="upgraded"),
        pytest.param(
            profile("http://127.0.0.1:8000/i"),
            "http://127.0.0.1:8000/a",
            "http://127.0.0.1:8000/b",
            id="loopback",
        ),
        pytest.param(profile(allowedOrigins="a.org"), "https://A.org/1", BADGE, id="other-origin"),
        pytest.param(
            profile(allowedOrigins=["b.org", "a.org"]),
            "https://a.org/1",
            "https://b.org/1",
            id="two-origins",
        ),
        pytest.param(profile(startsWith=f"{HERE}/assertions/"), ASSERTION, BADGE, id="prefix"),
        pytest.param(
            profile(startsWith=["https://x.org/", f"{HERE}/a"]), ASSERTION, BADGE, id="prefixes"
        ),
        pytest.param(profile(verificationProperty="id"), ASSERTION, BADGE, id="property"),
    ],
)
def test_an_issuer_vouches_for_its_own(issuer: Profile, assertion: str, badge: str) -> None:
    assert check_scope(issuer, assertion, badge).startswith("the issuer vouches for")


@pytest.mark.parametrize(
    ("issuer", "assertion", "badge"),
    [
        pytest.param(profile(), "https://evil.example/1", BADGE, id="other-origin"),
        pytest.param(profile(), f"{HERE}.evil.example/1", BADGE, id="longer-host"),
        pytest.param(profile(), f"{HERE}:8443/1", BADGE, id="other-port"),
        pytest.param(profile(), "http://badges.example.org/1", BADGE, id="downgraded"),
        pytest.param(profile(), ASSERTION, "https://evil.example/b", id="badge-elsewhere"),
        pytest.param(
            profile(startsWith="https://a.org/"), "https://a.org/1", BADGE, id="prefix-elsewhere"
        ),
        pytest.param(profile(startsWith=f"{HERE}/x/"), ASSERTION, BADGE, id="other-prefix"),
        pytest.param(
            profile(startsWith=f"{HERE}/x/"), f"{HERE}/x/../assertions/1", BADGE, id="dots"
        ),
        pytest.param(
            profile(startsWith=f"{HERE}/x/"), f"{HERE}/x/%2e%2E/a/1", BADGE, id="escaped-dots"
        ),
        pytest.param(profile(allowedOrigins="a.org"), ASSERTION, BADGE, id="policy-excludes-own"),
        pytest.param(
            profile(allowedOrigins="a.org"), "https://a.org:8443/1", BADGE, id="policy-other-port"
        ),
        pytest.param(profile(verificationProperty="email"), ASSERTION, BADGE, id="property"),
    ],
)
def test_an_issuer_does_not_vouch_for_others(issuer: Profile, assertion: str, badge: str) -> None:
    with pytest.raises(VerificationError):
        check_scope(issuer, assertion, badge)
