# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rules.recipients import Folded, candidates, is_username, resolve
from tests.unit.rules.builders import rule

if TYPE_CHECKING:
    from collections.abc import Iterable


class Directory:
    """A directory that says of every lookup what it was."""

    def exists(self, username: str) -> bool:
        return username != "ghost"

    def nick(self, nick: str) -> str | None:
        return {"threebean": "ralph", "matrix:/nina": "nina", "boss": "bodhi"}.get(nick)

    def email(self, address: str) -> str | None:
        return address.partition("@")[0] if address.endswith("@example.org") else None

    def openid(self, url: str) -> str | None:
        return url.removeprefix("https://").partition(".id.")[0]

    def github(self, url: str) -> str | None:
        return {"https://api.github.com/users/dummygh": "dummy"}.get(url)

    def distgit(self, url: str) -> str | None:
        return url.rpartition("/")[2]

    def kerberos(self, principal: str) -> str | None:
        return principal.partition("/")[0]


def resolved(
    raw: Iterable[object], **conversions: object
) -> tuple[tuple[str, ...], dict[str, str]]:
    found = resolve(rule(**conversions), raw, Directory(), ("bodhi",))
    return found.usernames, dict(found.dropped)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("bob", ("bob",)),
        (None, ()),
        (["bob", "carol"], ("bob", "carol")),
        (("bob",), ("bob",)),
        ({"bob": 1, "carol": 2}, ("bob", "carol")),
        ({"bob"}, ("bob",)),
        ([], ()),
        ("", ("",)),
    ],
)
def test_what_a_recipient_expression_gives_becomes_names(
    value: object, names: tuple[str, ...]
) -> None:
    assert candidates(value) == (names, ())


@pytest.mark.parametrize(
    ("value", "dropped"),
    [
        (7, (("7", "not a text: int"),)),
        (10**30, (("a int", "not a text: int"),)),
        (1.5, (("1.5", "not a text: float"),)),
        (False, (("False", "not a text: bool"),)),
        ([None], (("None", "no recipient"),)),
        ([["bob"]], (("a list", "not a text: list"),)),
        ({"a": 1}.items(), (("a dict_items", "not a text: dict_items"),)),
    ],
)
def test_what_is_no_name_is_dropped_with_a_reason(value: object, dropped: object) -> None:
    assert candidates(value) == ((), dropped)


def test_a_bad_candidate_spoils_no_other() -> None:
    assert candidates(["bob", 7, None, "carol"])[0] == ("bob", "carol")


def test_endless_lists_of_candidates_are_cut() -> None:
    names, dropped = candidates(["bob"] * 10_001)
    assert len(names) == 10_000
    assert dropped == (("1 more", "too many candidates"),)


def test_accounts_come_in_order_and_once_whatever_their_case() -> None:
    assert resolved(["Bob", "carol", "bob", "BOB"]) == (("Bob", "carol"), {})


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "no recipient"),
        (7, "not a text: int"),
        ("", "an empty name"),
        ("bodhi", "a service user"),
        ("BoDhi", "a service user"),
        ("10.0.0.1", "an IP address"),
        ("8.8.8.8", "an IP address"),
        ("::1", "an IP address"),
        ("[2001:db8::1]", "an IP address"),
        ("fe80::1%eth0", "an IP address"),
        ("ghost", "no such account"),
        ("bob/x", "not an account name"),
        ("bob@example.org", "not an account name"),
        ("-bob", "not an account name"),
        ("bob\n", "not an account name"),
        ("bоb", "not an account name"),  # noqa: RUF001  # the middle letter is Cyrillic
        ("b" * 65, "not an account name"),
        ("b" * 501, "a name that is too long"),
    ],
    ids=str,
)
def test_candidates_are_dropped_with_a_reason(raw: object, reason: str) -> None:
    usernames, dropped = resolved([raw, "carol"])
    assert usernames == ("carol",)
    assert list(dropped.values()) == [reason]
    assert all(len(what) <= 80 for what in dropped)


@pytest.mark.parametrize(
    ("key", "raw", "username"),
    [
        ("recipient_nick2fas", "threebean", "ralph"),
        ("recipient_nick2fas", "matrix:/nina", "nina"),
        ("recipient_email2fas", "bob@example.org", "bob"),
        ("recipient_openid2fas", "https://bob.id.example.org", "bob"),
        ("recipient_github2fas", "https://api.github.com/users/dummygh", "dummy"),
        ("recipient_distgit2fas", "https://src.example.org/user/bob", "bob"),
        ("recipient_krb2fas", "bob/host.example.org", "bob"),
    ],
)
def test_conversions_find_the_account(key: str, raw: str, username: str) -> None:
    assert resolved([raw], **{key: True})[0] == (username,)


def test_conversions_apply_in_the_order_of_the_dialect() -> None:
    both = {"recipient_krb2fas": True, "recipient_email2fas": True}
    assert resolved(["bob/x@example.org"], **both)[0] == ("bob",)


def test_a_conversion_that_is_switched_off_does_nothing() -> None:
    assert resolved(["bob/x"], recipient_krb2fas=False)[1] == {"bob/x": "not an account name"}


def test_what_no_account_has_is_dropped_and_names_the_kind() -> None:
    usernames, dropped = resolved(["nobody", "threebean", None], recipient_nick2fas="Yes")
    assert usernames == ("ralph",)
    assert dropped == {"nobody": "no account has this nick", "None": "no recipient"}


def test_service_users_are_skipped_after_the_conversion() -> None:
    assert resolved(["boss"], recipient_nick2fas=True)[1] == {"boss": "a service user"}


@pytest.mark.parametrize("name", ["bob", "Bob.Smith_2", "7of9", "a" * 64])
def test_account_names(name: str) -> None:
    assert is_username(name)


@pytest.mark.parametrize("name", ["", ".bob", "bob smith", "bob\n", "ünal", "a" * 65])
def test_texts_that_are_no_account_names(name: str) -> None:
    assert not is_username(name)


def test_a_conversion_may_keep_a_name_that_nobody_has() -> None:
    names = ("threebean", "ThreeBean", "nobody")
    assert resolved(names, recipient_nick2fas="keep")[0] == ("ralph", "nobody")
    assert resolved(names, recipient_nick2fas=True)[0] == ("ralph",)
    kept = rule(recipient_nick2fas="keep", recipient_krb2fas=True)
    assert kept.keeping == ("recipient_nick2fas",)


class Capitals(Directory):
    """A directory in which one name has a capital."""

    def exists(self, username: str) -> bool:
        return username in {"Ralph", "bob"}


def test_a_folded_name_goes_to_the_account_that_exists() -> None:
    raw = (Folded("Ralph"), Folded("Bob"), Folded("Carol"), Folded("BOB/x.example.org"))
    found = resolve(rule(recipient_krb2fas=True), raw, Capitals(), ())
    assert found.usernames == ("Ralph", "bob")
    assert [type(name) for name in found.usernames] == [str, str]
    assert found.dropped == (("carol", "no such account"),)
