# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.limits import limiter
from tests.browsing import Browser
from tests.issuing import give, make_badge, make_site
from tests.wallet import Wallet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from issuer.site import Site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all: each test has people and wallets of its own."""
    made = make_site(
        tmp_path_factory.mktemp("site"),
        "",
        oidc_issuer="https://id.example.org",
        oidc_client_id="accolades",
        email_domain="example.org",
        avatar_url="",
    )
    with made.database.writing() as session:
        badge = make_badge(session, made)
        for name in ("asha", "boris"):
            give(session, badge, name)
    yield made
    made.database.dispose()


@pytest.fixture(scope="package")
def app(site: Site) -> Flask:
    return create_app(site=site)


@pytest.fixture
def asha(app: Flask) -> Browser:
    return Browser(app, "asha")


@pytest.fixture
def wallet(app: Flask) -> Wallet:
    return Wallet(app)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests ask as often as they want."""
    monkeypatch.setattr(limiter, "enabled", False)
