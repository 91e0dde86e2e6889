# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from issuer.adapters.accounts import OpenAccounts
from issuer.services.lookups import Foreseen, UnansweredError, foresee
from rules.engine import RuleSet
from rules.plugins import collect
from tests.issuing import make_rule
from tests.unit.rules.builders import message


@dataclass
class Listening(OpenAccounts):
    """Accounts that say what they were asked."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def exists(self, username: str) -> bool:
        self.asked.append(("exists", username))
        return username != "ghost"

    def nick(self, nick: str) -> str | None:
        self.asked.append(("nick", nick))
        return nick.removesuffix("_irc")


class Hearing:
    slug = "hearing"
    levels = ("Hearing",)
    events = ("test.thing",)

    def award(self, _state: object) -> int | None:
        return None


def test_before_it_is_closed_it_asks_each_name_once_and_then_remembers() -> None:
    accounts = Listening()
    foreseen = Foreseen(accounts)
    rule = make_rule(
        "trigger: {topic: test.thing}\nrecipient: message.body['names']\nrecipient_nick2fas: Yes\n"
    )
    broken = make_rule("trigger: {lambda: 'message.body[0]'}\n", name="Broken")
    happened = message({"names": ["asha_irc", "ghost"]}, agent_name="boris")
    plugins = collect([("hearing", Hearing)]).badges
    foresee(foreseen, [happened, happened], RuleSet([rule, broken]), plugins, ("zodbot",))
    foreseen.close()
    assert foreseen.nick("asha_irc") == "asha"
    assert [foreseen.exists(name) for name in ("asha", "boris", "ghost")] == [True, True, False]
    foreseen.ensure_answered()
    assert sorted(accounts.asked) == sorted(set(accounts.asked))


def test_what_was_not_foreseen_is_noted_and_asked_afterwards() -> None:
    accounts = Listening()
    foreseen = Foreseen(accounts)
    foreseen.close()
    assert foreseen.nick("asha_irc") is None
    assert not foreseen.exists("boris")
    assert accounts.asked == []
    with pytest.raises(UnansweredError):
        foreseen.ensure_answered()
    foreseen.catch_up()
    assert (foreseen.nick("asha_irc"), foreseen.exists("boris")) == ("asha", True)
    foreseen.ensure_answered()


def test_what_says_its_account_itself_needs_no_question() -> None:
    foreseen = Foreseen(Listening())
    foreseen.close()
    assert foreseen.openid("https://asha.id.fedoraproject.org") == "asha"
    assert foreseen.distgit("https://src.fedoraproject.org/user/asha") == "asha"
    assert foreseen.kerberos("asha/x@Y") == "asha"
    assert foreseen.email("asha@fedoraproject.org") is None
    assert foreseen.github("https://api.github.com/users/asha") is None
    with pytest.raises(UnansweredError, match="2 names"):
        foreseen.ensure_answered()
