# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any bytes as a compact JWS: as it stands, in its three parts, and as what the issuer signed."""

from __future__ import annotations

import base64
from contextlib import suppress

from openbadges.baking import bake, keyword_for
from openbadges.errors import OpenBadgesError
from openbadges.serialization import dumps
from openbadges.signing import is_compact, open_signed, peek, sign
from openbadges.verification import Verdict
from tests.fuzz.world import judge, key, signed_assertion, token
from tests.unit.openbadges.baking.test_png import PNG

WORDS = (
    *(b'"alg"', b'"none"', b'"HS256"', b'"EdDSA"', b'"crit"', b'"b64"', b'"jwk"', b'"kid"'),
    *(b"eyJhbGciOiJFZERTQSJ9", b"eyJ", b".", b"=", b'"type"', b'"verification"', b'"creator"'),
)


def seeds() -> list[bytes]:
    """Return tokens to begin with: whole, and the three parts in clear, a line each."""
    payload = dumps(signed_assertion())
    return [
        token().encode(),
        b'{"alg":"EdDSA"}\n' + payload + b"\nc2ln",
        b'{"alg":"none","jwk":{}}\n{}\n',
        b"a.b.c",
        token().encode() + b"\n",
    ]


def check(data: bytes) -> None:
    """Check what must hold for the bytes; nothing but the issuer's own token may be valid."""
    text = data.decode("utf-8", "replace")
    assembled = ".".join(map(_part, [*data.split(b"\n", 2), b"", b""][:3]))
    for candidate in (text, assembled):
        _check_token(candidate)
        report = judge(candidate, recipients=())
        if report.verdict is Verdict.VALID and is_compact(candidate.strip()):
            assert peek(candidate.strip()) == peek(token())
    with suppress(OpenBadgesError):
        judge(sign(data, key()))


def _check_token(text: str) -> None:
    with suppress(OpenBadgesError):
        peek(text)
        assert is_compact(text)
    with suppress(OpenBadgesError):
        assert open_signed(text, key().public) == peek(token())[1]
    with suppress(OpenBadgesError):
        bake(PNG, text, keyword=keyword_for(text))


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
