# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody who was never here scans a code, signs in at a real provider, and gets the badge."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
import requests
from sqlalchemy import select

from issuer.adapters.demo_provider import DemoPermit, start
from issuer.app import create_app
from issuer.config import Settings
from issuer.models import Award, Invitation
from issuer.services import invitations, schema
from issuer.services.invitations import Wanted
from issuer.services.permissions import Actor
from issuer.site import Site
from tests import prepared
from tests.integration.test_login import USERS, choose
from tests.issuing import make_badge
from tests.login_site import serving
from tests.services.processes import free_ports

if TYPE_CHECKING:
    from pathlib import Path

# The demo's provider speaks to Authlib in a form that is about to go.
pytestmark = pytest.mark.filterwarnings(r"ignore:get_jwt_config\(self, grant\):DeprecationWarning")

HTML = {"Accept": "text/html"}


def found(pattern: str, page: requests.Response) -> str:
    match = re.search(pattern, page.text)
    assert match is not None, page.text
    return unescape(match[1])


def test_an_invitation_survives_the_login(tmp_path: Path) -> None:
    """predecessors 1.1: the claim was lost at the login, and the code had to be scanned again."""
    port, now = free_ports(1)[0], datetime.now(UTC)
    values = {"home": tmp_path, "base_url": f"http://127.0.0.1:{port}", "demo": True}
    wanted = Settings.model_validate({**values, "secret_key": "s" * 32})
    with start(DemoPermit(wanted), USERS, port=0) as provider:
        site = Site.of(provider.configure(wanted))
        prepared.make(site.database, schema.upgrade)
        with site.database.writing() as session:
            asked = Wanted(expires_at=now + timedelta(hours=1), maximum_uses=1)
            badge = make_badge(session, site)
            (made,) = invitations.make(session, badge, asked, actor=Actor(), now=now)
            link = f"{site.settings.base_url}/invitations/{made.token}"
        with serving(create_app(site=site), port):
            phone = requests.Session()
            phone.headers.update(HTML)
            page = phone.get(link, timeout=5)
            sign_in = found(r'href="(/login\?next=[^"]*)">\s*Sign in to claim it', page)
            page = phone.get(site.settings.base_url + sign_in, timeout=5)
            assert page.url.startswith(provider.issuer)
            page = choose(phone, page.url, "ada")
            assert page.url == link  # not the front page
            token = found(r'name="csrf_token" value="([^"]+)">\s*<button class="button" type', page)
            page = phone.post(link, data={"csrf_token": token}, timeout=5)
            assert page.url.startswith(f"{site.settings.base_url}/assertions/")
            assert "Congratulations! This badge is yours now." in page.text
        with site.database.reading() as session:
            assert session.scalars(select(Award)).one().person.username == "ada"
            assert session.scalars(select(Invitation.uses)).one() == 1
        site.database.dispose()
