# SPDX-License-Identifier: AGPL-3.0-or-later
"""Baked pictures (J), extensions (K), translations, editions and endorsements (L)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from openbadges.baking import bake
from openbadges.signing import sign
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.requirements.cases import Case, invalid, valid
from tests.unit.openbadges.verification.changes import (
    ASSERTION,
    BADGE,
    ENDORSEMENT,
    ENDORSER,
    EVIL,
    ISSUER,
    hosted,
    of_badge,
    of_issuer,
)

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.requirements.cases import Source
    from tests.unit.openbadges.verification.site import Site

PROFILE = f"{ENDORSER}/issuer"
EXTENSIONS = "https://w3id.org/openbadges/extensions"
OWN = "https://own.example"
APPLY = {
    "@context": f"{EXTENSIONS}/applyLinkExtension/context.json",
    "type": ["Extension", "extensions:ApplyLink"],
    "url": "https://badges.example.org/apply",
}


def token(site: Site, key: PrivateKey) -> str:
    return sign(examples.signed_assertion(), key)


def baked(picture: bytes, *, signed: bool = True) -> Source:
    return lambda site, key: bake(
        picture, token(site, key) if signed else json.dumps(examples.assertion())
    )


def twice(site: Site, key: PrivateKey) -> bytes:
    once = bake(PNG, token(site, key))
    # The header and its frame end at byte 33; the badge follows.
    return once[:33] + once[33 : 33 + len(once) - len(PNG)] + once[33:]


def svg(element: str) -> Source:
    start = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org">'
    return lambda site, key: (start + element.replace("{}", token(site, key)) + "</svg>").encode()


def given(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}


def extended(**changes: Any) -> dict[str, Any]:
    return of_badge(**{"extensions:ApplyLink": given(APPLY | changes)})


def own_extension(**changes: Any) -> dict[str, Any]:
    rule = {"obi:validatesType": "extensions:Own", "obi:validationSchema": f"{OWN}/schema"}
    terms = {"stars": "https://own.example/#stars"}
    return {
        f"{OWN}/context": {"json": {"@context": terms, "obi:validation": [rule]}},
        f"{OWN}/schema": {"json": {"type": "object", "required": ["stars"]}},
        **of_badge(
            **{
                "extensions:Own": given(
                    {
                        "@context": f"{OWN}/context",
                        "type": ["Extension", "extensions:Own"],
                        "stars": 5,
                    }
                    | changes
                )
            }
        ),
    }


def endorsed(place: Any = of_badge, *, what: str = BADGE, **changes: Any) -> dict[str, Any]:
    document = examples.endorsement(ENDORSEMENT, PROFILE, claim={"id": what}) | changes
    endorser = examples.issuer(id=PROFILE, publicKey=None, revocationList=None)
    return {
        PROFILE: {"json": endorser},
        ENDORSEMENT: {"json": document},
        **place(endorsement=ENDORSEMENT),
    }


def at_endorsement(site: Site, key: PrivateKey) -> str:
    return ENDORSEMENT


SVG_ELEMENT = '<openbadges:assertion verify="{}"/>'

CASES: list[Case] = [
    valid("J2-png-token", source=baked(PNG)),
    valid("J2-png-json", source=baked(PNG, signed=False)),
    valid("J4-png-url", source=lambda _site, _key: bake(PNG, ASSERTION)),
    invalid("J3-png-twice-same", {}, "input", source=twice, note="holds 2"),
    Case("J4-png-nothing", {}, "not a badge", "input", source=lambda _site, _key: PNG),
    Case(
        "J4-png-profile",
        {},
        "not a badge",
        "assertion",
        source=lambda _site, _key: bake(PNG, json.dumps(examples.issuer())),
    ),
    valid("J5-svg-token", source=baked(SVG)),
    valid("J5-svg-json", source=baked(SVG, signed=False)),
    valid("J5-svg-verify-attribute", source=svg(SVG_ELEMENT)),
    invalid("J6-svg-twice", {}, "input", source=svg(SVG_ELEMENT + SVG_ELEMENT)),
    invalid("J6-svg-in-another-place", {}, "input", source=svg(f"<g>{SVG_ELEMENT}</g>")),
    invalid(
        "J7-svg-with-entities",
        {},
        "input",
        source=lambda site, key: b'<!DOCTYPE svg [<!ENTITY a "a">]>' + SVG,
    ),
    Case("J7-not-a-picture", {}, "not a badge", "input", source=lambda _site, _key: b"\x00\x01"),
    # K: extensions.
    valid("G7+K1+K2-extension", extended()),
    valid("K1-extension-of-the-assertion", hosted(**{"extensions:ApplyLink": APPLY})),
    valid("K1-extension-of-the-issuer", of_issuer(**{"extensions:ApplyLink": APPLY})),
    invalid("K1-no-context", extended(**{"@context": None}), "badge"),
    invalid("K1-no-type-of-its-own", extended(type=["Extension"]), "badge", forms=False),
    invalid(
        "K1-unknown-type", extended(type=["Extension", "extensions:Unknown"]), "badge", forms=False
    ),
    invalid("K2-required-member", extended(url=None), "badge", forms=False),
    invalid("K2-wrong-kind", extended(url=7), "badge", forms=False),
    valid("K2-own-schema", own_extension()),
    invalid("K2-own-schema-broken", own_extension(stars=None), "badge", forms=False),
    Case(
        "K2-own-context-down",
        own_extension() | {f"{OWN}/context": {"error": "down"}},
        "unverifiable",
        "badge",
        forms=False,
    ),
    invalid(
        "K2-own-context-404",
        own_extension() | {f"{OWN}/context": {"status": 404}},
        "badge",
        forms=False,
    ),
    valid(
        "K3-more-data-without-extension",
        extended(type=["extensions:ApplyLink"], url=7),
        forms=False,
    ),
    valid(
        "K3-inline-context",
        of_badge(
            **{"@context": [examples.CONTEXT, {"stars": "https://own.example/#stars"}], "stars": 5}
        ),
        forms=False,
    ),
    invalid(
        "K3-context-that-redefines",
        of_badge(**{"@context": [examples.CONTEXT, {"issuer": "https://evil.example/#x"}]}),
        "badge",
        forms=False,
    ),
    # L: related, version, language.
    valid("L1-related-url", of_badge(related=f"{BADGE}/es")),
    valid(
        "L1-related-editions",
        of_badge(
            related=[{"id": f"{BADGE}/es", "@language": "es"}, {"id": f"{BADGE}/1", "version": "1"}]
        ),
    ),
    invalid("L1-related-no-iri", of_badge(related="the Spanish one"), "badge"),
    invalid(
        "L1-related-language",
        of_badge(related={"id": f"{BADGE}/es", "@language": "?"}),
        "badge",
        forms=False,
    ),
    valid("L2-version-text", of_badge(version="v1.0")),
    valid("L2-version-number", of_badge(version=1.5)),
    invalid("L2-version-boolean", of_badge(version=True), "badge"),
    valid("L3-language", of_badge(**{"@language": "es-MX"}), forms=False),
    invalid("L3-language-bad", of_badge(**{"@language": "Mexican Spanish"}), "badge", forms=False),
    invalid(
        "L3-language-in-context",
        of_badge(**{"@context": [examples.CONTEXT, {"@language": "es"}]}),
        "badge",
        forms=False,
    ),
    # L4, L5, G8: endorsements.
    valid("L4-of-the-badge", endorsed()),
    valid("L4-of-the-issuer", endorsed(of_issuer, what=ISSUER)),
    valid("L4-of-the-assertion", endorsed(hosted, what=ASSERTION)),
    valid("L5+G8-alone", endorsed(), source=at_endorsement),
    invalid("L4-is-a-badge", of_badge(endorsement=BADGE), "links"),
    Case("L4-down", of_badge(endorsement=ENDORSEMENT), "unverifiable", "links"),
    invalid("L4-404", endorsed() | {ENDORSEMENT: {"status": 404}}, "links"),
    *(
        invalid(f"{number}-{name}", endorsed(**changes), check, source=at_endorsement)
        for number, name, changes, check in (
            ("G8", "no-id", {"id": None}, "assertion"),
            ("G8", "no-claim", {"claim": None}, "data"),
            ("G8", "no-issuer", {"issuer": None}, "data"),
            ("G8", "no-time", {"issuedOn": None}, "data"),
            ("G8+L5", "no-verification", {"verification": None}, "assertion"),
            ("G8", "comment-number", {"claim": {"id": BADGE, "endorsementComment": 7}}, "data"),
            ("L5", "claim-without-id", {"claim": {"endorsementComment": "x"}}, "data"),
            ("L5", "issuer-of-another-site", {"issuer": ISSUER}, "scope"),
        )
    ),
    invalid("L5-linked-and-forged", endorsed(issuer=ISSUER), "links"),
    invalid("L5-linked-and-unsigned", endorsed(verification={"type": "SignedBadge"}), "links"),
    Case(
        "G8-revoked",
        {
            **endorsed(),
            ENDORSEMENT: {
                "json": {
                    "@context": examples.CONTEXT,
                    "type": "Endorsement",
                    "id": ENDORSEMENT,
                    "issuer": PROFILE,
                    "revoked": True,
                    "revocationReason": "Oops",
                }
            },
        },
        "revoked",
        "revocation",
        source=at_endorsement,
        note="Oops",
    ),
    invalid("L4-linked-and-revoked", endorsed(revoked=True), "links"),
    valid(
        "L4-embedded",
        of_badge(endorsement=examples.endorsement(ENDORSEMENT, f"{EVIL}/none"))
        | {url: answer for url, answer in endorsed().items() if url != BADGE},
    ),
]
