# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.config import Settings
from issuer.errors import ConflictError
from issuer.models import Image, Issuer, SigningKey
from issuer.paths import bundled_rules
from issuer.services import publishing, setup
from tests.issuing import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.site import Site


def stores(site: Site) -> setup.Stores:
    return setup.Stores(site.keys, site.objects)


def test_a_site_is_made_once(session: Session, site: Site) -> None:
    for _ in range(2):
        issuer = setup.ensure_issuer(session, site.settings, stores(site), now=NOW)
    assert (issuer.slug, issuer.url) == ("accolades", site.settings.base_url)
    for table in (Issuer, SigningKey, Image):
        assert session.scalar(select(func.count()).select_from(table)) == 1
    picture = publishing.issuer_image(session, "accolades")
    assert site.objects.get(picture.sha256).startswith(b"\x89PNG")


def test_an_issuer_keeps_its_address_when_the_settings_change(session: Session, site: Site) -> None:
    setup.ensure_issuer(session, site.settings, stores(site), now=NOW)
    other = site.settings.model_copy(update={"base_url": "https://badges.example.org"})
    with pytest.raises(ConflictError, match="its badges live at"):
        setup.ensure_issuer(session, other, stores(site), now=NOW)
    assert session.scalars(select(Issuer.base_url)).one() == site.settings.base_url


@pytest.mark.parametrize("bundled", [True, False])
def test_the_settings_name_the_collections(tmp_path: Path, *, bundled: bool) -> None:
    one = next(bundled_rules().glob("*.yml"))
    (tmp_path / "more.yml").write_text(
        one.read_text().replace("name: ", "name: Another ", 1).replace("slug:", "# slug:")
    )
    settings = Settings(bundled_rules=bundled, rules=(tmp_path,))
    sources = {rule.source for rule in setup.load_collections(settings).rules}
    assert str(tmp_path / "more.yml") in sources
    assert (str(one) in sources) is bundled
    given = setup.load_collections(settings, [one]).rules
    assert [rule.source for rule in given] == [str(one)]
