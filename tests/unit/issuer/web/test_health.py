# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.app import create_app
from issuer.config import Settings
from issuer.services import synchronised
from issuer.services.schema import upgrade
from issuer.site import Site
from tests.issuing import NOW, make_site

if TYPE_CHECKING:
    from pathlib import Path


def test_a_process_lives_before_it_is_ready(tmp_path: Path) -> None:
    site = Site.of(Settings(home=tmp_path))
    client = create_app(site=site).test_client()
    assert client.get("/healthz/live").status_code == 200
    waiting = client.get("/healthz/ready")
    assert waiting.status_code == 503
    assert "accolades db upgrade" in waiting.text
    upgrade(site.database)
    assert client.get("/healthz/ready").status_code == 200
    site.database.dispose()


def test_rules_that_could_not_be_loaded_degrade_it(tmp_path: Path) -> None:
    site = make_site(tmp_path, f"sqlite:///{tmp_path / 'test.db'}")
    client = create_app(site=site).test_client()
    assert client.get("/healthz/ready").json == {"status": 200, "title": "OK"}
    with site.database.writing() as session:
        synchronised.note(session, ["/secret/path"], [], now=NOW)
        synchronised.note(session, ["/secret/path"], ["/secret/path/a.yml: broken"], now=NOW)
    answer = client.get("/healthz/ready")
    assert answer.status_code == 200
    assert answer.json == {
        "status": 200,
        "title": "OK",
        "degraded": "rules of 1 collection could not be loaded: former ones are in force",
    }
    site.database.dispose()


def test_a_process_without_its_database_is_not_ready(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path}/missing/x.sqlite")
    client = create_app(settings).test_client()
    assert client.get("/healthz/live").status_code == 200
    assert client.get("/healthz/ready").status_code == 503
