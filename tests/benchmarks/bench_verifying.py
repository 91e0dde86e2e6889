# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast badges are verified whose documents are at hand, beside the reference validator.

Both get the same hosted and signed badge. We are also asked whom it was awarded to, which would
slow the reference down. Every verification starts anew: it fetches, parses and judges each
document, and only keys and contexts that were read before are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openbadges.fetching import DocumentFetcher
from openbadges.keys import PrivateKey, generate_rsa
from openbadges.signing import sign
from openbadges.verification import verify
from tests.benchmarks.reference import reference
from tests.benchmarks.timing import Contender, compare, pin, repeated, show
from tests.unit.openbadges import examples
from tests.unit.openbadges.verification.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A second, empty context changes no meaning, and no document with it takes the direct path.
PROCESSED = {"@context": [examples.CONTEXT, {}]}
REVOKED = (
    "urn:uuid:a953081a-4bbd-4927-9653-7219bca00e3b",
    "https://badges.example.org/assertions/9",
)
WANTED = {"direct": "at least 40", "processor": "no aim"}


def documents(key: PrivateKey, changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return an issuer whose documents the reference takes for sound, too."""
    site = Site(key)
    found = site.documents | {
        examples.LIST_ID: {"json": examples.revocation_list(*REVOKED)},
        examples.IMAGE_ID: {**site.documents[examples.IMAGE_ID], "content_type": "image/png"},
    }
    return {
        url: {**document, "json": document["json"] | changes} if "json" in document else document
        for url, document in found.items()
    }


def ours(source: str, world: dict[str, dict[str, Any]]) -> Callable[[], object]:
    """Return the verification of a badge, which holds."""
    fetcher, recipients = DocumentFetcher(world), [f"email:{examples.ADDRESS}"]

    def action() -> object:
        return verify(source, fetcher=fetcher, now=NOW, recipients=recipients)

    if not action():
        raise ValueError(f"the badge does not hold: {action()}")
    return action


def main() -> None:
    pin()
    key = generate_rsa(examples.KEY_ID)
    contenders: dict[str, Contender] = {}
    for path, changes in {"direct": {}, "processor": PROCESSED}.items():
        world = documents(key, changes)
        sources = {
            "hosted": examples.ASSERTION_ID,
            "signed": sign(examples.signed_assertion(**changes), key),
        }
        for kind, source in sources.items():
            contenders[f"{kind}, {path}"] = repeated(ours(source, world))
    plain = {
        "hosted": examples.ASSERTION_ID,
        "signed": sign(examples.signed_assertion(), key),
    }
    ratios: dict[str, tuple[str, str, str]] = {}
    with reference(documents(key, {}), plain) as judge:
        if judge is not None:
            for kind in plain:
                base = f"{kind}, reference"
                contenders[base] = judge.contender(kind)
                for path, wanted in WANTED.items():
                    ratios[f"{kind}, {path} to reference"] = (f"{kind}, {path}", base, wanted)
        figures = compare(contenders)
    show("Verifying, documents at hand, one core", figures, ratios)


if __name__ == "__main__":
    main()
