# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site with an administration, and people in front of it.

Boris manages the badges of the one issuer there is, Rita reviews, Dora holds a grant for
`first-steps`, and Asha has that badge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.models import Grant
from issuer.services import persons
from tests.browsing import ADMINS, Browser
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from issuer.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(
        tmp_path,
        "",
        oidc_issuer="https://id.example.org",
        oidc_client_id="accolades",
        manager_groups=("badge-managers", "another:other-managers"),
        reviewer_groups=("badge-reviewers",),
    )
    with made.database.writing() as session:
        badge = make_badge(session, made)
        give(session, badge, "asha")
        for name in ("root", "boris", "rita", "otto"):
            persons.ensure(session, name, now=NOW)
        dora = persons.ensure(session, "dora", now=NOW)
        session.add(Grant(badge_id=badge.id, person_id=dora.id, created_at=NOW))
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Flask:
    return create_app(site=site)


@pytest.fixture
def nobody(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def root(app: Flask) -> Browser:
    """An admin."""
    return Browser(app, "root", ADMINS)


@pytest.fixture
def boris(app: Flask) -> Browser:
    """A manager of all issuers."""
    return Browser(app, "boris", "badge-managers")


@pytest.fixture
def otto(app: Flask) -> Browser:
    """A manager of another issuer."""
    return Browser(app, "otto", "other-managers")


@pytest.fixture
def rita(app: Flask) -> Browser:
    """A reviewer."""
    return Browser(app, "rita", "badge-reviewers")


@pytest.fixture
def dora(app: Flask) -> Browser:
    """Somebody with a grant for one badge."""
    return Browser(app, "dora")


@pytest.fixture
def asha(app: Flask) -> Browser:
    """A member, who has a badge and no right."""
    return Browser(app, "asha")
