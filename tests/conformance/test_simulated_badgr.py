# SPDX-License-Identifier: AGPL-3.0-or-later
"""The simulated Badgr takes and refuses what the reference validator does, which Badgr runs."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import select

from issuer.models import Assertion
from tests.simulators import checking
from tests.simulators.checking import PhotoError, RefusedError, check
from tests.simulators.serving import Account
from tests.simulators.site import sending_site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.services.judge import Judge

EMAIL = "asha@example.org"
JSON_LD = "application/ld+json"

pytestmark = pytest.mark.slow


@dataclass
class Documents:
    """All that is fetched of one badge, by its address, and which is which."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, url: str) -> Any:
        answer = requests.get(url, headers={"Accept": f"{JSON_LD}, image/png"}, timeout=20)
        kind = answer.headers["Content-Type"].partition(";")[0]
        content = (
            {"json": answer.json()}
            if "json" in kind
            else {"base64": base64.b64encode(answer.content).decode()}
        )
        self.urls[name] = url
        self.answers[url] = {"status": answer.status_code, "content_type": kind, **content}
        return content.get("json")

    def of(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.answers[self.urls[name]]["json"]
        return found

    def get(self, url: str, **_options: object) -> requests.Response:
        """Answer as the network does."""
        made, known = requests.Response(), self.answers.get(url)
        if known is None:
            raise requests.ConnectionError(url)
        made.status_code, made.url = known["status"], url
        made._content = (
            json.dumps(known["json"]).encode()
            if "json" in known
            else base64.b64decode(known["base64"])
        )
        return made


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    found = Documents()
    with sending_site(tmp_path_factory.mktemp("site")) as sender:
        sender.award("asha", "First Steps", description="How it began.")
        with sender.site.database.reading() as session:
            (url,) = session.scalars(select(Assertion.document_id))
        assertion = found.add("assertion", url)
        badge = found.add("badge", assertion["badge"])
        issuer = found.add("issuer", badge["issuer"])
        found.add("key", issuer["publicKey"])
        found.add("revocations", issuer["revocationList"])
        found.add("picture", badge["image"])
        found.add("baked", assertion["image"])
    return found


def put(node: str, **members: Any) -> Callable[[Documents], None]:
    """Return a change of some members; ``None`` takes one away."""

    def change(documents: Documents) -> None:
        document = documents.of(node)
        for name, value in members.items():
            key = name.replace("AT_", "@")
            if value is None:
                document.pop(key)
            else:
                document[key] = value

    return change


def gone(node: str) -> Callable[[Documents], None]:
    """Return a change after which a document is not there."""

    def change(documents: Documents) -> None:
        page = base64.b64encode(b"<h1>Not Found</h1>").decode()
        answer = {"status": 404, "content_type": "text/html", "base64": page}
        documents.answers[documents.urls[node]] = answer

    return change


def revoked(documents: Documents) -> None:
    url = documents.urls["assertion"]
    stub = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": url,
        "revoked": True,
        "revocationReason": "A mistake.",
    }
    documents.answers[url] = {"status": 410, "content_type": JSON_LD, "json": stub}


def recipient(**members: Any) -> Callable[[Documents], None]:
    def change(documents: Documents) -> None:
        documents.of("assertion")["recipient"] |= members

    return change


def not_hashed(documents: Documents) -> None:
    documents.of("assertion")["recipient"].pop("hashed")


def shouted(documents: Documents) -> None:
    identity = documents.of("assertion")["recipient"]
    identity["identity"] = "sha256$" + identity["identity"].removeprefix("sha256$").upper()


def elsewhere(documents: Documents) -> None:
    """Move the issuer to another host."""
    moved = "https://elsewhere.example/issuers/1"
    issuer = copy.deepcopy(documents.of("issuer"))
    issuer["id"] = moved
    documents.of("badge")["issuer"] = moved
    documents.answers[moved] = {"status": 200, "content_type": JSON_LD, "json": issuer}


CASES: Mapping[str, Callable[[Documents], None]] = {
    "as-it-is": lambda _: None,
    "revoked": revoked,
    "shouted-hash": shouted,
    "no-mark-of-the-hash": not_hashed,
    "another-recipient": recipient(salt="another"),
    "by-url": recipient(type="url"),
    "no-recipient": put("assertion", recipient=None),
    "no-context": put("assertion", AT_context=None),
    "another-context": put(
        "assertion", AT_context=["https://w3id.org/openbadges/v2", "https://nowhere.example/v1"]
    ),
    "context-in-a-list": put("assertion", AT_context=["https://w3id.org/openbadges/v2"]),
    "no-verification": put("assertion", verification=None),
    "hosted": put("assertion", verification={"type": "hosted"}),
    "no-zone": put("assertion", issuedOn="2026-01-01T12:00:00"),
    "a-date": put("assertion", issuedOn="2026-01-01"),
    "a-number": put("assertion", issuedOn=1767268800),
    "future": put("assertion", issuedOn="2999-01-01T12:00:00Z"),
    "expired": put("assertion", expires="2026-01-01T12:00:00+00:00"),
    "not-expired": put("assertion", expires="2999-01-01T12:00:00+00:00"),
    "no-image": put("assertion", image=None),
    "baked-gone": gone("baked"),
    "badge-gone": gone("badge"),
    "badge-without-description": put("badge", description=None),
    "badge-with-empty-description": put("badge", description=""),
    "badge-without-criteria": put("badge", criteria=None),
    "badge-without-image": put("badge", image=None),
    "badge-without-name": put("badge", name=None),
    "picture-gone": gone("picture"),
    "issuer-gone": gone("issuer"),
    "key-gone": gone("key"),
    "revocations-gone": gone("revocations"),
    "issuer-without-url": put("issuer", url=None),
    "issuer-without-email": put("issuer", email=None),
    "issuer-elsewhere": elsewhere,
}


#: What the validator lets pass, and Badgr does not when it fetches the pictures once more.
BY_BADGR_ITSELF = {"baked-gone", "picture-gone"}


def verdict(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(checking.requests, "get", documents.get)
    try:
        check(documents.urls["assertion"], Account("pass", {EMAIL: True}))
    except RefusedError:
        return False
    return True


def test_the_simulator_takes_and_refuses_what_the_reference_does(
    collected: Documents, judge_ob2: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {name: copy.deepcopy(collected) for name in CASES}
    for name, change in CASES.items():
        change(changed[name])
    reports = judge_ob2.batch(
        [
            {
                "input": each.urls["assertion"],
                "profile": {"email": [EMAIL]},
                "documents": each.answers,
            }
            for each in changed.values()
        ]
    )
    real = {name: report["valid"] for name, report in zip(CASES, reports, strict=True)}
    simulated = {name: verdict(each, monkeypatch) for name, each in changed.items()}
    differing = {name for name in CASES if simulated[name] != real[name]}
    assert differing == BY_BADGR_ITSELF
    assert not any(simulated[name] for name in BY_BADGR_ITSELF)
    assert real["as-it-is"]
    assert sum(real.values()) < len(CASES) / 2


def test_a_photo_passes_the_validator_and_breaks_badgr(
    collected: Documents, judge_ob2: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = copy.deepcopy(collected)
    answer = documents.answers[documents.urls["picture"]]
    photo = base64.b64encode(b"\xff\xd8\xff\xe0").decode()
    answer |= {"content_type": "image/jpeg", "base64": photo}
    url = documents.urls["assertion"]
    assert judge_ob2.judge(url, {"email": [EMAIL]}, documents=documents.answers)["valid"]
    with pytest.raises(PhotoError):
        verdict(documents, monkeypatch)
