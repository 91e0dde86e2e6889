# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever the documents of strangers hold, verification ends with a report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openbadges.signing import sign
from openbadges.verification import STEPS
from tests.tries import tries
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.changes import ASSERTION, BADGE, ISSUER
from tests.unit.openbadges.verification.site import Site

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey

KEYWORDS = ["@context", "@id", "@type", "@graph", "@language", "@reverse", "@set", "@value"]
NAMES = st.sampled_from(
    [
        *(examples.assertion() | examples.badge() | examples.issuer()),
        *(*KEYWORDS, "verify", "revoked", "obi:badge", "extensions:ApplyLink", "endorsement"),
    ]
)
CONTEXTS = ["https://w3id.org/openbadges/v1", "http://[x", "file:///x"]
WORDS = st.sampled_from(
    [None, True, 0, 1e308, "", "x", "Extension", BADGE, examples.CONTEXT, *CONTEXTS, *KEYWORDS]
)
SIGNED = {"verification": examples.signed_assertion()["verification"]}
VALUES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=tries(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([ASSERTION, BADGE, ISSUER]), st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_document_gets_its_report(key: PrivateKey, url: str, changes: dict[str, Any]) -> None:
    site = Site(key)
    site.documents[url] = {"json": site.documents[url]["json"] | changes}
    changed = site.documents[url]["json"]
    payload = changed if url == ASSERTION else examples.signed_assertion()
    payload = payload | ({"badge": [changed]} if url == BADGE else {})
    for source in (ASSERTION, changed, sign(payload, key), sign(payload | SIGNED, key)):
        report = site.verify(source)
        assert len(report.checks) == len(STEPS)
        assert json.dumps(report.to_dict())
