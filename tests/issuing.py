# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small site for tests: real database, real keys, a badge or two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer.adapters.pictures import read_picture
from issuer.config import Settings
from issuer.services import awards, badges, issuers, persons, schema
from issuer.services.badges import Facts
from issuer.site import Site
from rules.loader import parse
from tests import prepared

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.models import Badge, Issuer
    from rules.model import Rule

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE_URL = "http://127.0.0.1:8000"
RED = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
    b'<circle cx="4" cy="4" r="3" fill="#c00"/></svg>'
)
BLUE = RED.replace(b"#c00", b"#00c")


def make_site(home: Path, database_url: str, **settings: object) -> Site:
    """Return a site with tables and nothing in them."""
    values = {"home": home, "database_url": database_url, "base_url": BASE_URL, **settings}
    site = Site.of(Settings(**values))
    prepared.make(site.database, schema.upgrade)
    return site


def make_issuer(session: Session, site: Site) -> Issuer:
    """Return the site's issuer with a signing key."""
    identity = issuers.Identity(
        slug="accolades",
        name="Accolades",
        url=site.settings.base_url,
        email="badges@example.org",
        description="Thanks those who make it.",
        base_url=site.settings.base_url,
    )
    return issuers.ensure(session, identity, site.keys, now=NOW, image_id=None)


def facts(name: str = "First Steps", **changes: object) -> Facts:
    """Return what makes a badge."""
    slug = name.lower().replace(" ", "-")
    values = {
        "name": name,
        "slug": slug,
        "legacy_id": slug,
        "description": "You did it.",
        **changes,
    }
    return Facts(**values)


def make_badge(
    session: Session, site: Site, name: str = "First Steps", picture: bytes = RED, **changes: object
) -> Badge:
    """Return a badge of the site's issuer."""
    issuer = make_issuer(session, site)
    drawing = read_picture(picture, "drawing.svg")
    return badges.put(session, issuer, facts(name, **changes), drawing, site.objects, now=NOW)[0]


def give(session: Session, badge: Badge, username: str, **arguments: object) -> awards.Outcome:
    """Award a badge as an admin would."""
    person = persons.ensure(session, username, now=NOW)
    values = {"cause": awards.Cause(source="admin"), "email_domain": "example.org", "now": NOW}
    return awards.award(session, badge, person, **{**values, **arguments})


def make_rule(text: str, *, name: str = "First Steps") -> Rule:
    """Return a rule from what is particular to it."""
    head = f"""\
name: {name}
description: You did it.
creator: somebody
discussion: https://example.org/
issuer_id: accolades
image_url: https://example.org/x.png
"""
    return parse(head + text, source="test.yml")
