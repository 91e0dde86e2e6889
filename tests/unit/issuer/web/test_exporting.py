# SPDX-License-Identifier: AGPL-3.0-or-later
"""My badges, taken along by their holder and by nobody else."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from issuer.app import create_app
from issuer.limits import limiter
from issuer.models import Assertion, Award, EmailIdentity, Export
from issuer.preparing import EXPORTS, Preparer
from issuer.services import awards, emails, exports, persons, signing_keys
from issuer.services.permissions import Actor
from openbadges.baking import CREDENTIAL_KEYWORD, unbake
from openbadges.identity import matches
from openbadges.models import IdentityObject
from tests.browsing import Browser
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from flask import Flask

    from issuer.site import Site

ADDRESS = "asha@example.net"
HERE = "/my/badges"
FORMS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "json": "application/ld+json",
    "jws": "application/jose",
    "ob3": "application/vc+ld+json",
    "ob3-jwt": "application/jwt",
    "pdf": "application/pdf",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(
        tmp_path, "", oidc_issuer="https://id.example.org", oidc_client_id="accolades", demo=True
    )
    with made.database.writing() as session:
        for name in ("First Steps", "Second Steps"):
            give(session, make_badge(session, made, name), "asha")
        give(session, make_badge(session, made, "First Steps"), "boris")
        person = persons.find(session, "asha")
        emails.add(session, person, ADDRESS, now=NOW).verified_at = NOW
        emails.add(session, person, "later@example.net", now=NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def app(site: Site) -> Iterator[Flask]:
    made = create_app(site=site)
    limiter.enabled = False
    yield made
    limiter.enabled = True


def first_of(site: Site, username: str = "asha") -> UUID:
    """Return the public assertion of the first badge of somebody."""
    with site.database.reading() as session:
        person = persons.find(session, username)
        award = select(Award.id).filter_by(person_id=person.id).order_by(Award.id).limit(1)
        found = select(Assertion).where(Assertion.award_id.in_(award), Assertion.is_default)
        return session.scalars(found).one().uuid


def number_of(site: Site, address: str) -> int:
    with site.database.reading() as session:
        return session.scalars(select(EmailIdentity).filter_by(address=address)).one().id


def recipient_of(document: str) -> IdentityObject:
    return IdentityObject.from_dict(json.loads(document)["recipient"])


@pytest.mark.slow
def test_each_form_of_a_badge_is_taken_for_the_chosen_address(app: Flask, site: Site) -> None:
    uuid, chosen = first_of(site), number_of(site, ADDRESS)
    me, taken = Browser(app, "asha"), {}
    for form, media_type in FORMS.items():
        answer = me.post(f"{HERE}/take", take=f"{form} {uuid}", address=chosen)
        assert (answer.status_code, answer.mimetype) == (200, media_type), answer.text
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["Cache-Control"] == "no-store"
        taken[form] = answer.data
    assert matches(recipient_of(taken["json"].decode()), "Asha@Example.NET")
    made = json.loads(taken["json"])["id"].rpartition("/")[2]
    assert made != str(uuid)
    # A picture carries both badges.
    for picture in (taken["png"], taken["svg"]):
        assert unbake(picture).encode() == taken["jws"]
        assert unbake(picture, CREDENTIAL_KEYWORD).encode() == taken["ob3"]
    # What is hosted is the same, and the public page stays as it was.
    stranger = app.test_client()
    assert stranger.get(f"/assertions/{made}.json").data == taken["json"]
    assert stranger.get(f"/assertions/{made}/ob3").data == taken["ob3"]
    assert stranger.get(f"/assertions/{uuid}.json").data != taken["json"]
    again = me.post(f"{HERE}/take", take=f"jws {made}", address=chosen)
    assert again.data == taken["jws"]
    as_public = me.post(f"{HERE}/take", take=f"json {made}", address="")
    assert as_public.data == stranger.get(f"/assertions/{uuid}.json").data


def test_the_page_shows_all_to_its_holder_and_nothing_to_others(app: Flask, site: Site) -> None:
    uuid, chosen = first_of(site), number_of(site, ADDRESS)
    me = Browser(app, "asha")
    page = me.get(HERE).text
    assert ADDRESS in page
    assert "later@example.net" in page
    assert page.count('value="png ') == 2
    me.post(f"{HERE}/take", take=f"jws {uuid}", address=chosen)
    assert f"{ADDRESS}</a>" in me.get(HERE).text
    share = me.get(f"/assertions/{uuid}").text
    assert ADDRESS in share
    for who in (Browser(app), Browser(app, "boris")):
        assert ADDRESS not in who.get(f"/assertions/{uuid}").text
        assert ADDRESS not in who.get(HERE).text
    assert Browser(app).get(HERE).status_code == 302


REFUSED = [
    ("", {}, 400),
    ("boris", {}, 404),
    ("asha", {"address": "later@example.net"}, 400),
    ("boris", {"take": "own", "address": ADDRESS}, 404),
    ("asha", {"address": "1e3"}, 400),
    ("asha", {"take": "exe"}, 400),
    ("asha", {"take": "png not-a-uuid"}, 400),
]


def test_badges_of_others_and_addresses_that_are_not_proven_are_refused(
    app: Flask, site: Site
) -> None:
    before = rows(site)
    for who, fields, status in REFUSED:
        take = fields.get("take", f"png {first_of(site)}")
        take = f"png {first_of(site, who)}" if take == "own" else take
        address = fields.get("address", "")
        address = str(number_of(site, address)) if "@" in address else address
        answer = Browser(app, who).post(f"{HERE}/take", take=take, address=address)
        assert answer.status_code == status, (who, fields)
    assert rows(site) == before


def rows(site: Site) -> int:
    with site.database.reading() as session:
        return len(session.scalars(select(Assertion)).all())


def test_everything_comes_as_one_zip(app: Flask, site: Site) -> None:
    chosen = number_of(site, ADDRESS)
    answer = Browser(app, "asha").post(f"{HERE}/everything", address=chosen)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert "badges/first-steps/first-steps.png" in names
        document = archive.read("badges/second-steps/second-steps.json").decode()
    assert matches(recipient_of(document), ADDRESS)
    with site.database.writing() as session:
        persons.ensure(session, "cleo", now=NOW)
    nobody = Browser(app, "cleo")
    assert nobody.post(f"{HERE}/everything").status_code == 400
    assert "No badges yet" in nobody.get(HERE).text


def test_what_was_taken_back_cannot_be_taken_along(app: Flask, site: Site) -> None:
    uuid = first_of(site)
    with site.database.writing() as session:
        award = session.scalars(select(Assertion).filter_by(uuid=uuid)).one().award
        awards.revoke(session, award, "a mistake", now=NOW)
    me = Browser(app, "asha")
    assert me.post(f"{HERE}/take", take=f"png {uuid}").status_code == 410
    assert str(uuid) not in me.get(HERE).text
    assert ADDRESS not in me.get(f"/assertions/{uuid}").text


@pytest.fixture
def many(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The same site, where two badges are many and nobody makes them by itself."""
    monkeypatch.setattr(exports, "STREAMED", 1)
    site.database.on_left = lambda _tasks: None
    return site


def begun(me: Browser, **fields: object) -> str:
    """Ask for everything; return the address of the page that shows how far it is."""
    answer = me.post(f"{HERE}/everything", **fields)
    assert (answer.status_code, answer.headers["Location"][:19]) == (303, f"{HERE}/exports/")
    return str(answer.headers["Location"])


def test_many_are_made_behind_the_scenes_and_are_their_holders_alone(
    many: Site, app: Flask
) -> None:
    me, chosen = Browser(app, "asha"), number_of(many, ADDRESS)
    page = begun(me, address=chosen)
    assert begun(me) == page  # it is being made
    assert "is about to be made" in me.get(page).text
    assert 'data-progress="2"' in me.get(page).text
    assert "Look again" in me.get(page).text
    assert me.get(f"{page}/file").status_code == 404
    assert page in me.get(HERE).text
    assert Preparer(many).prepare()
    shown = me.get(page).text
    assert "2 badges are in it." in shown
    assert "data-progress" not in shown
    answer = me.get(f"{page}/file")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == "attachment; filename=badges-asha.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        document = archive.read("badges/second-steps/second-steps.json").decode()
    assert matches(recipient_of(document), ADDRESS)
    answer.close()
    part = me.client.get(f"{page}/file", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"PK\x03\x04")
    part.close()
    for path in (page, f"{page}/file"):
        assert Browser(app, "boris").get(path).status_code == 404
        assert Browser(app).get(path).status_code == 302
    assert Browser(app, "boris").post(f"{page}/remove").status_code == 404
    assert me.post(f"{page}/remove").headers["Location"] == HERE
    assert list((many.objects.folder / EXPORTS).glob("*/*")) == []
    assert me.get(page).status_code == 404


def test_an_address_that_is_not_proven_gets_no_export(many: Site, app: Flask) -> None:
    me = Browser(app, "asha")
    for address in (number_of(many, "later@example.net"), "999"):
        assert me.post(f"{HERE}/everything", address=address).status_code in {400, 404}
    assert "exports/" not in me.get(HERE).text


@pytest.mark.parametrize(
    ("values", "said", "status"),
    [
        ({"done": 1, "attempts": 1}, "1 of 2 badges", 404),
        ({"finished_at": NOW, "reason": "none-left"}, "There is no badge left", 404),
        ({"finished_at": NOW, "reason": "too-long"}, "It takes too long", 404),
        ({"finished_at": NOW, "reason": "broken"}, "Something went wrong on our side", 404),
        ({"finished_at": NOW, "name": "gone", "expires_at": NOW}, "Its time is over", 410),
    ],
)
def test_how_it_stands_is_said(
    many: Site, app: Flask, values: dict[str, object], said: str, status: int
) -> None:
    me = Browser(app, "asha")
    page = begun(me)
    with many.database.writing() as session:
        session.execute(update(Export).values(**values))
    assert said in me.get(page).text
    assert me.get(f"{page}/file").status_code == status
    assert me.get(HERE).status_code == 200


def test_only_what_can_be_had_is_offered_once_a_key_was_revoked(app: Flask, site: Site) -> None:
    uuid, chosen = first_of(site), number_of(site, ADDRESS)
    me, stranger = Browser(app, "asha"), Browser(app)
    with site.database.writing() as session:
        key = session.scalars(select(Assertion).filter_by(uuid=uuid)).one().key
        root = Actor(username="root")
        signing_keys.revoke(session, root, key, "it was stolen", site.keys, now=NOW)
    for path in (f"/assertions/{uuid}.jws", f"/assertions/{uuid}/ob3.jwt"):
        for who in (me, stranger):
            page = who.get(f"/assertions/{uuid}").text
            assert f'href="{path}' not in page
            assert "the issuer revoked the key" in page
    # Made out to the other address it is signed anew.
    page = me.get(HERE).text
    assert f"JWS and JWT only for: {ADDRESS}." in page
    assert f'value="jws {uuid}"' in page
    refused = me.post(f"{HERE}/take", take=f"jws {uuid}", address="")
    assert (refused.status_code, "was revoked" in refused.text) == (409, True)
    assert me.post(f"{HERE}/take", take=f"ob3 {uuid}", address="").status_code == 200
    assert me.post(f"{HERE}/take", take=f"jws {uuid}", address=chosen).status_code == 200
    with site.database.writing() as session:
        emails.remove(session, persons.find(session, "asha"), chosen)
    page = me.get(HERE).text
    assert "There is no JWS and no JWT" in page
    for form in ("jws", "ob3-jwt"):
        assert f'value="{form} {uuid}"' not in page
    assert f'value="ob3 {uuid}"' in page
