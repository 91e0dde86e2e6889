# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site with programs in front of it.

Dora holds a grant for `first-steps`, Asha has that badge, and nobody may award `second-steps`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from issuer.app import create_app
from issuer.limits import limiter
from issuer.services import persons
from tests.filled import fill
from tests.issuing import NOW, give, make_badge, make_site
from tests.programs import Program, grant, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from issuer.site import Site


@pytest.fixture
def busy_site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(
        tmp_path,
        "",
        oidc_issuer="https://id.example.org",
        oidc_client_id="accolades",
        manager_groups=("badge-managers",),
    )
    fill(made, settle)
    yield made
    made.database.dispose()


def settle(site: Site) -> None:
    """Put badges and people into a site."""
    with site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
        make_badge(session, site, "Second Steps")
        for name in ("dora", "boris"):
            persons.ensure(session, name, now=NOW)
        persons.ensure(session, "hidden", now=NOW).opted_out = True
    grant(site, "dora", now=NOW)


@pytest.fixture
def app(busy_site: Site) -> Iterator[Flask]:
    made = create_app(site=busy_site)
    limiter.reset()
    made.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    limiter.reset()


@pytest.fixture
def dora(app: Flask, busy_site: Site) -> Program:
    """A program of Dora's that may do all that Dora may do."""
    return Program(app, token_of(busy_site, "dora", now=datetime.now(UTC)))
