# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from issuer.adapters.accounts import MAX_BYTES, ListedAccounts, OpenAccounts
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

OPEN = OpenAccounts()
LISTED = ListedAccounts(
    {
        "config": {"email_domain": "example.org", "skip_users": ["zodbot"]},
        "opted_out": ["Olga"],
        "fas_missing": ["Nobody"],
        "fas_username_regex": "[a-z]+",
        "nick_map": {"asha_irc": "asha"},
        "nick_unknown": ["guest"],
        "email_map": {"asha@home.example": "asha"},
        "email_domains_known": ["known.example"],
        "github_map": {"Asha-D": "asha"},
        "github_unknown": ["ghost"],
    }
)


def _read(path: Path, text: str | bytes) -> ListedAccounts:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ListedAccounts.read(path)


@pytest.mark.parametrize(
    ("convert", "text", "account"),
    [
        ("nick", "asha", "asha"),
        ("email", "asha@fedoraproject.org", "asha"),
        ("email", "asha@FedoraProject.org", "asha"),
        ("email", "asha@example.org", None),
        ("email", "@fedoraproject.org", None),
        ("email", "asha", None),
        ("email", "", None),
        ("openid", "https://asha.id.fedoraproject.org", "asha"),
        ("openid", "http://asha.id.fedoraproject.org", "asha"),
        ("openid", "asha", "asha"),
        ("distgit", "https://src.fedoraproject.org/user/asha", "asha"),
        ("distgit", "asha", "asha"),
        ("github", "https://api.github.com/users/asha", None),
        ("kerberos", "asha@FEDORAPROJECT.ORG", "asha"),
        ("kerberos", "bodhi/host.example@FEDORAPROJECT.ORG", "bodhi"),
    ],
)
def test_without_a_directory_a_name_says_itself(
    convert: str, text: str, account: str | None
) -> None:
    assert getattr(OPEN, convert)(text) == account


@pytest.mark.parametrize(
    "url",
    [
        "https://asha.id.fedoraproject.org.evil.example",
        "https://asha.idXfedoraproject.org",
        "https://a/../b.id.fedoraproject.org",
    ],
)
def test_an_openid_of_another_host_is_nobody_here(url: str) -> None:
    """It comes back whole, and a whole address is no account name."""
    assert OPEN.openid(url) == url


@pytest.mark.parametrize(
    ("convert", "text", "account"),
    [
        ("nick", "asha_irc", "asha"),
        ("nick", "boris", "boris"),
        ("nick", "guest", None),
        ("email", "asha@home.example", "asha"),
        ("email", "boris@known.example", "boris"),
        ("email", "boris@example.org", "boris"),
        ("email", "boris@other.example", None),
        ("github", "https://api.github.com/users/Asha-D", "asha"),
        ("github", "https://api.github.com/users/boris", "boris"),
        ("github", "https://api.github.com/users/ghost", None),
        ("github", "boris", None),
    ],
)
def test_a_directory_knows_whose_a_name_is(convert: str, text: str, account: str | None) -> None:
    assert getattr(LISTED, convert)(text) == account


def test_a_directory_knows_who_exists() -> None:
    assert [LISTED.exists(name) for name in ("asha", "nobody", "NOBODY", "asha1")] == [
        True,
        False,
        False,
        False,
    ]
    assert LISTED.skip_users == ("zodbot",)
    assert LISTED.opted_out == {"olga"}


def test_an_empty_file_of_settings_leaves_everybody_in(tmp_path: Path) -> None:
    accounts = _read(tmp_path / "settings.json", "{}")
    assert accounts.exists("anybody")
    assert accounts.skip_users == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[]", "needs a JSON object"),
        (b"\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"config": 5}', "not a file of settings"),
        ('{"opted_out": [5]}', "not a file of settings"),
        ('{"fas_username_regex": "("}', "not a file of settings"),
        ('{"config": {"skip_users": 5}}', "not a file of settings"),
    ],
)
def test_what_is_no_file_of_settings_is_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = tmp_path / "settings.json"
    with pytest.raises(InvalidInputError, match=said) as caught:
        _read(path, text)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"nick_map": 5},
        {"nick_map": {"a": 5}},
        {"email_map": ["a"]},
        {"github_map": "a"},
        {"config": {"skip_users": [5]}},
        {"config": {"skip_users": "zodbot"}},
        {"opted_out": "olga"},
    ],
    ids=json.dumps,
)
def test_a_value_of_another_kind_is_refused_at_once(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError, match="not a file of settings"):
        _read(tmp_path / "settings.json", json.dumps(settings))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InvalidInputError, match="larger than"):
        ListedAccounts.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"absent\.json: cannot be read: No such file"):
        ListedAccounts.read(tmp_path / "absent.json")
