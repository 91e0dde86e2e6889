# SPDX-License-Identifier: AGPL-3.0-or-later
"""Old and new badges verify before, during and after a rotation: so say the outside judges."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.models import Assertion, SigningKey
from issuer.services import issuers, signing_keys
from issuer.services.permissions import Actor
from tests.issuing import NOW, give, make_badge, make_site
from tests.lookups import Stranger
from tests.services import judge3
from tests.services.missing import MissingError, stop_test

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy.orm import Session

    from issuer.site import Site
    from tests.services.judge import Judge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Actor(username="root")
LATER = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def judge() -> judge3.Judge3:
    try:
        return judge3.prepare()
    except MissingError as error:
        stop_test(str(error))


@dataclass(frozen=True)
class Forms:
    """All forms of one badge, as somebody took them along."""

    hosted: str
    signed: str
    baked: tuple[str, str]
    credentials: tuple[str, str]

    def of_version_2(self) -> tuple[str, ...]:
        return (self.hosted, self.signed, *self.baked)


@dataclass(frozen=True)
class World:
    """A site, and who judges it."""

    site: Site
    stranger: Stranger
    ob2: Judge
    ob3: judge3.Judge3
    folder: Path

    def issue(self, session: Session, name: str) -> UUID:
        award = give(session, make_badge(session, self.site), name, now=NOW).award
        return session.scalars(select(Assertion.uuid).filter_by(award_id=award.id)).one()

    def take(self, uuid: UUID, when: str) -> Forms:
        """Take a badge along in all its forms."""
        address, client = f"/assertions/{uuid}", self.stranger.client
        pictures = []
        for path, ending in ((f"{address}/image", "png"), (f"{address}/image.svg", "svg")):
            file = self.folder / f"{uuid}-{when}.{ending}"
            file.write_bytes(client.get(path).data)
            pictures.append(str(file))
        return Forms(
            f"{self.site.settings.base_url}{address}",
            client.get(f"{address}.jws").text,
            (pictures[0], pictures[1]),
            (client.get(f"{address}/ob3").text, client.get(f"{address}/ob3.jwt").text),
        )

    def refused(self, *badges: Forms) -> list[Any]:
        """Return what the judges find wrong with all forms of some badges, looked up now."""
        documents = self.stranger.documents(
            *(part for each in badges for part in (each.hosted, each.signed))
        )
        forms = dict.fromkeys(form for each in badges for form in each.of_version_2())
        items = [{"input": form, "documents": documents} for form in forms]
        wrong: list[Any] = [
            (report["input"][:90], report["beyond"], report["report"]["messages"])
            for report in self.ob2.batch(items)
            if not report["strict_valid"]
        ]
        with self.site.database.reading() as session:
            known = self.stranger.credentials_of(*session.scalars(select(Assertion)))
        # A form that did not change is judged once.
        for form in dict.fromkeys(form for each in badges for form in each.credentials):
            report = self.ob3.judge(form, known)
            wrong += [] if report["valid"] else [report["failed"]]
        return wrong


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, judge_ob2: Judge, judge: judge3.Judge3
) -> Iterator[World]:
    site = make_site(tmp_path, database_url)
    stranger = Stranger(create_app(site=site).test_client(), site.settings.base_url)
    yield World(site, stranger, judge_ob2, judge, tmp_path)
    site.database.dispose()


def rotate(session: Session, site: Site) -> signing_keys.Renewal:
    issuer = issuers.find(session, "accolades")
    return signing_keys.rotate(session, ROOT, issuer, site.keys, now=LATER)


def test_badges_verify_before_during_and_after_a_rotation(world: World) -> None:
    site = world.site
    with site.database.writing() as session:
        old = world.issue(session, "asha")
    before = world.take(old, "before")
    assert world.refused(before) == []

    between = None
    with site.database.writing() as session:
        rotate(session, site)
        # The new key is there, and nobody else knows of it.
        during = world.take(old, "during")
        assert during.signed == before.signed
        assert world.refused(before, during) == []
        if not site.settings.database.startswith("sqlite"):  # which lets one write at a time
            with site.database.writing() as other:
                between = world.issue(other, "boris")

    with site.database.writing() as session:
        new = world.issue(session, "chandra")
    badges = [before, during, world.take(old, "after"), world.take(new, "after")]
    if between:
        badges.append(world.take(between, "after"))
    assert world.refused(*badges) == []
    profiles = {_issuer_of(world, uuid) for uuid in (old, new)}
    assert profiles == {
        f"{site.settings.base_url}/issuers/accolades",
        f"{site.settings.base_url}/issuers/accolades/epochs/2",
    }


def _issuer_of(world: World, uuid: UUID) -> str:
    badge = world.stranger.answer(f"/assertions/{uuid}")["json"]["badge"]
    return str(world.stranger.answer(badge)["json"]["issuer"])


def test_proofs_verify_after_another_key_makes_them(world: World) -> None:
    site = world.site
    with site.database.writing() as session:
        old = world.issue(session, "asha")
    before = world.take(old, "before")
    with site.database.writing() as session:
        key = session.scalars(select(SigningKey).filter_by(algorithm="EdDSA")).one()
        signing_keys.retire(session, ROOT, key, site.keys, now=LATER)
        new = world.issue(session, "boris")
    after = world.take(new, "after")
    methods = {
        json.loads(each.credentials[0])["proof"]["verificationMethod"] for each in (before, after)
    }
    assert len(methods) == 2
    assert world.refused(before, world.take(old, "after"), after) == []
