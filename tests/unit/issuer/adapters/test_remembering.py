# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from issuer.adapters.remembering import LONGEST, PAUSE, Memory
from issuer.errors import AccountsAwayError, AccountUnclearError


@dataclass
class Asked:
    """A directory with an account or two, and what it was asked."""

    accounts: dict[str, str] = field(default_factory=lambda: {"a": "asha", "b": "boris"})
    error: Exception | None = None
    names: list[str] = field(default_factory=list)
    hasty: list[bool] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.memory = Memory(seconds=100, missing_seconds=10, most=3, clock=lambda: self.now)

    def __call__(self, name: str) -> str | None:
        def ask(*, hasty: bool) -> str | None:
            self.names.append(name)
            self.hasty.append(hasty)
            if self.error is not None:
                raise self.error
            return self.accounts.get(name)

        return self.memory.answer("nick", name, ask)


AWAY = AccountsAwayError("accounts: gone")


@pytest.mark.parametrize(("name", "seconds"), [("a", 100), ("nobody", 10)])
def test_an_answer_is_kept_for_a_while_and_nobody_for_less(name: str, seconds: int) -> None:
    asked = Asked()
    first = asked(name)
    for asked.now in (1, seconds - 1):
        assert asked(name) == first
    assert asked.names == [name]
    asked.now = seconds
    asked.accounts = {"a": "anna", "nobody": "somebody"}
    assert asked(name) == asked.accounts[name]


def test_while_the_directory_is_away_who_was_known_still_is() -> None:
    asked = Asked()
    asked("a")
    asked("nobody")
    asked.now, asked.error = 1000, AWAY
    assert asked("a") == "asha"
    assert asked.hasty == [False, False, True]
    for unknown in ("b", "nobody"):
        with pytest.raises(AccountsAwayError, match="gone"):
            asked(unknown)
    assert asked.memory.lookups.stale == 1


def test_one_that_is_away_is_left_alone_for_a_while() -> None:
    asked = Asked(error=AWAY)
    for asked.now in (0, 1, PAUSE - 1):
        with pytest.raises(AccountsAwayError, match="gone"):
            asked("a")
    assert asked.names == ["a"]
    assert (asked.memory.lookups.failed, asked.memory.lookups.trouble) == (1, "accounts: gone")
    asked.error, asked.now = None, PAUSE
    assert asked("a") == "asha"
    assert asked.memory.lookups.trouble == ""


def test_nobody_is_believed_for_ever() -> None:
    asked = Asked()
    asked("a")
    asked.now, asked.error = LONGEST, AWAY
    with pytest.raises(AccountsAwayError):
        asked("a")


def test_a_question_without_an_answer_pauses_no_other() -> None:
    asked = Asked(error=AccountUnclearError("accounts: odd"))
    with pytest.raises(AccountUnclearError):
        asked("odd")
    asked.error = None
    assert asked("a") == "asha"


def test_memory_is_bounded_and_forgets_what_was_not_asked_for_longest() -> None:
    asked = Asked()
    for name in ("a", "b", "c", "a", "d"):
        asked(name)
    asked.names.clear()
    for name in ("a", "c", "d", "b"):
        asked(name)
    assert asked.names == ["b"]


def test_one_name_of_two_kinds_is_asked_twice() -> None:
    asked = Asked()
    asked("a")
    assert asked.memory.answer("email", "a", lambda *, hasty: "anna") == "anna"
    assert asked("a") == "asha"
