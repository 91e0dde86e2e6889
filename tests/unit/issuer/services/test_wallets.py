# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers to wallets on both databases: each is good for one, whoever is first."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from issuer.errors import GoneError, InvalidInputError, NotFoundError
from issuer.models import WalletOffer
from issuer.services import disclosing, erasing, persons, wallets
from tests.issuing import BASE_URL, NOW, give, make_badge
from tests.simulators.wallets import Wallet

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.orm import Session

    from issuer.models import Person
    from issuer.services.wallets import Made
    from issuer.site import Site

AT_ONCE = 6


def nothing_is_sent(_url: str, _body: dict[str, Any]) -> Any:
    pytest.fail("nothing is sent")


def offered(session: Session, site: Site) -> tuple[Person, Made]:
    award = give(session, make_badge(session, site), "asha").award
    person = persons.find(session, "asha")
    return person, wallets.make(session, person, award.id, None, site.keys, now=NOW)


def take(session: Session, site: Site, token: str, **facts: Any) -> dict[str, Any]:
    proof = Wallet(nothing_is_sent).presentation(wallets.challenge(token), **facts)
    return wallets.take(session, token, proof, site.keys, base_url=BASE_URL, now=NOW)


def test_the_domain_may_be_ours_or_missing_and_nothing_else(session: Session, site: Site) -> None:
    for domain in (BASE_URL, f"{BASE_URL}/", "127.0.0.1:8000", ""):
        _, made = offered(session, site)
        assert take(session, site, made.token, domain=domain)["type"][1] == "OpenBadgeCredential"
    _, made = offered(session, site)
    with pytest.raises(InvalidInputError, match="another domain"):
        take(session, site, made.token, domain="https://elsewhere.example")
    assert made.offer.taken_at is None


def test_secrets_are_long_and_found_by_their_hash_alone(session: Session, site: Site) -> None:
    tokens = {offered(session, site)[1].token for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) * 5 >= 160 for token in tokens)
    for wrong in ("", "x", "\0", "\ud800", "x" * 10_000, *(token[:-1] for token in tokens)):
        with pytest.raises(NotFoundError):
            wallets.find(session, wrong, now=NOW)
    with pytest.raises(GoneError, match="expired"):
        wallets.find(session, tokens.pop(), now=NOW + wallets.LASTS)
    found = wallets.find(session, tokens.pop(), now=NOW + wallets.LASTS - timedelta(seconds=1))
    assert found.taken_at is None


def test_of_many_wallets_at_once_one_gets_it(site: Site) -> None:
    with site.database.writing() as session:
        _, made = offered(session, site)
    begin, got, refused = threading.Barrier(AT_ONCE, timeout=60), [], []

    def run() -> None:
        begin.wait()
        try:
            with site.database.writing() as session:
                got.append(take(session, site, made.token))
        except GoneError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(got), len(refused)) == (1, AT_ONCE - 1)


def test_a_copy_tells_of_wallets_and_erasing_forgets_them(session: Session, site: Site) -> None:
    person, made = offered(session, site)
    take(session, site, made.token)
    session.refresh(made.offer)
    text = "".join(disclosing.everything(session, person, now=NOW))
    assert made.offer.taken_by.startswith("did:key:z6Mk")
    assert made.offer.taken_by in text
    assert made.offer.token_hash not in text
    erasing.erase(session, person, "anonymise", now=NOW)
    assert session.scalar(select(func.count()).select_from(WalletOffer)) == 0
