# SPDX-License-Identifier: AGPL-3.0-or-later
"""The requirements of Open Badges 2.0 in our own words, by number; tests name the numbers.

A number is a letter for the part of the standard and a running number in it. The parts N and M are
what we decided where the standard leaves a choice, and what its certification guide asks for.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Requirement(NamedTuple):
    """One requirement: how strongly it binds, whom, and what it asks for."""

    level: str
    who: str
    text: str


PARTS: Final = {
    "A": "All documents",
    "B": "Assertion",
    "C": "BadgeClass",
    "D": "Profile and Issuer",
    "E": "IdentityObject",
    "F": "VerificationObject",
    "G": "Smaller classes",
    "H": "Hosted badges",
    "I": "Signed badges",
    "J": "Baking",
    "K": "Extensions",
    "L": "Related things, editions, languages and endorsements",
    "M": "Certification and practice",
    "N": "Choices of ours where the standard leaves one",
}

MUST, SHOULD, MAY, CHOICE = "must", "should", "may", "choice"
ISSUER, VERIFIER, BOTH = "issuer", "verifier", "issuer, verifier"
DISPLAYER, HOST = "displayer", "host"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    number: Requirement(*row)
    for number, row in {
        "A1": (MUST, BOTH, "A document is JSON-LD whose `@context` is that of 2.0, alone or first"),
        "A2": (MUST, BOTH, "`type` names the class, alone or among IRIs"),
        "A3": (MUST, BOTH, "`id` is an http or https IRI, or a `urn:uuid`"),
        "A4": (MUST, VERIFIER, "What the context does not define has no meaning and no effect"),
        "A5": (
            MUST,
            BOTH,
            "Several values stand in an array, where several are allowed; one value "
            "means the same bare and in an array",
        ),
        "A6": (MUST, BOTH, "Text is a JSON string, a truth value is `true` or `false`"),
        "A7": (
            MUST,
            BOTH,
            "A moment has a date, `T`, a time and a zone; seconds and their "
            "fraction may be left out",
        ),
        "A8": (MUST, BOTH, "A URL is absolute, has a host, and is http or https"),
        "A9": (
            SHOULD,
            ISSUER,
            "JSON-LD is served as such, as JSON or HTML to whoever prefers it; "
            "a verifier goes by the bytes",
        ),
        "A10": (MUST, BOTH, "Linked documents answer 200 in the end; redirects are allowed"),
        "A11": (MAY, BOTH, "What is linked may also be embedded with its id, without a context"),
        "A12": (
            SHOULD,
            VERIFIER,
            "What is found at an id counts and not an embedded copy; keys in "
            "a copy of a profile never count",
        ),
        "A13": (SHOULD, HOST, "Valid properties survive being stored and served again"),
        "A14": (SHOULD, DISPLAYER, "Markdown is links, emphasis and lists, and is sanitised"),
        "A15": (MUST, BOTH, "`null` and an empty list mean that a property is absent"),
        "B1": (
            MUST,
            BOTH,
            "`id`: where a hosted assertion is had; a `urn:uuid` or URL of a signed one",
        ),
        "B2": (MUST, BOTH, "`type` holds `Assertion`"),
        "B3": (MUST, BOTH, "`recipient`: exactly one identity"),
        "B4": (MUST, BOTH, "`badge`: the id of a badge class, or the class itself"),
        "B5": (MUST, BOTH, "`verification`, also under the name `verify`"),
        "B6": (MUST, BOTH, "`issuedOn`: a moment that is not in the future"),
        "B7": (MAY, BOTH, "`image`: the URL of the picture that this award is baked into"),
        "B8": (MAY, BOTH, "`evidence`: URLs or objects, several allowed"),
        "B9": (MAY, BOTH, "`narrative`: text"),
        "B10": (
            MAY,
            BOTH,
            "`expires`: a moment after which the badge has expired, not earlier than `issuedOn`",
        ),
        "B11": (MAY, BOTH, "`revoked`: where it is true, only it and `id` must be there"),
        "B12": (MAY, BOTH, "`revocationReason`: text"),
        "B13": (SHOULD, ISSUER, "`uid` is gone since 2.0 and has no effect"),
        "B14": (MAY, BOTH, "`version`, `related` and `endorsement` of an assertion"),
        "C1": (MUST, BOTH, "`id`; a `urn:uuid` for one that exists only inside signed assertions"),
        "C2": (MUST, BOTH, "`type` holds `BadgeClass`"),
        "C3": (MUST, BOTH, "`name`: text"),
        "C4": (MUST, BOTH, "`description`: text"),
        "C5": (MUST, BOTH, "`image`: a URL, a data URI or an object, of a PNG or SVG picture"),
        "C6": (MUST, BOTH, "`criteria`: a URL or an object"),
        "C7": (MUST, BOTH, "`issuer`: exactly one profile"),
        "C8": (MAY, BOTH, "`alignment`: objects, several allowed"),
        "C9": (MAY, BOTH, "`tags`: texts, several allowed"),
        "C10": (
            SHOULD,
            ISSUER,
            "An edit that makes it another achievement gives it another id; "
            "the former class stays as long as an assertion names it",
        ),
        "D1": (MUST, BOTH, "`id`: the URL of the profile"),
        "D2": (MUST, BOTH, "`type` holds `Issuer` or `Profile`"),
        "D3": (MUST, BOTH, "`name` of an issuer"),
        "D4": (MUST, BOTH, "`url` of an issuer"),
        "D5": (MUST, BOTH, "`email` of an issuer"),
        "D6": (MAY, BOTH, "`telephone` in E.164 form"),
        "D7": (MAY, BOTH, "`description` and `image`"),
        "D8": (
            MAY,
            BOTH,
            "`publicKey`: one or several keys that sign for the issuer, by URL or embedded",
        ),
        "D9": (MAY, BOTH, "`verification`: which ids the issuer vouches for"),
        "D10": (MAY, BOTH, "`revocationList`: the URL of the list"),
        "D11": (MUST, BOTH, "The profile of a recipient needs only `id` and `type`"),
        "D12": (MUST, BOTH, "Properties that identify somebody hold text"),
        "E1": (MUST, BOTH, "`identity`: the identifier, or its hash"),
        "E2": (MUST, BOTH, "`type`: the property that identifies, which is defined somewhere"),
        "E3": (MUST, BOTH, "`hashed`: true or false"),
        "E4": (MAY, BOTH, "`salt`: text; absent, there is none"),
        "E5": (
            MUST,
            BOTH,
            "A hash is `sha256$` or `md5$` and hex digits of either case, over the "
            "UTF-8 of the identifier and then the salt",
        ),
        "E6": (SHOULD, ISSUER, "Personal identifiers are hashed, each with a salt of its own"),
        "E7": (MUST, BOTH, "`hashed` and the form of the identity agree"),
        "E8": (
            CHOICE,
            VERIFIER,
            "Identifiers are compared as given, e-mail addresses in small "
            "letters too, and the report says which matched",
        ),
        "F1": (
            MUST,
            BOTH,
            "An assertion is `HostedBadge` or `SignedBadge`, or their short names, "
            "and nothing else",
        ),
        "F2": (
            SHOULD,
            BOTH,
            "The policy of a profile is a `VerificationObject`; other types change nothing",
        ),
        "F3": (MAY, BOTH, "`verificationProperty`: `id`, or absent"),
        "F4": (MAY, BOTH, "`startsWith`: one or several beginnings of assertion ids"),
        "F5": (
            MAY,
            BOTH,
            "`allowedOrigins`: one or several host names, without scheme, port or path",
        ),
        "F6": (
            MUST,
            BOTH,
            "Without a policy, assertion and badge class lie on the origin of the issuer",
        ),
        "F7": (
            CHOICE,
            VERIFIER,
            "Beginnings and origins must both hold; a beginning alone opens no other origin",
        ),
        "F8": (
            MAY,
            BOTH,
            "`creator`: the key that signed, which the issuer lists; without it, one "
            "of those listed",
        ),
        "F9": (CHOICE, ISSUER, "On localhost or a port there is no policy that names the origin"),
        "G1": (
            MAY,
            BOTH,
            "Evidence: any of `id`, `narrative`, `name`, `description`, `genre`, `audience`",
        ),
        "G2": (MUST, BOTH, "Criteria: an `id` or a `narrative`"),
        "G3": (MUST, BOTH, "Image: `id`; `caption` and `author` may be there"),
        "G4": (MUST, BOTH, "AlignmentObject: `targetName` and `targetUrl`; the rest is text"),
        "G5": (MAY, BOTH, "CryptographicKey: `publicKeyPem`, with `id` and `owner`"),
        "G6": (
            MUST,
            BOTH,
            "RevocationList: `type` and `revokedAssertions`, ids or objects with an "
            "`id` or, for old assertions, a `uid`",
        ),
        "G7": (MUST, BOTH, "Extension: see K"),
        "G8": (
            MUST,
            BOTH,
            "Endorsement: `id`, `type`, `claim`, `issuer`, `issuedOn`, "
            "`verification`; once revoked, little of it",
        ),
        "H1": (
            MUST,
            ISSUER,
            "A hosted assertion is had at its id, by everybody, as long as the badge is of use",
        ),
        "H2": (MUST, VERIFIER, "A hosted assertion that is handed in only tells where to look"),
        "H3": (MUST, VERIFIER, "A document that names another id is judged there"),
        "H4": (MUST, VERIFIER, "The id lies in the scope of the issuer"),
        "H5": (MUST, VERIFIER, "The issuer may issue the badge, and the recipient is the expected"),
        "H6": (MUST, BOTH, "410, or `revoked`, means revoked"),
        "H7": (SHOULD, VERIFIER, "Gone, missing and out of reach are told apart"),
        "I1": (MUST, BOTH, "A signed badge is a compact JWS without padding over its JSON"),
        "I2": (SHOULD, BOTH, "It is signed with RS256; others may be understood"),
        "I3": (
            MUST,
            VERIFIER,
            "A payload that is no JSON is invalid; any other is checked as data",
        ),
        "I4": (
            MUST,
            VERIFIER,
            "Only keys that the hosted profile lists count; without one that "
            "can be used, nothing is proven",
        ),
        "I5": (MUST, VERIFIER, "A signature that does not hold is invalid"),
        "I6": (
            MUST,
            VERIFIER,
            "The revocation list is read and does not name the badge; without "
            "the list it cannot be verified",
        ),
        "I7": (MUST, ISSUER, "A revoked id is put on the list, which always has two entries"),
        "I8": (MUST, VERIFIER, "An unknown `crit` is refused (RFC 7515)"),
        "I9": (MAY, BOTH, "The badge class may exist only inside the signed assertion"),
        "I10": (SHOULD, ISSUER, "The recipient accepts before a signed assertion is published"),
        "J1": (MUST, BOTH, "The picture of a badge class can be baked: it is PNG or SVG"),
        "J2": (MUST, BOTH, "PNG: one uncompressed `iTXt` chunk `openbadges` with JWS or JSON"),
        "J3": (MUST, BOTH, "PNG: never two such chunks; baking again replaces"),
        "J4": (MUST, VERIFIER, "PNG: what `iTXt` or, of old, `tEXt` holds is taken out"),
        "J5": (
            MUST,
            BOTH,
            "SVG: one element `openbadges:assertion` right below the root, with the "
            "JWS or the address in `verify`, and the JSON as its text",
        ),
        "J6": (MUST, BOTH, "SVG: never two such elements"),
        "J7": (SHOULD, VERIFIER, "Pictures are read within bounds: size, compression, entities"),
        "K1": (
            MUST,
            BOTH,
            "An extension has a context of its own, the type `Extension` and a type of its own",
        ),
        "K2": (MAY, BOTH, "Its context may name schemas for its types, and it must satisfy them"),
        "K3": (MAY, BOTH, "Other data may be added by contexts, inline terms and full IRIs"),
        "K4": (SHOULD, BOTH, "Contexts and schemas stay available; well-known ones are built in"),
        "K5": (
            CHOICE,
            VERIFIER,
            "The published extensions with mistakes are read as they are meant",
        ),
        "L1": (MAY, BOTH, "`related`: the same thing in another language or edition"),
        "L2": (MAY, BOTH, "`version`: text or a number; each edition has an id of its own"),
        "L3": (MAY, BOTH, "`@language`: a language tag beside the context"),
        "L4": (MAY, BOTH, "`endorsement` of any primary object, by link or embedded"),
        "L5": (
            MUST,
            VERIFIER,
            "An endorsement is verified like an assertion, and its claim has an `id`",
        ),
        "M1": (MUST, ISSUER, "Issues valid baked badges, which the recipient can download"),
        "M2": (
            MUST,
            DISPLAYER,
            "Shows picture, name, description, issuer, date, expiry and "
            "revocation; everybody can have it verified",
        ),
        "M3": (MUST, HOST, "Takes in PNG, SVG and addresses, and gives them back without loss"),
        "M4": (
            SHOULD,
            "issuer, displayer, host",
            "Respects recipients and readers: consent, "
            "captions, words for each failure, the JSON, addresses that stay",
        ),
        "N1": (CHOICE, ISSUER, "`hashed` is always written"),
        "N2": (CHOICE, ISSUER, "`type` is written as one plain string"),
        "N3": (CHOICE, ISSUER, "`creator` is always written, and `publicKey` is one plain URL"),
        "N4": (
            CHOICE,
            BOTH,
            "A revoked hosted badge answers 410 with a stub of five members; 410 "
            "and `revoked` both read as revoked, with the reason",
        ),
        "N5": (CHOICE, ISSUER, "A revocation list always has two entries"),
        "N6": (
            CHOICE,
            ISSUER,
            "The policy names one origin and one beginning that ends in `/`, "
            "where the origin can be named",
        ),
        "N7": (CHOICE, ISSUER, "Moments are written in UTC"),
        "N8": (
            CHOICE,
            ISSUER,
            "The picture of a badge is a URL, criteria are an object with `id` and `narrative`",
        ),
        "N9": (
            CHOICE,
            ISSUER,
            "The signed form has the id of its hosted twin, and both are revoked at once",
        ),
        "N10": (
            CHOICE,
            BOTH,
            "E-mail addresses are put in small letters, then hashed with a fresh salt",
        ),
        "N11": (
            CHOICE,
            VERIFIER,
            "Each kind of failure has a verdict of its own; the gravest wins",
        ),
        "N12": (CHOICE, VERIFIER, "A check that could not be made is an error and never silence"),
    }.items()
}

UNMET: Final = {
    "I10": "The signed form is made when it is asked for, of a badge whose hosted form is public "
    "anyhow; a recipient who wants neither asks for the award to be revoked.",
    "M3": "The site issues and shows badges, and stores none of other sites. The library takes in "
    "and bakes all these forms.",
}
"""What is not met, and why."""

REMARKS: Final = {
    "A7": "Moments are read in the extended form of ISO 8601 only, without week dates, leap "
    "seconds and 24:00.",
    "A10": "A redirect of a document to another host is refused, because one open redirect on an "
    "issuer's site would let anybody speak for it. Pictures may lie anywhere.",
    "A14": "A little more than links, emphasis and lists is rendered, such as headings and code.",
    "B6": "Five minutes of a wrong clock are forgiven.",
    "B7": "A baked picture that cannot be had is noted, and the badge stays valid.",
    "D7": "The picture of a profile is not fetched when a badge is verified: nothing rests on it.",
    "D8": "An embedded key must have an id; a badge that names no key is tried with ten at most.",
    "L3": "A language inside the context, as JSON-LD has it, is refused: it turns every text into "
    "an object, which no consumer reads.",
    "M4": "In part: recipients opt out, and there is no step in which they accept each badge.",
}
"""Where a requirement is met with a limit of ours."""
