# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from issuer.app import HTML_VIEWS, create_app
from issuer.config import Settings
from issuer.site import EXTENSION, Site, db_session

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_application_runs_the_site_it_was_given(tmp_path: Path) -> None:
    site = Site.of(Settings(home=tmp_path))
    app = create_app(site=site)
    assert app.extensions[EXTENSION] is site
    assert set(app.extensions[HTML_VIEWS]) == {"assertion", "badge", "endorsement", "issuer"}


def test_the_application_reads_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("ACCOLADES_SITE_NAME", "Our Badges")
    page = create_app().test_client().get("/about", headers={"Accept": "text/html"})
    assert "About Our Badges" in page.text


def test_the_configured_secret_wins_and_none_is_written(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path / "var", secret_key="given"))  # noqa: S106 (a test's own)
    assert app.secret_key == "given"  # noqa: S105 (the same)
    assert not (tmp_path / "var").exists()


def test_the_session_of_a_request_is_closed_with_it(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path))
    with app.app_context():
        session = db_session()
        assert db_session() is session
        assert g.session is session
        session.connection()
    assert not session.in_transaction()
