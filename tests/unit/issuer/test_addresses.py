# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from uuid import UUID

import pytest

from issuer.addresses import Addresses

SITE = Addresses("https://badges.example.org")
UUID_1 = UUID("0e5bfb7c-9c63-4c86-a2c3-0b7a5d0f3a11")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (SITE.profile("accolades"), "/issuers/accolades"),
        (SITE.profile("accolades", 2), "/issuers/accolades/epochs/2"),
        (SITE.profile_image("accolades"), "/issuers/accolades/image"),
        (SITE.revocations("accolades"), "/issuers/accolades/revocations"),
        (SITE.key("2026-abc"), "/keys/2026-abc"),
        (SITE.badge("first-steps"), "/badges/first-steps"),
        (SITE.badge("first-steps", 3), "/badges/first-steps/editions/3"),
        (SITE.badge_image("first-steps"), "/badges/first-steps/image"),
        (SITE.badge_image("first-steps", 3), "/badges/first-steps/editions/3/image"),
        (SITE.assertion(UUID_1), f"/assertions/{UUID_1}"),
        (SITE.assertion_image(UUID_1), f"/assertions/{UUID_1}/image"),
        (SITE.signed_assertion(UUID_1), f"/assertions/{UUID_1}.jws"),
        (SITE.person("asha"), "/people/asha"),
        (SITE.person("a/b?c#d é"), "/people/a%2Fb%3Fc%23d%20%C3%A9"),
    ],
)
def test_public_addresses_never_change(address: str, path: str) -> None:
    assert address == f"https://badges.example.org{path}"
