# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens that end, are renewed, lack a right, or come anew meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from issuer.adapters.backpacks import badgr as badgr_adapter
from issuer.adapters.backpacks.results import Kind
from issuer.adapters.backpacks.tokens import Tokens
from issuer.adapters.vault import Vault
from issuer.errors import BackpackLoginError, NotFoundError
from issuer.services import backpacks
from tests.simulators import BadgrSimulator, ConnectSimulator
from tests.unit.issuer.pushing.parts import (
    SENT,
    WAITING,
    connect,
    connect_host,
    renewable,
)

if TYPE_CHECKING:
    from tests.simulators.site import Sender

pytestmark = pytest.mark.slow


def test_a_token_that_ended_is_renewed_and_the_badge_is_sent(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.connect(name, Kind.BADGR, badgr.url, renewable(badgr, name), f"{name}@example.org")
    sender.queue(number, sender.award(name, "First Steps"))
    sender.push()
    assert sender.states(number) == [SENT]
    assert "renewal" not in badgr.renewals


def test_without_an_access_that_lasts_badges_wait_for_their_owner(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    sender.queue(number, sender.award(name, "First Steps"))
    badgr.tokens.clear()
    sender.push()
    assert sender.states(number) == [WAITING]
    assert (sender.connection(number).tokens, sender.connection(number).last_error) == (
        None,
        backpacks.LOGIN,
    )
    sender.clock.move(days=3)
    assert sender.push() == 0
    email = f"{name}@example.org"
    tokens = Tokens(badgr.token(email))
    assert sender.connect(name, Kind.BADGR, badgr.url, tokens, email) == number
    sender.push()
    assert sender.states(number) == [SENT]


def test_tokens_that_came_meanwhile_are_not_thrown_away(
    sender: Sender, badgr: BadgrSimulator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tests a backpack on its page renews the token as well as the worker does."""
    email = f"{name}@example.org"
    number = connect(sender, badgr, name)
    sender.connect(name, Kind.BADGR, badgr.url, renewable(badgr, name), email)
    sender.queue(number, sender.award(name, "First Steps"))

    def renewed_by_another(*_arguments: Any, **_options: Any) -> Tokens:
        tokens = Tokens(badgr.token(email))
        assert sender.connect(name, Kind.BADGR, badgr.url, tokens, email) == number
        raise BackpackLoginError("the renewal was used before")

    monkeypatch.setattr(badgr_adapter, "refreshed", renewed_by_another)
    sender.push()
    assert sender.states(number) == [SENT]
    assert sender.connection(number).last_error is None


def test_a_late_renewal_does_not_replace_the_tokens_of_a_new_login(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    read_before = sender.connection(number)
    sender.connect(name, Kind.BADGR, badgr.url, Tokens("new"), f"{name}@example.org")
    vault = Vault(sender.site.settings)
    with sender.site.database.writing() as session:
        backpacks.keep_tokens(session, read_before, Tokens("late"), vault)
    assert backpacks.tokens_of(sender.connection(number), vault).access == "new"


def test_a_token_without_the_right_is_told_from_an_account_without_an_address(
    sender: Sender, badgr: BadgrSimulator, name: str
) -> None:
    number = connect(sender, badgr, name)
    email = f"{name}@example.org"
    tokens = Tokens(badgr.token(email, "r:profile r:backpack"))
    sender.connect(name, Kind.BADGR, badgr.url, tokens, email)
    sender.queue(number, sender.award(name, "First Steps"))
    sender.push()
    assert sender.states(number) == [("refused", "forbidden")]


@pytest.mark.parametrize("is_known", [True, False], ids=["forgot-us", "told-by-another"])
def test_where_a_host_forgot_this_site_its_owner_signs_in_and_it_is_registered_anew(
    sender: Sender, name: str, is_known: bool
) -> None:
    host, email = ConnectSimulator(), f"{name}@example.org"
    with host.running():
        number = connect_host(sender, host, Kind.BADGE_CONNECT, name)
        ended = Tokens("stale", "renewal")
        sender.connect(name, Kind.BADGE_CONNECT, host.url, ended, email)
        if not is_known:
            with sender.site.database.writing() as session:
                backpacks.forget_host(session, Kind.BADGE_CONNECT, host.url)
        sender.queue(number, sender.award(name, "First Steps"))
        sender.push()
        assert sender.states(number) == [WAITING]
        assert sender.connection(number).last_error == backpacks.LOGIN
        with sender.site.database.reading() as session, pytest.raises(NotFoundError):
            backpacks.find_host(session, Kind.BADGE_CONNECT, host.url)
