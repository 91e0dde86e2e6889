# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from sqlalchemy import select

from issuer.adapters.pictures import read_picture
from issuer.app import create_app
from issuer.models import Award, KeyState, SigningKey
from issuer.services import awards, badges
from openbadges.baking import unbake
from openbadges.keys import load_public_key
from openbadges.signing import open_signed
from tests.filled import fill
from tests.issuing import BASE_URL, BLUE, NOW, facts, give, make_badge, make_issuer, make_site
from tests.shared import shared_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from issuer.site import Site

UNKNOWN = "00000000-0000-4000-8000-000000000000"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return create_app(site=site).test_client()


@pytest.fixture
def paths(site: Site) -> dict[str, str]:
    """One badge held by one person: the paths of everything that is public about it."""
    return fill(site, _publish)


def _publish(site: Site) -> dict[str, str]:
    with site.database.writing() as session:
        assertion = give(session, make_badge(session, site), "asha").award.assertions[0]
        path = assertion.document_id.removeprefix(BASE_URL)
        kid = assertion.key.kid
    return {
        "assertion": path,
        "signed": f"{path}.jws",
        "baked": f"{path}/image",
        "drawing": f"{path}/image.svg",
        "badge": "/badges/first-steps",
        "badge image": "/badges/first-steps/image",
        "badge drawing": "/badges/first-steps/image.svg",
        "issuer": "/issuers/accolades",
        "revocations": "/issuers/accolades/revocations",
        "key": f"/keys/{kid}",
        "jwk": f"/keys/{kid}.jwk",
        "jwks": "/.well-known/jwks.json",
    }


TYPES = {
    "assertion": "application/ld+json",
    "signed": "application/jose",
    "baked": "image/png",
    "drawing": "image/svg+xml",
    "badge": "application/ld+json",
    "badge image": "image/png",
    "badge drawing": "image/svg+xml",
    "issuer": "application/ld+json",
    "revocations": "application/ld+json",
    "key": "application/ld+json",
    "jwk": "application/jwk+json",
    "jwks": "application/jwk-set+json",
}
DOCUMENTS = ["assertion", "badge", "issuer", "revocations", "key"]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.requirement("A9", "A10")
def test_public_answers_have_their_type_and_are_open_to_all(
    client: FlaskClient, paths: dict[str, str], name: str
) -> None:
    """Attacks W8: type, CORS and no cookie."""
    answer = client.get(paths[name])
    assert answer.status_code == 200
    assert answer.mimetype == TYPES[name]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept" in answer.headers["Vary"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", TYPES)
def test_what_the_caller_has_is_not_sent_again(
    client: FlaskClient, paths: dict[str, str], name: str
) -> None:
    """Attacks W8: ETag and 304."""
    tag = client.get(paths[name]).headers["ETag"]
    again = client.get(paths[name], headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(paths[name], headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.requirement("H1")
def test_every_document_says_its_own_address(
    client: FlaskClient, paths: dict[str, str], name: str
) -> None:
    """Attacks W10: the id of a document is configured, whatever `Host` says."""
    document = client.get(paths[name], headers={"Host": "evil.example"}).get_json(force=True)
    assert document["id"] == BASE_URL + paths[name]
    assert document["@context"] == "https://w3id.org/openbadges/v2"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/ld+json"),
        ("*/*", "application/ld+json"),
        ("application/ld+json, application/json, image/png", "application/ld+json"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/html;q=0.3, application/ld+json;q=0.9", "application/ld+json"),
        ("image/png", "application/ld+json"),
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
    ],
)
@pytest.mark.parametrize("name", ["assertion", "badge", "issuer"])
@pytest.mark.requirement("A9")
def test_accept_decides_between_page_and_document(
    client: FlaskClient, paths: dict[str, str], name: str, accept: str | None, expected: str
) -> None:
    """Attacks W8: JSON for programs, a page for browsers."""
    headers = {"Accept": accept} if accept else {}
    answer = client.get(paths[name], headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, expected)
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("name", ["assertion", "badge", "issuer"])
def test_json_is_had_whatever_is_accepted(
    client: FlaskClient, paths: dict[str, str], name: str
) -> None:
    answer = client.get(f"{paths[name]}.json", headers={"Accept": BROWSER})
    assert answer.get_json(force=True) == client.get(paths[name]).get_json(force=True)


@pytest.mark.requirement("N9")
def test_the_signed_twin_has_the_same_id_and_another_verification(
    client: FlaskClient, paths: dict[str, str]
) -> None:
    hosted = client.get(paths["assertion"]).get_json(force=True)
    pem = client.get(paths["key"]).get_json(force=True)["publicKeyPem"]
    token = client.get(paths["signed"]).text
    signed = json.loads(open_signed(token, load_public_key(pem, "key")))
    assert signed["verification"] == {"type": "SignedBadge", "creator": BASE_URL + paths["key"]}
    assert signed | {"verification": hosted["verification"]} == hosted


def test_the_signed_form_is_made_once(client: FlaskClient, paths: dict[str, str]) -> None:
    first = client.get(paths["signed"]).text
    assert client.get(paths["signed"]).text == first
    assert unbake(client.get(paths["baked"]).data) == first
    assert unbake(client.get(paths["drawing"]).data) == first


@pytest.mark.requirement("M1")
def test_a_baked_picture_looks_like_the_badge(
    client: FlaskClient, paths: dict[str, str], tmp_path: Path
) -> None:
    pixels = []
    for name in ("baked", "badge image"):
        file = tmp_path / f"{name}.png"
        file.write_bytes(client.get(paths[name]).data)
        with Image.open(file) as image:
            pixels.append((image.size, image.tobytes()))
    assert pixels[0] == pixels[1]


def test_b5_an_svg_runs_and_loads_nothing(
    client: FlaskClient, paths: dict[str, str], site: Site
) -> None:
    with site.database.writing() as session:
        logo = badges.keep_image(session, read_picture(BLUE, "logo"), site.objects, now=NOW)
        make_issuer(session, site).image_id = logo.id
    for path in (paths["drawing"], paths["badge drawing"], "/issuers/accolades/image"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_b5_the_drawing_of_an_artist_is_served_clean_and_baked(
    client: FlaskClient, site: Site
) -> None:
    given = shared_path("data/art/tester-09.svg")
    picture = read_picture(given.read_bytes(), given.name)
    with site.database.writing() as session:
        issuer = make_issuer(session, site)
        badge, _ = badges.put(session, issuer, facts(), picture, site.objects, now=NOW)
        document = give(session, badge, "asha").award.assertions[0].document_id
    path = document.removeprefix(BASE_URL)
    served = client.get(f"{path}/image.svg").data
    assert unbake(served) == client.get(f"{path}.jws").text
    assert not any(sign in served for sign in (b"<!DOCTYPE", b"<!ENTITY", b"<script", b".png"))


@pytest.mark.requirement("M1")
def test_a_download_is_named_after_the_badge(client: FlaskClient, paths: dict[str, str]) -> None:
    answer = client.get(f"{paths['baked']}?download=1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="first-steps.png"'
    assert "Content-Disposition" not in client.get(paths["baked"]).headers


@pytest.mark.requirement("H6", "N4", "N9")
def test_a_revoked_assertion_is_gone_in_every_form(
    client: FlaskClient, paths: dict[str, str], site: Site
) -> None:
    client.get(paths["signed"])
    with site.database.writing() as session:
        awards.revoke(session, awards.find(session, paths["assertion"]), "mistake", now=NOW)
    answer = client.get(paths["assertion"])
    assert answer.status_code == 410
    assert answer.get_json(force=True) == {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": BASE_URL + paths["assertion"],
        "revoked": True,
        "revocationReason": "mistake",
    }
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for name in ("signed", "baked", "drawing"):
        assert client.get(paths[name]).status_code == 410
    assert client.get(f"{paths['assertion']}.json").status_code == 410
    listed = client.get(paths["revocations"]).get_json(force=True)["revokedAssertions"]
    assert listed[-1] == {"id": BASE_URL + paths["assertion"], "revocationReason": "mistake"}
    page = client.get(paths["assertion"], headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (410, "text/html")
    assert "mistake" in page.text


@pytest.mark.requirement("I7", "N5")
def test_a_revocation_list_is_never_a_list_of_one(
    client: FlaskClient, paths: dict[str, str]
) -> None:
    listed = client.get(paths["revocations"]).get_json(force=True)["revokedAssertions"]
    assert len(listed) == 2
    assert all(entry.startswith("urn:uuid:") for entry in listed)


@pytest.mark.requirement("C10")
def test_what_was_issued_stays_as_it_was_when_the_badge_changes(
    client: FlaskClient, paths: dict[str, str], site: Site
) -> None:
    before = {name: client.get(paths[name]).data for name in TYPES}
    with site.database.writing() as session:
        changed = make_badge(session, site, picture=BLUE, description="Another story.")
        second = give(session, changed, "boris").award.assertions[0].document
    assert {name: client.get(paths[name]).data for name in TYPES} == before
    edition = json.loads(second)["badge"]
    assert edition == f"{BASE_URL}/badges/first-steps/editions/2"
    document = client.get(edition.removeprefix(BASE_URL)).get_json(force=True)
    assert document["description"] == "Another story."
    assert document["related"] == [{"id": f"{BASE_URL}/badges/first-steps", "version": "1"}]
    picture = client.get(document["image"].removeprefix(BASE_URL)).data
    assert picture != before["badge image"]


def test_a_badge_that_nobody_holds_is_changed_in_place(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        make_badge(session, site)
        make_badge(session, site, description="Another story.")
    document = client.get("/badges/first-steps").get_json(force=True)
    assert document["description"] == "Another story."
    assert client.get("/badges/first-steps/editions/2").status_code == 404


def test_a_badge_without_a_drawing_has_no_svg(client: FlaskClient, site: Site) -> None:
    with site.database.writing() as session:
        issuer = make_issuer(session, site)
        png = site.objects.get(make_badge(session, site, "Other").png.sha256)
        picture = read_picture(png, "x.png")
        badges.put(session, issuer, facts(), picture, site.objects, now=NOW)
    assert client.get("/badges/first-steps/image").data == png
    assert client.get("/badges/first-steps/image.svg").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/badges/none",
        "/badges/none.json",
        "/badges/none/image",
        "/issuers/none",
        "/issuers/none/revocations",
        "/issuers/none/image",
        "/keys/none",
        "/keys/none.jwk",
        f"/assertions/{UNKNOWN}",
        f"/assertions/{UNKNOWN}.jws",
        f"/assertions/{UNKNOWN}/image",
        "/assertions/not-a-uuid",
    ],
)
def test_what_is_not_there_is_not_found_in_json(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.get_json()["error"]


def test_documents_can_be_asked_for_by_head_and_options(
    client: FlaskClient, paths: dict[str, str]
) -> None:
    head = client.head(paths["assertion"])
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == client.get(paths["assertion"]).headers["ETag"]
    assert client.options(paths["assertion"]).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.requirement("N6")
def test_a_public_origin_vouches_for_its_assertions(tmp_path: Path) -> None:
    site = make_site(
        tmp_path,
        "",
        base_url="https://badges.example.org",
        key_passphrase="correct horse",  # noqa: S106 (nobody's)
    )
    with site.database.writing() as session:
        make_issuer(session, site)
    answer = (
        create_app(site=site)
        .test_client()
        .get("/issuers/accolades", base_url="https://badges.example.org")
    )
    assert answer.get_json(force=True)["verification"] == {
        "type": "VerificationObject",
        "startsWith": "https://badges.example.org/",
        "allowedOrigins": "badges.example.org",
    }
    site.database.dispose()


def test_both_versions_of_an_award_lead_to_each_other(
    client: FlaskClient, paths: dict[str, str]
) -> None:
    path = paths["assertion"]
    old, new = client.get(path), client.get(f"{path}/ob3")
    assert old.headers["Link"].startswith(f'<{BASE_URL}{path}/ob3>; rel="related"')
    assert new.headers["Link"].startswith(f'<{BASE_URL}{path}.json>; rel="related"')


def test_a_credential_has_an_address_that_answers_what_holds_now(
    client: FlaskClient, paths: dict[str, str], site: Site
) -> None:
    path = paths["assertion"]
    first = client.get(f"{path}/ob3/current")
    assert (first.status_code, first.mimetype) == (200, "application/vc+ld+json")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    issued = client.get(f"{path}/ob3")
    assert first.data == issued.data
    service = json.loads(issued.text)["refreshService"]
    assert service == {"id": f"{BASE_URL}{path}/ob3/current", "type": "1EdTechCredentialRefresh"}
    with site.database.writing() as session:
        for key in session.scalars(select(SigningKey).filter_by(algorithm="EdDSA")):
            key.state = KeyState.RETIRED
    newer = client.get(f"{path}/ob3/current")
    assert newer.data != issued.data
    assert client.get(f"{path}/ob3/current").data == newer.data
    assert client.get(f"{path}/ob3").data == issued.data
    with site.database.writing() as session:
        award = session.scalars(select(Award)).one()
        awards.revoke(session, award, "a mistake", now=NOW)
    assert client.get(f"{path}/ob3/current").status_code == 410
    assert client.get(f"/assertions/{UNKNOWN}/ob3/current").status_code == 404


@pytest.mark.parametrize("name", ["assertion", "badge", "issuer"])
@pytest.mark.parametrize("accept", [{}, {"Accept": "*/*"}])
def test_a_program_that_previews_links_sees_the_page(
    client: FlaskClient, paths: dict[str, str], name: str, accept: dict[str, str]
) -> None:
    """It takes anything, as verifiers do: they go on getting documents, also from a cache."""
    agent = {"User-Agent": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient)"}
    page = client.get(paths[name], headers={**agent, **accept})
    assert page.mimetype == "text/html"
    assert "<title>" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    for agent in ({"User-Agent": "python-requests/2.25.0"}, {"User-Agent": "curl/8.5.0"}, {}):
        assert client.get(paths[name], headers={**agent, **accept}).is_json
    asked = {"User-Agent": "Slackbot 1.0", "Accept": "application/ld+json, */*;q=0.1"}
    assert client.get(paths[name], headers=asked).is_json
    browser = client.get(paths[name], headers={"Accept": BROWSER})
    assert "no-store" not in browser.headers.get("Cache-Control", "")
