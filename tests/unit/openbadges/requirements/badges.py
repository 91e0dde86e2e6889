# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badge classes (C), profiles (D), and the smaller objects inside them (G)."""

from __future__ import annotations

from typing import Any

from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.requirements.documents import URN, without
from tests.unit.openbadges.verification.changes import (
    BADGE,
    IMAGE,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
    policy,
)
from tests.unit.openbadges.verification.site import recorded

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(16)
EMBEDDED = recorded(PNG)["base64"]
GOAL = {"targetName": "Push", "targetUrl": "https://goals.example/push"}
PROFILE = {"@context": examples.CONTEXT, "type": "Profile", "id": ISSUER}


def no_text(name: str, check: str, number: str, change: Any, *properties: str) -> list[Case]:
    return [
        invalid(f"{number}-{name}-{prop.lower()}-number", change(prop, 7), check)
        for prop in properties
    ]


CASES: list[Case] = [
    invalid("C1-no-id", of_badge(id=None), "badge", forms=False),
    invalid("C1-id-of-another-kind", of_badge(id="urn:isbn:0451450523"), "badge", forms=False),
    invalid("C2-no-type", of_badge(type=None), "badge", forms=False),
    invalid("C2-type-of-another-class", of_badge(type="Profile"), "badge", forms=False),
    valid("C2-type-array", of_badge(type=["BadgeClass", "schema:Thing"])),
    invalid("C3-name-empty", of_badge(name=""), "badge"),
    valid("C4-description-empty", of_badge(description="")),
    valid("C5-png", {IMAGE: recorded(PNG)}),
    valid("C5+J1-svg", {IMAGE: recorded(SVG)}),
    valid(
        "C5-svg-with-a-script",
        {
            IMAGE: recorded(
                b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
            )
        },
    ),
    valid("C5-data-png", of_badge(image=f"data:image/png;base64,{EMBEDDED}")),
    valid("C5-data-svg", of_badge(image="data:image/svg+xml,%3Csvg%20/%3E")),
    invalid("C5+J1-jpeg", {IMAGE: recorded(JPEG)}, "image"),
    invalid("C5-gif", {IMAGE: recorded(b"GIF89a" + bytes(16))}, "image"),
    invalid("C5-garbage-called-png", {IMAGE: {"text": "x", "content_type": "image/png"}}, "image"),
    invalid("C5-cut-off", {IMAGE: recorded(PNG[:-5])}, "image"),
    invalid("C5-data-jpeg", of_badge(image=f"data:image/jpeg;base64,{EMBEDDED}"), "image"),
    invalid("C5-data-text", of_badge(image=f"data:text/plain;base64,{EMBEDDED}"), "badge"),
    invalid("C5-no-uri", of_badge(image="badge.png"), "badge"),
    valid(
        "C5-picture-elsewhere",
        {
            IMAGE: {"status": 302, "location": "https://cdn.example/1"},
            "https://cdn.example/1": recorded(PNG),
        },
    ),
    valid("C6-url", of_badge(criteria="https://badges.example.org/criteria")),
    valid("C6+G2-url-and-narrative", {}),
    valid("C6+G2-narrative-alone", of_badge(criteria={"narrative": "Push"})),
    valid("C6+G2-typed", of_badge(criteria={"type": "Criteria", "narrative": "Push"})),
    invalid("C6+G2-criteria-empty", of_badge(criteria={}), "badge"),
    invalid("C6+G2-narrative-empty", of_badge(criteria={"narrative": ""}), "badge"),
    invalid("C6-criteria-text", of_badge(criteria="Push 500 updates"), "badge"),
    invalid("C6+G2-other-type", of_badge(criteria={"type": "Evidence", "narrative": "x"}), "badge"),
    invalid("C7-issuer-is-nowhere", of_badge(issuer=URN), "issuer"),
    invalid(
        "C7-issuer-is-a-badge", {ISSUER: {"json": examples.badge(id=ISSUER)}}, "issuer", forms=False
    ),
    valid("C8+G4-alignment", of_badge(alignment=[GOAL, GOAL | {"targetCode": "P.1"}])),
    valid(
        "C8+G4-alignment-bare",
        of_badge(
            alignment=GOAL
            | {"type": "AlignmentObject", "targetFramework": "Goals", "targetDescription": "x"}
        ),
    ),
    invalid("C8-alignment-text", of_badge(alignment="https://goals.example/push"), "badge"),
    invalid("G4-no-name", of_badge(alignment=without(GOAL, "targetName")), "badge"),
    invalid("G4-no-url", of_badge(alignment=without(GOAL, "targetUrl")), "badge"),
    invalid("G4-url-relative", of_badge(alignment=GOAL | {"targetUrl": "push"}), "badge"),
    invalid(
        "G4-names-of-1-x",
        of_badge(alignment={"name": "Push", "url": "https://a.example/"}),
        "badge",
    ),
    *no_text(
        "alignment",
        "badge",
        "G4",
        lambda name, value: of_badge(alignment=GOAL | {name: value}),
        "targetDescription",
        "targetFramework",
        "targetCode",
    ),
    valid("C9-tags", of_badge(tags=["rock", "roll"])),
    valid("C9-tag-bare", of_badge(tags="rock")),
    invalid("C9-tag-number", of_badge(tags=["rock", 7]), "badge"),
    # Profiles.
    invalid("D1-no-id", of_issuer(id=None), "issuer", forms=False),
    invalid("D2-no-type", of_issuer(type=None), "issuer", forms=False),
    invalid("D2-type-of-another-class", of_issuer(type="AlignmentObject"), "issuer", forms=False),
    valid("D2-profile", of_issuer(type="Profile")),
    valid("D2-type-array", of_issuer(type=["Profile", "Issuer", "schema:Organization"])),
    invalid("D3-name-number", of_issuer(name=7), "issuer"),
    invalid("D5-email-without-at", of_issuer(email="badges.example.org"), "issuer"),
    valid("D6-telephone", of_issuer(telephone="+15551234567;ext=12")),
    invalid("D6-telephone-of-here", of_issuer(telephone="555-1234"), "issuer"),
    valid("D7-description-and-image", of_issuer(description="x", image=f"{ISSUER}/image")),
    invalid("D7-description-number", of_issuer(description=7), "issuer"),
    invalid("D7-image-no-uri", of_issuer(image="logo.png"), "issuer"),
    invalid("D8-key-no-url", of_issuer(publicKey="our key"), "issuer"),
    valid("D9-policy", policy(startsWith=f"{examples.BASE}/")),
    invalid("D9-policy-text", of_issuer(verification="hosted"), "issuer"),
    invalid("D10-list-no-url", of_issuer(revocationList="list"), "issuer"),
    valid(
        "D11+D3-profile-of-a-recipient",
        {ISSUER: {"json": PROFILE}},
        source=lambda _site, _key: ISSUER,
    ),
    valid(
        "D11-profile-of-a-recipient-as-json",
        {ISSUER: {"json": PROFILE}},
        source=lambda _site, _key: PROFILE,
        recipients=("email:anybody@example.org",),
    ),
    invalid(
        "D11-profile-of-an-issuer",
        {ISSUER: {"json": PROFILE | {"type": "Issuer"}}},
        source=lambda _site, _key: ISSUER,
    ),
    invalid(
        "D12-email-number",
        {ISSUER: {"json": PROFILE | {"email": 7}}},
        source=lambda _site, _key: ISSUER,
    ),
    invalid("D12-telephone-object", of_issuer(telephone={"a": 1}), "issuer"),
    # Evidence, pictures.
    valid(
        "G1-everything",
        hosted(
            evidence=[
                {
                    "type": "Evidence",
                    "id": "https://a.example/1",
                    "narrative": "x",
                    "name": "x",
                    "description": "x",
                    "genre": "x",
                    "audience": "x",
                }
            ]
        ),
    ),
    valid("G1-narrative-alone", hosted(evidence={"narrative": "I did it"})),
    valid("G1-ephemeral", hosted(evidence={"id": URN, "narrative": "I did it"})),
    valid("G1-more-types", hosted(evidence={"type": ["Evidence", "schema:Thing"], "name": "x"})),
    invalid("G1-other-type", hosted(evidence={"type": "Criteria", "name": "x"})),
    *no_text(
        "evidence",
        "data",
        "G1",
        lambda name, value: hosted(evidence={name: value}),
        "narrative",
        "name",
        "description",
        "genre",
        "audience",
    ),
    valid("G3-image", of_badge(image={"id": IMAGE, "caption": "A rock", "author": ISSUER})),
    valid(
        "G3-author-in-place",
        of_badge(image={"id": IMAGE, "author": {"type": "Profile", "id": ISSUER}}),
    ),
    invalid("G3-image-object-no-id", of_badge(image={"caption": "A rock"}), "badge"),
    invalid("G3-caption-number", of_badge(image={"id": IMAGE, "caption": 7}), "badge"),
    valid("C1-badge-alone", {}, source=lambda _site, _key: BADGE),
]
