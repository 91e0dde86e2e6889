# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that are endorsed, and endorsements, as both outside judges see them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.models import Endorsement
from issuer.services import endorsements
from tests.issuing import BASE_URL, NOW, give, make_badge, make_issuer, make_site
from tests.services import judge3
from tests.services.missing import MissingError, stop_test
from tests.unit.issuer.services.endorsing import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site
    from tests.services.judge import Judge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("endorsed")]

BADGE = f"{BASE_URL}/badges/first-steps"
PROFILE = f"{BASE_URL}/issuers/accolades"
UNUSUAL = "Zażółć „gęślą”\tjaźń \U0001f3c5 שלום \\ \"'<&> 学\nnext"
NAMES = ("badge", "issuer", "image", "publicKey", "revocationList", "owner", "endorsement")


@dataclass(frozen=True)
class World:
    """A site whose award, badge and issuer are endorsed by the issuer itself."""

    site: Site
    client: FlaskClient
    award: str  # the address of the assertion
    endorsed: dict[str, str]  # addresses of endorsements, by what they are about

    def answer(self, address: str) -> dict[str, Any]:
        """Return what our web server answers, in the form in which the judge takes it."""
        accept = {"Accept": "application/ld+json, image/png"}
        answer = self.client.get(address.removeprefix(BASE_URL), headers=accept)
        head = {"status": answer.status_code, "content_type": answer.mimetype}
        if answer.mimetype == "image/png":
            return {**head, "base64": base64.b64encode(answer.data).decode()}
        return {**head, "json": answer.json}

    def text(self, address: str) -> str:
        """Return the text at an address."""
        return self.client.get(address.removeprefix(BASE_URL)).text

    def documents(self, *addresses: str) -> dict[str, Any]:
        """Return all that documents of version 2.0 name, by its address."""
        with self.site.database.reading() as session:
            found = session.scalars(select(Endorsement)).first()
            assert found is not None
            assert found.epoch is not None
            creator = f"{BASE_URL}/keys/{found.epoch.key.kid}"
        known: dict[str, Any] = {}
        waiting = [*addresses, creator]
        while waiting:
            address = waiting.pop()
            if address in known:
                continue
            known[address] = self.answer(address)
            document = known[address].get("json") or {}
            waiting += [document[name] for name in NAMES if isinstance(document.get(name), str)]
        return known

    def revoke(self) -> None:
        """Take all endorsements back."""
        with self.site.database.writing() as session:
            held = select(Endorsement.uuid).where(Endorsement.revoked_at.is_(None))
            for uuid in session.scalars(held).all():
                endorsements.revoke(session, ROOT, uuid, "We were wrong.", now=NOW)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    site = make_site(tmp_path, "")
    with site.database.writing() as session:
        award = give(session, make_badge(session, site), "asha").award.assertions[0].document_id
        issuer = make_issuer(session, site)
        abouts = {"award": award, "badge": BADGE, "issuer": PROFILE}
        made = {
            name: endorsements.issue(session, ROOT, issuer, about, UNUSUAL, site.keys, now=NOW)
            for name, about in abouts.items()
        }
        addresses = {name: each.document_id for name, each in made.items()}
    yield World(site, create_app(site=site).test_client(), award, addresses)
    site.database.dispose()


def forms_of(world: World, folder: Path) -> list[str]:
    """Return the forms of the award as the judge takes them: hosted, signed, baked."""
    picture = folder / "baked.png"
    picture.write_bytes(world.client.get(f"{world.award.removeprefix(BASE_URL)}/image").data)
    return [world.award, world.text(f"{world.award}.jws"), str(picture)]


def verdicts(judge: Judge, inputs: list[str], documents: dict[str, Any]) -> list[tuple[Any, ...]]:
    reports = judge.batch([{"input": text, "documents": documents} for text in inputs])
    return [
        (report["valid"], report["strict_valid"], report["beyond"], report["report"]["messages"])
        for report in reports
    ]


def test_an_endorsed_badge_is_valid_in_each_form_whatever_becomes_of_its_endorsements(
    judge_ob2: Judge, world: World, tmp_path: Path
) -> None:
    inputs = forms_of(world, tmp_path)
    before = world.documents(world.award)
    for wanted in (before, None):
        if wanted is None:
            world.revoke()
        found = verdicts(judge_ob2, inputs, wanted or world.documents(world.award))
        assert [each for each in found if not each[1]] == []
    # No word of what had left the house was changed.
    lasting = [address for address in before if not address.endswith("/revocations")]
    after = world.documents(world.award)
    assert {each: after[each] for each in lasting} == {each: before[each] for each in lasting}


def test_our_endorsements_are_valid_where_others_link_them(
    judge_ob2: Judge, world: World, tmp_path: Path
) -> None:
    """Whoever endorsed a badge of another issuer may be linked from there, as 2.0 wants it."""
    documents = world.documents(world.award, *world.endorsed.values())
    badge = documents[BADGE]["json"]
    links = [world.endorsed["badge"]]
    documents[BADGE] = {**documents[BADGE], "json": {**badge, "endorsement": links}}
    inputs = forms_of(world, tmp_path)
    found = verdicts(judge_ob2, inputs, documents)
    assert [each for each in found if not each[1]] == []
    # Why our own documents link none: the badge would end with the endorsement (ADR 17).
    world.revoke()
    gone = world.answer(world.endorsed["badge"])
    assert gone["status"] == 410
    found = verdicts(judge_ob2, inputs, {**documents, world.endorsed["badge"]: gone})
    assert [valid for valid, *_ in found] == [False] * len(inputs)


def test_both_versions_of_an_endorsement_are_valid_and_a_revoked_one_says_so(
    judge3_: judge3.Judge3, world: World, tmp_path: Path
) -> None:
    credential = world.text(f"{world.endorsed['badge']}/ob3")
    carrying = world.text(f"{world.award}/ob3")
    assert carrying.count('"EndorsementCredential"') == 3
    token = world.text(f"{world.award}/ob3.jwt")
    for text in (credential, carrying, token):
        report = judge3_.judge(text, known(world, credential))
        assert report["valid"], report["failed"]
    changed = json.loads(carrying)
    achievement = changed["credentialSubject"]["achievement"]
    achievement["endorsement"][0]["credentialSubject"]["endorsementComment"] += "!"
    report = judge3_.judge(json.dumps(changed), known(world, credential))
    assert not report["valid"]
    world.revoke()
    report = judge3_.judge(credential, known(world, credential))
    assert [each["id"] for each in report["failed"]] == ["status.revocation"]
    # The badge itself is as true as before.
    for text in (carrying, token):
        report = judge3_.judge(text, known(world, credential))
        assert report["valid"], report["failed"]


@pytest.fixture(scope="module")
def judge3_() -> judge3.Judge3:
    try:
        return judge3.prepare()
    except MissingError as error:
        stop_test(str(error))


def known(world: World, credential: str) -> dict[str, Any]:
    """Return what a wallet looks up: keys, and the list of what was revoked."""
    listed = json.loads(credential)["credentialStatus"]["statusListCredential"]
    with world.site.database.reading() as session:
        found = session.scalars(select(Endorsement)).first()
        assert found is not None
        assert found.epoch is not None
        jwk = f"{BASE_URL}/keys/{found.epoch.key.kid}.jwk"
    own = world.client.get("/issuers/accolades/did.json").json
    answers = {each: world.client.get(each.removeprefix(BASE_URL)).json for each in (listed, jwk)}
    return {**answers, own["id"]: own}
