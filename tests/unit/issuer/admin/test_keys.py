# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.adapters.keystores import KeyFolder, open_stores, printed
from issuer.app import create_app
from issuer.models import SigningKey
from tests.browsing import ADMINS, Browser

if TYPE_CHECKING:
    import pytest

    from issuer.site import Site

KEYS = "/admin/keys/"


def as_root(site: Site) -> Browser:
    return Browser(create_app(site=site), "root", ADMINS)


def states(site: Site) -> dict[str, str]:
    with site.database.reading() as session:
        return {
            key.kid: str(key.state)
            for key in session.scalars(select(SigningKey).order_by(SigningKey.id))
        }


def test_consequences_are_told_and_confirmed_by_name(root: Browser, site: Site) -> None:
    (first,) = states(site)
    assert "signs now" in root.get(KEYS).text
    page = root.get(f"{KEYS}new/accolades").text
    assert "The 1 assertions it signs go on verifying" in page
    assert "1 badge gets a new edition" in page
    answer = root.post(f"{KEYS}new/accolades", name="yes")
    assert answer.status_code == 422
    assert 'value="yes"' in answer.text
    assert list(states(site)) == [first]
    assert "signs from now on" in root.follow(root.post(f"{KEYS}new/accolades", name="accolades"))
    _, second = states(site)
    assert root.post(f"{KEYS}{second}/retire", name=second).status_code == 422
    assert root.post(f"{KEYS}{first}/revoke", name=first, reason="").status_code == 422
    done = root.post(f"{KEYS}{first}/revoke", name=first, reason="It was stolen.")
    assert "It was stolen." in root.follow(done)
    assert states(site) == {first: "revoked", second: "active"}
    assert root.client.get(f"/keys/{first}").status_code == 410
    assert root.client.get(f"/keys/{second}").status_code == 200
    assert root.get(f"{KEYS}none/revoke").status_code == 404


def test_who_presses_twice_gets_one_new_key(root: Browser, site: Site) -> None:
    where = f"{KEYS}new/accolades"
    form = {"name": "accolades", "former": next(iter(states(site)))}
    assert root.post(where, **form).status_code == 303
    again = root.post(where, **form)
    assert again.status_code == 422
    _, second = states(site)
    assert f"got another key meanwhile: {second} signs now" in again.text
    assert f'name="former" type="hidden" value="{second}"' in again.text
    root.client.set_cookie("language", "de")
    assert "hat inzwischen einen anderen Schlüssel" in root.post(where, **form).text
    assert "werden noch verliehen" in root.post(f"{KEYS}{second}/retire", name=second).text


def test_nobody_else_touches_keys(boris: Browser, rita: Browser, site: Site) -> None:
    before = states(site)
    (kid,) = before
    for browser in (boris, rita):
        assert browser.get(KEYS).status_code == 403
        for path, name in (("new/accolades", "accolades"), (f"{kid}/revoke", kid)):
            answer = browser.post(KEYS + path, name=name, reason="stolen")
            assert answer.status_code == 403
    assert states(site) == before


def test_a_store_that_makes_no_keys_says_what_to_do(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = site.settings.model_copy(update={"key_stores": ("environment", "folder")})
    root = as_root(replace(site, settings=settings, keys=open_stores(settings)))
    page = root.get(KEYS).text
    assert "New private keys are made in the environment" in page
    assert "also looked for in the folder of keys" in page
    before = states(site)
    answer = root.post(f"{KEYS}new/accolades", name="accolades")
    assert answer.status_code == 422
    assert "run &#39;accolades keys print&#39;" in answer.text
    assert states(site) == before
    name, _, value = printed("RS256", 2026, "").partition("=")
    monkeypatch.setenv(name, value)
    root = as_root(replace(site, settings=settings, keys=open_stores(settings)))
    assert "signs from now on" in root.follow(root.post(f"{KEYS}new/accolades", name="accolades"))


def test_a_public_site_says_that_keys_lie_open(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    assert "unencrypted" not in as_root(site).get(KEYS).text
    folder = KeyFolder(site.settings.keys, must_seal=True)
    page = as_root(replace(site, keys=folder)).get(KEYS).text
    assert "Private keys lie unencrypted." in page
    assert "private keys that lie unencrypted: 1: set key_passphrase" in page
    (told,) = [each.message for each in caplog.records if "unencrypted" in each.message]
    assert "set key_passphrase" in told
