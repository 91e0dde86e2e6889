# SPDX-License-Identifier: AGPL-3.0-or-later
"""A login at the certified provider of npm, which insists on PKCE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
import requests

from issuer.config import Settings
from issuer.services import persons
from issuer.site import EXTENSION
from tests.login_site import build_site, serving
from tests.services import certified_provider
from tests.services.missing import MissingError
from tests.services.processes import free_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_people_log_in_at_a_certified_provider(tmp_path: Path) -> None:
    port, provider_port = free_ports(2)
    base_url = f"http://127.0.0.1:{port}"
    try:
        with certified_provider.serving(provider_port, f"{base_url}/login/callback") as issuer:
            settings = Settings(
                home=tmp_path,
                base_url=base_url,
                secret_key="s" * 32,
                oidc_issuer=issuer,
                oidc_client_id="accolades",
                oidc_client_secret=certified_provider.SECRET,
                oidc_scopes=("openid", "profile", "email", "groups"),
            )
            _log_in(settings, port)
    except MissingError as error:
        pytest.skip(str(error))  # a second opinion: nobody needs Node to work on this


def _log_in(settings: Settings, port: int) -> None:
    app = build_site(settings)
    database = app.extensions[EXTENSION].database
    with serving(app, port), requests.Session() as browser:
        page = browser.get(f"{settings.base_url}/login", params={"next": "/badges"}, timeout=10)
        for _ in range(2):  # who one is, and whether the site may know
            form = re.search(r'<form[^>]* action="([^"]+)"', page.text)
            assert form is not None, page.text
            prompt = re.search(r'name="prompt" value="([a-z]+)"', page.text)
            assert prompt is not None, page.text
            answer = {"prompt": prompt[1], "login": "ada", "password": "any"}
            page = browser.post(urljoin(page.url, form[1]), data=answer, timeout=10)
        assert page.url == f"{settings.base_url}/badges"
        assert page.text.startswith("True ada ")
        with database.reading() as session:
            ada = persons.find(session, "ada")
            assert (ada.display_name, ada.email) == ("Name of ada", "ada@example.org")
    database.dispose()
