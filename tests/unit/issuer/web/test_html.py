# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every kind of page is sound HTML that a screen reader finds its way in; one site for all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import html5lib
import pytest

from issuer.app import create_app
from issuer.config import Settings
from issuer.models import Badge, Endorsement
from issuer.site import Site
from tests.browsing import ADMINS, sign_in
from tests.unit.issuer.web.community import TODAY, settle
from tests.unit.issuer.web.conftest import HOSTILE, HTML
from tests.unit.issuer.web.seeds import NOW, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from tests.unit.issuer.web.seeds import Seeds

#: What a page asks for, by the status that it answers.
PUBLIC = {
    200: [
        *("/", "/explore", "/explore?q=test&sort=rare&rarity=common&level=1", "/explore?q=zebra"),
        *("/badges/tester-1", "/badges/alone", "/badges/awful", "/issuers/accolades"),
        *("/tags", "/tags/quality", "/series", "/series/tester"),
        *("/about", "/about/terms", "/about/privacy"),
        *("/people/Asha", "/people/Asha?by=tag", "/people/Asha?by=series", "/people/villain"),
        *("/people/Asha?by=history", "/people/Asha?by=tag&tag=quality", "/people/other-0"),
        *("/leaderboard", "/leaderboard?team=qa&by=points", "/leaderboard?find=nobody"),
        *("/diff", "/diff?a=asha&b=other-1", "/verify", "/verify?url=nonsense"),
        *("/report", "/api/docs", f"/report/{TODAY.year}", f"/report/{TODAY.year}/{TODAY.month}"),
        f"/report/{TODAY.year}/{TODAY.month}/{TODAY.day}",
        *("good", "expired", "ghost", "hostile", "embed", "endorsed"),
    ],
    400: ["/leaderboard?by=height"],
    404: ["/nothing"],
    410: ["revoked", "/people/removed"],
}
OWN = ["/", "/badges/tester-1", "/series/tester", "/explore?mine=lack", "/people/Asha"]
OWN += [
    "/settings",
    "/settings/trophies",
    "/settings/erase",
    "/leaderboard",
    "/leaderboard?find=other-0",
    "/my/apps",
    "/settings/tokens",
]
OWN += ["/admin/endorsements/", "/admin/endorsements/new", "/admin/endorsements/take", "take back"]
CASES = [
    *((address, status, False) for status, some in PUBLIC.items() for address in some),
    *((address, 200, True) for address in OWN),
]
FIELDS = {"input", "select", "textarea"}
NAMELESS = {"hidden", "submit"}  # what needs no label
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = Settings(
        home=tmp_path_factory.mktemp("site"),
        secret_key="secret",  # noqa: S106 (a test's own)
        oidc_issuer="http://127.0.0.1:1/",
        oidc_client_id="accolades",
        admin_groups=("sysadmin-badges",),
    )
    made = Site.of(settings)
    make_tables(made.database)
    yield made
    made.database.dispose()


@pytest.fixture(scope="module")
def awards(site: Site) -> dict[str, str]:
    """Fill the site; return the addresses of awards in each state."""
    with site.database.writing() as session:
        seeds = settle(session)
        badge = seeds.badge("awful", HOSTILE, description=HOSTILE, criteria_text=HOSTILE)
        villain = seeds.person("villain", display_name=HOSTILE, bio=HOSTILE, website="javascript:x")
        person, ghost = seeds.person("holder"), seeds.person("hidden", opted_out=True)
        late, taken = seeds.badge("late"), seeds.badge("taken")
        found = {
            "good": seeds.award(badge, person, narrative="Ten **tests**."),
            "expired": seeds.award(late, person, expires_at=NOW),
            "revoked": seeds.award(taken, person, revoked_at=NOW, revocation_reason="Twice."),
            "ghost": seeds.award(late, ghost),
            "hostile": seeds.award(
                badge, villain, evidence=[{"id": "javascript:x", "name": HOSTILE}]
            ),
        }
        own = _endorse(session, seeds, badge)
    addresses = {name: f"/assertions/{uuid}" for name, uuid in found.items()}
    return {
        **addresses,
        "embed": f"{addresses['good']}/embed",
        "endorsed": f"/endorsements/{own}",
        "take back": f"/admin/endorsements/{own}/revoke",
    }


def _endorse(session: Session, seeds: Seeds, badge: Badge) -> UUID:
    """Endorse a badge, by its own issuer and by somebody else; return the name of the former."""
    about = seeds.edition_of[badge.id].document_id
    claim = {"claim": {"id": about, "endorsementComment": HOSTILE}}
    common = {"subject": about, "comment": HOSTILE, "document": json.dumps(claim)}
    common |= {"about": seeds.issuer, "endorser_name": HOSTILE}
    moments = dict.fromkeys(("issued_at", "checked_at", "created_at"), NOW)
    made = Endorsement(
        uuid=uuid4(),
        document_id="https://example.org/own",
        issuer=seeds.issuer,
        endorser="https://example.org/issuer",
        form="own",
        **common,
        **moments,
    )
    other = Endorsement(
        document_id="javascript:x", endorser="javascript:x", form="jwt", **common, **moments
    )
    session.add_all([made, other])
    session.flush()
    return made.uuid


@pytest.fixture(scope="module")
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


@pytest.fixture(scope="module")
def own(site: Site, awards: dict[str, str]) -> FlaskClient:
    """The browser of somebody who is signed in, and may grant every badge."""
    app = create_app(site=site)
    made = app.test_client()
    kept = sign_in(app, "Asha", ADMINS)
    with made.session_transaction() as session:
        session.update(kept)
    return made


@pytest.mark.parametrize(("address", "status", "signed_in"), CASES)
def test_a_page_is_sound_html_that_everybody_can_use(
    client: FlaskClient,
    own: FlaskClient,
    awards: dict[str, str],
    address: str,
    status: int,
    *,
    signed_in: bool,
) -> None:
    answer = (own if signed_in else client).get(awards.get(address, address), headers=HTML)
    assert answer.status_code == status
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page = parser.parse(answer.text)
    elements = list(page.iter())
    ids = [element.get("id") for element in elements if element.get("id")]
    assert len(ids) == len(set(ids)), "an id is there twice"
    assert page.get("lang") == "en"
    assert len(page.findall(".//h1")) == 1
    assert [_told(one) for one in page.findall(".//img") if one.get("alt") is None] == []
    assert [_told(one) for one in elements if one.tag in FIELDS and not _labelled(one, page)] == []
    for element in elements:
        for name in REFERENCES:
            missing = set((element.get(name) or "").split()) - set(ids)
            assert not missing, (_told(element), missing)
        if element.tag in {"a", "button", "summary"}:
            assert _name(element).strip(), _told(element)
        if element.tag == "table" or element.get("tabindex") == "0":
            assert element.get("aria-labelledby") or element.get("aria-label"), _told(element)


def _labelled(field: Element, page: Element) -> bool:
    if field.get("type") in NAMELESS or field.get("aria-label"):
        return True
    labels = [label for label in page.iter("label") if field in list(label.iter())]
    return bool(labels) or page.find(f".//label[@for='{field.get('id')}']") is not None


def _name(element: Element) -> str:
    """Return what a screen reader says of a link or a button."""
    if element.get("aria-hidden"):
        return "hidden"
    pictures = [image.get("alt") or "" for image in element.iter("img")]
    return element.get("aria-label") or "".join([*element.itertext(), *pictures])


def _told(element: Element) -> str:
    return f"{element.tag} {dict(element.attrib)}"
