# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every conversion, for rules of every dialect, through a FASJSON that answers over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.adapters import directories
from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.directories import DirectoryAccounts, accounts_of
from issuer.adapters.fasjson import FasJson
from issuer.adapters.remembering import Memory
from issuer.config import Settings
from issuer.errors import AccountsAwayError
from rules.engine import RuleSet
from rules.recipients import CONVERSIONS, resolve
from tests.issuing import make_rule
from tests.services.fasjson import FasJsonSimulator, Fault, fasjson
from tests.unit.rules.builders import message

if TYPE_CHECKING:
    from collections.abc import Iterator

#: One rule, as each dialect writes it.
DIALECTS = {
    "2013": "trigger: {topic: test.thing}\nrecipient: '{msg.names}'\n"
    "criteria: {datanommer: {filter: {topics: ['{topic}']}, operation: count,"
    " condition: {greater than or equal to: 1}}}\n",
    "2014": "trigger: {topic: test.thing}\nrecipient: '%(msg.names)s'\n"
    "criteria: {datanommer: {filter: {topics: ['%(topic)s']}, operation: count,"
    " condition: {greater than or equal to: 1}}}\n",
    "current": "trigger: {topic: test.thing}\nrecipient: message.body['names']\n",
}


@pytest.fixture
def directory() -> Iterator[FasJsonSimulator]:
    with fasjson() as made:
        made.add("ralph", emails=["rbean@home.example"], ircnicks=["irc:/threebean"])
        made.add("nina", ircnicks=["matrix:/nina", "matrix://home.example/nina"])
        made.add("both", ircnicks=["irc:/twice"])
        made.add("first", ircnicks=["matrix:/twice"])
        made.add("asha.d", github_username="Asha-D", emails=["asha@fedoraproject.org"])
        made.add("bodhi", ircnicks=["irc:/boss"])
        yield made


@pytest.fixture
def accounts(directory: FasJsonSimulator) -> DirectoryAccounts:
    return DirectoryAccounts(
        FasJson(directory.url, back_off=0), Memory(seconds=60, missing_seconds=60)
    )


def awarded(
    text: str, names: object, accounts: DirectoryAccounts
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return who may be awarded for a message, and why others may not."""
    (decision,) = RuleSet([make_rule(text)]).triggered(message({"names": names}))
    assert decision.error is None
    found = resolve(decision.rule, decision.candidates, accounts, ("bodhi",))
    return found.usernames, dict([*decision.dropped, *found.dropped])


GITHUB = "https://api.github.com/users/"
SOURCES = "https://src.fedoraproject.org/user/"
#: A conversion, the name in a message, and the account; for what no dialect keeps.
CONVERTED = [
    ("nick2fas", "threebean", "ralph"),
    ("nick2fas", "irc:/threebean", "ralph"),
    ("nick2fas", "matrix:/threebean", None),
    ("nick2fas", "three", None),  # part of a nick
    ("nick2fas", "nina", "nina"),
    ("nick2fas", "@nina:home.example", "nina"),
    ("nick2fas", "@nina:other.example", None),
    ("nick2fas", "twice", "first"),  # Matrix before IRC
    ("nick2fas", "*", None),
    ("nick2fas", "boss", None),  # a service user
    ("email2fas", "rbean@home.example", "ralph"),
    ("email2fas", "RBean@Home.Example", "ralph"),
    ("email2fas", "ralph@fedoraproject.org", "ralph"),  # the address says so itself
    ("email2fas", "asha@fedoraproject.org", None),  # and there is no account of that name
    ("email2fas", "x@unknown.example", None),
    ("email2fas", "noat", None),
    ("email2fas", "*", None),
    ("email2fas", "a*@home.example", None),
    ("openid2fas", "https://asha.d.id.fedoraproject.org", "asha.d"),
    ("openid2fas", "http://ralph.id.fedoraproject.org", "ralph"),
    ("openid2fas", "ralph", "ralph"),
    ("openid2fas", "https://ghost.id.fedoraproject.org", None),
    ("openid2fas", "https://ralph.id.fedoraproject.org.evil.example", None),
    ("github2fas", f"{GITHUB}Asha-D", "asha.d"),
    ("github2fas", f"{GITHUB}ralph", None),
    ("github2fas", "https://github.com/Asha-D", None),
    ("distgit2fas", f"{SOURCES}asha.d", "asha.d"),
    ("distgit2fas", "ralph", "ralph"),
    ("distgit2fas", f"{SOURCES}ghost", None),
    ("krb2fas", "ralph/host.example@FEDORAPROJECT.ORG", "ralph"),
    ("krb2fas", "ralph", "ralph"),
    ("krb2fas", "ghost/host.example", None),
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_conversion_finds_its_account_for_every_dialect(
    accounts: DirectoryAccounts, dialect: str
) -> None:
    found = {
        (kind, name): awarded(f"{DIALECTS[dialect]}recipient_{kind}: Yes\n", [name], accounts)[0]
        for kind, name, _ in CONVERTED
    }
    expected = {(kind, name): (account,) if account else () for kind, name, account in CONVERTED}
    assert found == expected
    assert {f"recipient_{kind}" for kind, _, _ in CONVERTED} == set(CONVERSIONS)


@pytest.mark.parametrize("dialect", ["2013", "2014"])
def test_older_rules_keep_a_nick_or_address_that_nobody_has(
    accounts: DirectoryAccounts, dialect: str
) -> None:
    """It is then the name of an account, or of none."""
    for kind, name in (("nick2fas", "Ralph"), ("email2fas", "ralph")):
        text = f"{DIALECTS[dialect]}recipient_{kind}: Yes\n"
        assert awarded(text, [name, "ghost"], accounts) == (
            ("ralph",) if name == "ralph" else ("Ralph",),
            {"ghost": "no such account"},
        )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_without_a_conversion_are_accounts_or_nobody(
    accounts: DirectoryAccounts, directory: FasJsonSimulator, dialect: str
) -> None:
    odd = ["", None, 7, "a/b", "x" * 300, "10.0.0.1", "rаlph"]  # noqa: RUF001 -- a Cyrillic letter
    usernames, dropped = awarded(DIALECTS[dialect], ["ralph", *odd, "ghost", "bodhi"], accounts)
    assert usernames == ("ralph",)
    assert set(dropped.values()) >= {
        "no such account",
        "a service user",
        "an empty name",
        "no recipient",
        "not an account name",
        "an IP address",
    }
    assert {target.split("/")[3] for target in directory.asked} == {"ralph", "ghost"}


def test_one_conversion_after_the_other(accounts: DirectoryAccounts) -> None:
    both = "recipient_krb2fas: Yes\nrecipient_email2fas: Yes\n"
    text = DIALECTS["current"] + both
    assert awarded(text, ["rbean@home.example/x"], accounts)[0] == ()
    assert awarded(text, ["ralph@fedoraproject.org"], accounts)[0] == ("ralph",)


def test_a_name_is_asked_for_once(accounts: DirectoryAccounts, directory: FasJsonSimulator) -> None:
    text = f"{DIALECTS['current']}recipient_nick2fas: Yes\n"
    for _ in range(3):
        awarded(text, ["threebean", "ThreeBean", "nobody"], accounts)
    assert set(directory.times().values()) == {1}


def test_a_directory_that_is_away_is_no_reason_to_drop_anybody(
    accounts: DirectoryAccounts, directory: FasJsonSimulator
) -> None:
    text = f"{DIALECTS['current']}recipient_nick2fas: Yes\n"
    awarded(text, ["threebean"], accounts)
    directory.lasting["v1"] = Fault(503)
    assert awarded(text, ["threebean"], accounts)[0] == ("ralph",)
    with pytest.raises(AccountsAwayError):
        awarded(text, ["nina"], accounts)


def test_the_settings_say_whom_to_ask(
    directory: FasJsonSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = {"openid_host": "id.x.org", "distgit_host": "src.x.org", "email_domain": "x.org"}
    asking = {"accounts": "fasjson", "fasjson_url": directory.url, "fasjson_auth": "none"}
    for settings in (Settings(**hosts), Settings(**hosts, **asking)):
        found = accounts_of(settings)
        assert found.openid("https://ralph.id.x.org") == "ralph"
        assert found.distgit("https://src.x.org/user/ralph") == "ralph"
        assert found.email("ralph@x.org") == "ralph"
    assert type(accounts_of(Settings())) is OpenAccounts
    assert found.exists("ralph")
    assert not found.exists("ghost")
    ticket = object()
    monkeypatch.setattr(directories, "kerberos", lambda: ticket)
    with_ticket = accounts_of(Settings(**asking | {"fasjson_auth": "kerberos"}))
    assert with_ticket._directory._hasty.auth is ticket
