# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges put into wallets: by their holder, once, soon, and by nobody without the secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from issuer.app import create_app
from issuer.limits import limiter
from issuer.models import Assertion, EmailIdentity, WalletOffer
from issuer.services import awards, emails, persons, wallets
from openbadges.identity import matches
from openbadges.models import IdentityObject
from tests.browsing import Browser
from tests.filled import fill
from tests.issuing import BASE_URL, NOW, give, make_badge, make_site
from tests.simulators.wallets import LearnCard, LearnerCredentialWallet, Wallet
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from flask import Flask
    from werkzeug.test import TestResponse

    from issuer.site import Site

ADDRESS = "asha@example.net"
HERE = "/my/badges"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(
        tmp_path, "", oidc_issuer="https://id.example.org", oidc_client_id="accolades", demo=True
    )
    fill(made, _badges)
    yield made
    made.database.dispose()


def _badges(site: Site) -> None:
    with site.database.writing() as session:
        badge = make_badge(session, site)
        for name in ("asha", "boris"):
            give(session, badge, name)
        emails.add(session, persons.find(session, "asha"), ADDRESS, now=NOW).verified_at = NOW


@pytest.fixture
def app(site: Site) -> Iterator[Flask]:
    made = create_app(site=site)
    limiter.enabled = False
    yield made
    limiter.enabled = True


@pytest.fixture
def uuid(site: Site) -> UUID:
    with site.database.reading() as session:
        person = persons.find(session, "asha")
        statement = select(Assertion).join(Assertion.award).filter_by(person_id=person.id)
        return session.scalars(statement).one().uuid


def poster(app: Flask) -> Any:
    """Return how a wallet posts: without a cookie, and from another origin."""

    def post(url: str, body: dict[str, Any]) -> TestResponse:
        assert url.startswith(f"{BASE_URL}/")
        headers = {"Origin": "https://learncard.app"}
        answer = app.test_client().post(urlsplit(url).path, json=body, headers=headers)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        return answer

    return post


def links(app: Flask, uuid: UUID, **fields: object) -> list[str]:
    """Return the links that the holder sees."""
    answer = Browser(app, "asha").post(f"{HERE}/wallet", badge=uuid, **fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return [link for link in Page(answer.text).links() if "vc_request_url=" in link]


def secret(app: Flask, uuid: UUID) -> str:
    return links(app, uuid)[-1].rpartition("%2F")[2]


@pytest.mark.slow
def test_both_wallets_fetch_the_credential_that_everybody_sees(app: Flask, uuid: UUID) -> None:
    public = app.test_client().get(f"/assertions/{uuid}/ob3").get_json()
    for number, kind in (
        (0, LearnerCredentialWallet),
        (1, LearnerCredentialWallet),
        (2, LearnCard),
    ):
        wallet = kind(poster(app))
        wallet.open(links(app, uuid)[number])
        assert wallet.held == [public]
        page = Browser(app, "asha").post(f"{HERE}/wallet", badge=uuid).text
        assert wallet.did in page


def test_the_page_has_a_link_and_a_code_for_each_wallet(app: Flask, uuid: UUID) -> None:
    me = Browser(app, "asha")
    for place in (HERE, f"/assertions/{uuid}"):
        assert f'formaction="{HERE}/wallet"' in me.get(place).text
    assert "Put into a wallet" not in Browser(app, "boris").get(f"/assertions/{uuid}").text
    page = Page(me.post(f"{HERE}/wallet", badge=uuid).text)
    codes = [each["src"] for each in page.all("img") if each.get("class", "").startswith("qr")]
    assert len(codes) == 2
    assert all(code.startswith("data:image/svg+xml") for code in codes)
    starts = [link.partition("?")[0] for link in page.links() if "vc_request_url=" in link]
    assert starts == [
        "https://lcw.app/request.html",
        "dccrequest://request",
        "https://learncard.app/request",
    ]


def test_a_badge_is_made_out_to_the_chosen_address(app: Flask, site: Site, uuid: UUID) -> None:
    with site.database.reading() as session:
        chosen = session.scalars(select(EmailIdentity).filter_by(address=ADDRESS)).one().id
    wallet = LearnCard(poster(app))
    wallet.open(links(app, uuid, address=chosen)[-1])
    (given,) = wallet.held[0]["credentialSubject"]["identifier"]
    recipient = IdentityObject(
        type="email", hashed=True, identity=given["identityHash"], salt=given["salt"]
    )
    assert matches(recipient, ADDRESS)


def test_only_the_holder_is_given_a_secret_and_only_its_hash_is_kept(
    app: Flask, site: Site, uuid: UUID
) -> None:
    assert Browser(app, "boris").post(f"{HERE}/wallet", badge=uuid).status_code == 404
    assert Browser(app).post(f"{HERE}/wallet", badge=uuid).status_code == 400
    asha = Browser(app, "asha")
    assert asha.client.post(f"{HERE}/wallet", data={"badge": uuid}).status_code == 400
    assert asha.post(f"{HERE}/wallet", badge="x").status_code == 400
    token = secret(app, uuid)
    with site.database.reading() as session:
        kept = session.scalars(select(WalletOffer)).one()
        assert token not in {str(value) for value in vars(kept).values()}
    assert token not in secret(app, uuid)


def test_a_secret_is_good_once(app: Flask, uuid: UUID, caplog: pytest.LogCaptureFixture) -> None:
    link = links(app, uuid)[0]
    LearnerCredentialWallet(poster(app)).open(link)
    token = link.rpartition("%2F")[2]
    other = Wallet(poster(app)).presentation(wallets.challenge(token))
    again = app.test_client().post(f"/wallets/{token}", json=other)
    assert again.status_code == 410
    assert "used before" in again.get_json()["error"]
    assert token not in caplog.text


def test_a_secret_ends_and_with_the_award(app: Flask, site: Site, uuid: UUID) -> None:
    token, client = secret(app, uuid), app.test_client()
    proof = Wallet(poster(app)).presentation(wallets.challenge(token))
    with site.database.writing() as session:
        award = session.scalars(select(Assertion).filter_by(uuid=uuid)).one().award
        awards.revoke(session, award, "a mistake", now=NOW)
    assert client.post(f"/wallets/{token}", json=proof).status_code == 410
    assert Browser(app, "asha").post(f"{HERE}/wallet", badge=uuid).status_code == 410
    with site.database.writing() as session:
        assert session.scalars(select(WalletOffer)).one().taken_at is None
        late = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(WalletOffer).values(expires_at=late))
    for body in ({}, proof):
        answer = client.post(f"/wallets/{token}", json=body)
        assert (answer.status_code, "expired" in answer.text) == (410, True)
    assert client.post("/wallets/wrong", json={}).status_code == 404
    assert client.get(f"/wallets/{token}").status_code == 405


def test_what_is_sent_has_limits_and_uses_nothing_up(app: Flask, uuid: UUID) -> None:
    token, client = secret(app, uuid), app.test_client()
    path, wallet = f"/wallets/{token}", Wallet(poster(app))
    good = wallet.presentation(wallets.challenge(token))
    strange = wallet.presentation("another challenge")
    bad: list[tuple[bytes, int]] = [
        (b"no json", 400),
        (b"[]", 400),
        (b'{"a":1,"a":2}', 400),
        (b"[" * 9000, 400),
        (b'{"verifiablePresentation":"eyJ"}', 400),
        (b'{"verifiablePresentation":{}}', 400),
        (json.dumps(strange).encode(), 400),
        (json.dumps({**good, "proof": {}}).encode(), 400),
        (b'{"pad":"' + b"x" * 40_000 + b'"}', 413),
    ]
    for body, status in bad:
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code == status, (body[:40], answer.text)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert client.post(path, json=good).status_code == 200


def test_a_proof_that_cannot_be_judged_hinders_nobody(app: Flask, site: Site, uuid: UUID) -> None:
    token = secret(app, uuid)
    proof = {
        "type": "Ed25519Signature2018",
        "proofPurpose": "authentication",
        "challenge": wallets.challenge(token),
        "verificationMethod": "did:web:network.example:users:asha#key",
        "jws": "e..x",
    }
    sent = {"@context": [], "type": "VerifiablePresentation", "proof": proof}
    answer = app.test_client().post(f"/wallets/{token}", json={"verifiablePresentation": sent})
    assert answer.status_code == 200, answer.text
    with site.database.reading() as session:
        assert session.scalars(select(WalletOffer)).one().taken_by == ""
    assert "proved no name" in Browser(app, "asha").post(f"{HERE}/wallet", badge=uuid).text


def test_a_wallet_that_is_a_web_page_may_ask_first(app: Flask) -> None:
    answer = app.test_client().options("/wallets/x", headers={"Origin": "https://learncard.app"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_old_offers_go(app: Flask, site: Site, uuid: UUID) -> None:
    secret(app, uuid)
    with site.database.writing() as session:
        old = NOW - wallets.SHOWN - timedelta(days=1)
        session.execute(update(WalletOffer).values(expires_at=old))
    secret(app, uuid)
    with site.database.reading() as session:
        assert len(session.scalars(select(WalletOffer)).all()) == 1


def test_each_wallet_and_person_has_limits(app: Flask, uuid: UUID) -> None:
    limiter.enabled = True
    limiter.reset()
    client = app.test_client()
    statuses = [client.post("/wallets/x", json={}).status_code for _ in range(61)]
    assert statuses[-2:] == [404, 429]
    limiter.reset()
