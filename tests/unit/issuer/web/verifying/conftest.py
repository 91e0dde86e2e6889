# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from issuer.app import create_app
from issuer.services import verifying
from tests.filled import fill
from tests.issuing import give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no name be looked up, and nothing be remembered from another test."""
    made = verifying.GuardedFetcher

    def make(**options: Any) -> verifying.GuardedFetcher:
        return made(**options, resolve=lambda *_, **__: [])

    monkeypatch.setattr(verifying, "GuardedFetcher", make)
    monkeypatch.setattr(verifying, "CACHE", verifying.AnswerCache())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


@pytest.fixture
def address(site: Site) -> str:
    return fill(site, _give)


def _give(site: Site) -> str:
    with site.database.writing() as session:
        return give(session, make_badge(session, site), "asha").award.assertions[0].document_id
