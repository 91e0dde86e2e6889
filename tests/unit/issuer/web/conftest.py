# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site with a few badges and people, and a browser to look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, current_app

from issuer.app import HTML_VIEWS, create_app
from issuer.config import Settings
from issuer.models import Tag
from issuer.site import Site
from tests.filled import fill
from tests.unit.issuer.web.html import Page
from tests.unit.issuer.web.seeds import NOW, Seeds, make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
HOSTILE = "<script>alert(1)</script>'\"&"


@dataclass
class Shown:
    """What the seeded site holds."""

    good: UUID
    revoked: UUID
    expired: UUID
    ghost: UUID
    hostile: UUID


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site.of(Settings(home=tmp_path, secret_key="secret", issuer_name="The Issuer"))  # noqa: S106 (a test's own)
    make_tables(site.database)
    yield site
    site.database.dispose()


@pytest.fixture
def app(site: Site) -> Flask:
    app = create_app(site=site)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    if "hosted" not in app.blueprints:
        app.register_blueprint(_documents())
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def shown(site: Site) -> Shown:
    """Fill the site: a series, five people, and awards in every state."""
    return fill(site, _show)


def read(client: FlaskClient, address: str, status: int = 200) -> Page:
    """Return the page that a browser sees."""
    answer: TestResponse = client.get(address, headers=HTML)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "text/html"
    return Page(answer.text)


def _documents() -> Blueprint:
    """Answer the addresses of documents with their pages, as browsers see them."""
    blueprint = Blueprint("hosted", __name__)
    for kind, rule in (
        ("badge", "/badges/<slug>"),
        ("assertion", "/assertions/<uuid:uuid>"),
        ("issuer", "/issuers/<slug>"),
    ):
        blueprint.add_url_rule(rule, kind, _view(kind))
    return blueprint


def _view(kind: str) -> Callable[..., Any]:
    return lambda **names: current_app.extensions[HTML_VIEWS][kind](**names)


def _show(site: Site) -> Shown:
    with site.database.writing() as session:
        seeds = Seeds(session)
        quality = Tag(name="quality")
        steps = [seeds.badge(f"tester-{n}", f"Tester {n}", tags=(quality,)) for n in range(1, 8)]
        seeds.series("Tester", *steps)
        asha = seeds.person(
            "Asha", display_name="Asha Raman", bio="I *test*.", pinned=[steps[0].id]
        )
        ghost = seeds.person("ghost", display_name="Ghost Writer", opted_out=True)
        villain = seeds.person(
            "villain", display_name=HOSTILE, bio=HOSTILE, website="javascript:alert(1)"
        )
        awful = seeds.badge("awful", HOSTILE, description=HOSTILE, criteria_text=HOSTILE)
        why = {
            "narrative": "Ten **tests**.",
            "cause_url": "https://bus.example.org/message/1",
            "evidence": [{"id": "https://evidence.example.org/1", "narrative": "The log."}],
        }
        result = Shown(
            good=seeds.award(steps[0], asha, **why),
            revoked=seeds.award(steps[1], asha, revoked_at=NOW, revocation_reason="Counted twice."),
            expired=seeds.award(steps[2], asha, expires_at=NOW),
            ghost=seeds.award(steps[0], ghost, **(why | {"narrative": "Ghost Writer did it."})),
            hostile=seeds.award(
                awful,
                villain,
                narrative=HOSTILE,
                cause_url="javascript:alert(1)",
                evidence=[{"id": "javascript:alert(1)", "name": HOSTILE, "narrative": HOSTILE}],
            ),
        )
        seeds.totals({steps[0]: 2, steps[1]: 1}, people=8)
        seeds.total(asha, badges=2, points=30)
    return result
