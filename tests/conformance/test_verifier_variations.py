# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shared verifier cases said in other ways: the verdict stays what it is."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from openbadges.baking import bake
from openbadges.fetching import DocumentFetcher
from openbadges.keys import PrivateKey, generate_rsa
from openbadges.signing import sign
from openbadges.verification import STEPS, Report, verify
from tests.conformance.test_verifier_cases import NOW
from tests.shared import shared_path
from tests.unit.openbadges import examples
from tests.unit.openbadges.baking.test_png import PNG
from tests.unit.openbadges.baking.test_svg import SVG
from tests.unit.openbadges.requirements.forms import arrays, embedded, expanded, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    Documents = dict[str, dict[str, Any]]
    Given = tuple[str | bytes, Documents]

KEY = "https://badges.example.org/key"


def source_of(case: dict[str, Any]) -> str | bytes:
    entry = case["entry"]
    value: str = entry.get("value", "")
    return base64.b64decode(entry["base64"]) if entry["kind"] == "image" else value


def judged(given: Given, profile: dict[str, Any] | None) -> Report:
    recipients = [
        f"{kind}:{value}"
        for kind, values in (profile or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]
    source, documents = given
    return verify(source, fetcher=DocumentFetcher(documents), now=NOW, recipients=recipients)


def with_documents(
    change: Callable[[Documents], Documents | None],
) -> Callable[[dict[str, Any], PrivateKey], Given | None]:
    def varied(case: dict[str, Any], _key: PrivateKey) -> Given | None:
        changed = change(case["documents"])
        return None if changed is None else (source_of(case), changed)

    return varied


def entry_document(case: dict[str, Any]) -> dict[str, Any] | None:
    """Return the assertion of 2.0 that the entry names by its address, if that is what it does."""
    if case["entry"]["kind"] != "url":
        return None
    documents = dict(plain(case["documents"]))
    document = documents.get(case["entry"]["value"])
    answers = case["documents"].get(case["entry"]["value"], {}).get("status", 200) == 200
    is_assertion = document is not None and document.get("type") == "Assertion"
    return document if answers and is_assertion else None


def baked(picture: bytes) -> Callable[[dict[str, Any], PrivateKey], Given | None]:
    def varied(case: dict[str, Any], _key: PrivateKey) -> Given | None:
        if case["entry"]["kind"] == "jws":
            text = case["entry"]["value"]
        else:
            document = entry_document(case)
            if document is None or not isinstance(document.get("id"), str):
                return None
            text = json.dumps(document)
        return bake(picture, text), case["documents"]

    return varied


def signed(case: dict[str, Any], key: PrivateKey) -> Given | None:
    document = entry_document(case)
    if document is None or document.get("verification") != {"type": "HostedBadge"}:
        return None
    documents = json.loads(json.dumps(case["documents"]))
    owner = "https://badges.example.org/issuer"
    pem = key.public.to_pem()
    documents[KEY] = {"json": examples.key_document(pem, id=KEY, owner=owner)}
    for profile in (owner, owner.replace("https:", "http:")):
        if isinstance(documents.get(profile, {}).get("json"), dict):
            documents[profile]["json"]["publicKey"] = KEY
    verification = {"type": "SignedBadge", "creator": KEY}
    return sign({**document, "verification": verification}, key), documents


FORMS: dict[str, Callable[[dict[str, Any], PrivateKey], Given | None]] = {
    "arrays": with_documents(arrays),
    "expanded": with_documents(expanded),
    "embedded": with_documents(embedded),
    "png": baked(PNG),
    "svg": baked(SVG),
    "signed": signed,
}
# What is about the place where a badge lies means nothing for one that is signed.
ABOUT_THE_PLACE = {
    "signed": {
        "hosted-id-loop",
        "scope-allowed-origins-excludes",
        "scope-badge-other-origin",
        "scope-startswith-list-none",
        "scope-startswith-other-origin",
        "scope-verificationproperty-other",
    }
}


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    paths = sorted(shared_path("data/verifier-cases").glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


@pytest.mark.parametrize("form", FORMS)
def test_a_case_in_another_form_ends_alike(cases: list[dict[str, Any]], form: str) -> None:
    key = generate_rsa(KEY)
    wrong: dict[str, str] = {}
    count = 0
    for case in cases:
        given = FORMS[form](case, key)
        if given is None or case["name"] in ABOUT_THE_PLACE.get(form, ()):
            continue
        count += 1
        wanted = judged((source_of(case), case["documents"]), case["profile"])
        report = judged(given, case["profile"])
        assert len(report.checks) == len(STEPS)
        if report.verdict is not wanted.verdict:
            wrong[case["name"]] = f"{wanted.verdict.value}: {report.sentence}"
    assert count > 50
    assert wrong == {}
