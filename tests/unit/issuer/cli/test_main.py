# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every command: streams, exit codes, and one line for each error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from issuer.app import create_app
from issuer.cli import make_group, run
from issuer.cli.commands import COMMANDS
from issuer.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["badges", "-h"], ["replay", "--help"]])
def test_help_is_no_error(call: Callable[..., Outcome], arguments: list[str]) -> None:
    outcome = call(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Usage: accolades")


def test_the_version_is_told(call: Callable[..., Outcome]) -> None:
    outcome = call("--version")
    assert outcome.code == 0
    assert outcome.out.startswith("accolades, version ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "No such command 'bogus': see 'accolades --help'"),
        (["badges", "bogus"], "No such command 'bogus': see 'accolades badges --help'"),
        (["--bogus"], "No such option '--bogus': see 'accolades --help'"),
        (["badges", "list", "--bogus"], "No such option '--bogus'"),
        (["badges", "show"], "Missing argument 'BADGE'"),
        (["badges", "show", "a", "b"], "Got unexpected extra argument (b)"),
        (["revoke", "x"], "Missing option '--reason'"),
        (["demo", "--port"], "Option '--port' requires an argument"),
        (["demo", "--port", "0"], "Invalid value for '--port'"),
        (["demo", "--port", "99999"], "Invalid value for '--port'"),
    ],
)
def test_wrong_use_is_one_line(
    call: Callable[..., Outcome], home: Path, arguments: list[str], said: str
) -> None:
    outcome = call(*arguments)
    assert outcome.code == 2
    assert said in outcome.error


@pytest.mark.parametrize("arguments", [[], ["badges"], ["db"], ["keys"], ["rules"]])
def test_a_group_without_a_command_says_what_is_missing(
    call: Callable[..., Outcome], arguments: list[str]
) -> None:
    outcome = call(*arguments)
    assert outcome.code == 2
    assert len(outcome.error) < 200


@pytest.mark.parametrize("command", [["badges", "list"], ["keys", "list"], ["db", "stats"]])
def test_a_site_without_tables_says_what_to_do(
    call: Callable[..., Outcome], home: Path, command: list[str]
) -> None:
    outcome = call(*command)
    assert outcome.code == 2
    assert "run 'accolades db upgrade'" in outcome.error


def test_looking_makes_no_database(call: Callable[..., Outcome], home: Path) -> None:
    call("badges", "list")
    assert list(home.iterdir()) == []


def test_a_home_that_is_absent_is_told(
    call: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path / "absent"))
    outcome = call("badges", "list")
    assert outcome.code == 2
    assert "run 'accolades db upgrade'" in outcome.error
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("command", [["badges", "list"], ["db", "upgrade"], ["db", "check"]])
def test_a_file_that_is_no_database_is_told(
    call: Callable[..., Outcome], home: Path, command: list[str]
) -> None:
    (home / "accolades.sqlite").write_bytes(bytes(range(256)) * 16)
    outcome = call(*command)
    assert outcome.code == 2
    assert "file is not a database" in outcome.error


@pytest.mark.parametrize("command", [["badges", "list"], ["db", "upgrade"], ["demo", "--no-serve"]])
def test_a_home_that_is_a_file_is_told(
    call: Callable[..., Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path / "file"))
    outcome = call(*command)
    assert outcome.code == 2
    assert outcome.error


@pytest.mark.parametrize("command", [["db", "upgrade"], ["demo", "--no-serve"]])
def test_a_home_that_cannot_be_written_is_told(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("ACCOLADES_HOME", "/sys/accolades")  # where not even root may write
    outcome = call(*command)
    assert outcome.code == 2
    assert outcome.error.startswith("/sys/accolades: ")


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgresql+psycopg://somebody:correct-horse@127.0.0.1:1/x",
        pytest.param("mysql://localhost/x"),
        pytest.param("postgresql://localhost:port/x"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    call: Callable[..., Outcome], home: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ACCOLADES_DATABASE_URL", url)
    outcome = call("badges", "list")
    assert outcome.code == 2
    assert "ACCOLADES_DATABASE_URL" in outcome.error
    assert "correct-horse" not in outcome.error


def test_each_mistake_of_the_configuration_is_a_line(
    call: Callable[..., Outcome], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "accolades.toml").write_text('colour = "red"\nissuer_email = "nobody"\n')
    monkeypatch.setenv("ACCOLADES_BASE_URL", "nowhere")
    monkeypatch.setenv("ACCOLADES_BASE_URI", "https://badges.example.org")
    outcome = call("badges", "list")
    assert (outcome.code, outcome.out) == (2, "")
    lines = outcome.err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("accolades: configuration: ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["badges", "show"], "badge"),
        (["award", "first-steps"], "user name"),
        (["revoke", "--reason", "r"], "award"),
    ],
)
@pytest.mark.parametrize(
    "word",
    [
        "no such",
        "a\nb",
        "\x1b[2J",
        "'; DROP TABLE badges; --",
        "x" * 10_000,
    ],
)
def test_a_name_that_is_none_is_told(
    call: Callable[..., Outcome], site: Site, arguments: list[str], what: str, word: str
) -> None:
    outcome = call(*arguments, word)
    assert outcome.code == 2
    assert outcome.error.startswith(what)
    assert outcome.error.isprintable()


def _raising(error: BaseException) -> click.Command:
    def command() -> None:
        raise error

    return click.Command("fails", callback=command)


def _group_of(command: click.Command) -> click.Group:
    group = make_group(create_app, {})
    group.add_command(command)
    return group


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InvalidInputError("a\nb"), 2, ["accolades: a b"]),
        (
            ConfigurationError(["a", "b"]),
            2,
            ["accolades: configuration: a", "accolades: configuration: b"],
        ),
        (OSError(28, "No space left on device"), 2, ["accolades: system: No space left on device"]),
        (
            click.FileError("x.json", "broken"),
            2,
            ["accolades: Could not open file 'x.json': broken"],
        ),
        (KeyboardInterrupt(), 130, ["", "accolades: interrupted"]),  # after the ^C of a terminal
        (click.Abort(), 130, ["accolades: interrupted"]),
        (
            ZeroDivisionError("division by zero"),
            2,
            [
                "accolades: ZeroDivisionError: division by zero: "
                "this is a defect, run again with --debug"
            ],
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_error_is_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(_group_of(_raising(error)), ["fails"])
    captured = capsys.readouterr()
    assert ended.value.code == code
    assert captured.out == ""
    assert captured.err.splitlines() == said


def test_a_number_that_a_command_returns_is_its_exit_code() -> None:
    group = _group_of(click.Command("one", callback=lambda: 1))
    with pytest.raises(SystemExit) as ended:
        run(group, ["one"])
    assert ended.value.code == 1


def test_every_command_has_help(call: Callable[..., Outcome]) -> None:
    for command in COMMANDS:
        outcome = call(command, "--help")
        assert outcome.code == 0
        assert len(outcome.out.splitlines()) > 4
