# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reference pages say what the code says, and the generator refuses to leave anything out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from consumer.main import ALL_COMMANDS
from issuer.config import Settings, load_settings
from tools import reference

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = Path(sys.executable).parent / "accolades"


def test_the_committed_pages_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["--check"]) == 0, capsys.readouterr().err


def test_a_page_that_was_edited_or_is_missing_is_not_current(tmp_path: Path) -> None:
    same, edited, missing = (tmp_path / name for name in ("same.md", "edited.md", "missing.md"))
    same.write_text("text")
    edited.write_text("text, edited")
    wanted = dict.fromkeys((same, edited, missing), "text")
    lines = reference.differences(wanted)
    assert [line.partition(":")[0] for line in lines] == [str(edited), str(missing)]


def test_the_check_exits_1_and_writing_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    assert reference.main(["--check"]) == 1
    assert "command-line.md: is not current" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


@pytest.mark.slow
def test_the_commands_are_those_of_the_program() -> None:
    answer = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    listed = re.findall(r"(?m)^  (\w+) ", answer.stdout.partition("Commands:")[2])
    assert listed == sorted(ALL_COMMANDS)


def test_every_setting_is_shown_with_its_variable() -> None:
    page = reference.settings_page(reference.MEANINGS)
    for name in Settings.model_fields:
        assert f"| `{name}` | `ACCOLADES_{name.upper()}`" in page


def test_the_defaults_shown_are_those_that_hold() -> None:
    page = reference.settings_page(reference.MEANINGS)
    settings = load_settings({"ACCOLADES_HOME": "/nonexistent"})
    assert f"| `email_domain` | `ACCOLADES_EMAIL_DOMAIN` | `{settings.email_domain}` |" in page
    assert f"| `{', '.join(settings.oidc_scopes)}` |" in page
    assert "| `demo` | `ACCOLADES_DEMO` | `false` |" in page


def test_every_setting_has_an_effect() -> None:
    sources = [path for name in ("issuer", "consumer") for path in (CHECKOUT / name).rglob("*.py")]
    code = "\n".join(path.read_text("utf-8") for path in sources)
    read = set(re.findall(r"(?:settings|self)\.([a-z0-9_]+)", code))
    assert {name for section in reference.MEANINGS.values() for name in section} <= read


def test_a_setting_without_a_meaning_is_refused() -> None:
    meanings = {heading: dict(section) for heading, section in reference.MEANINGS.items()}
    del meanings["Login"]["oidc_scopes"]
    with pytest.raises(reference.IncompleteError, match="no meaning for setting oidc_scopes"):
        reference.settings_page(meanings)


def test_a_meaning_without_a_setting_is_refused() -> None:
    meanings = {**reference.MEANINGS, "More": {"colour": "The colour"}}
    with pytest.raises(reference.IncompleteError, match="setting colour, which is not there"):
        reference.settings_page(meanings)


def test_an_argument_without_a_meaning_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(reference.ARGUMENTS, "replay file")
    assert reference.main(["--check"]) == 1
    assert "no meaning for argument replay file" in capsys.readouterr().err


def test_exit_codes_of_a_command_that_is_gone_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reference.EXIT_CODES, "sing", "1: out of tune")
    with pytest.raises(reference.IncompleteError, match="sing"):
        reference.commands_page(reference.command_group())


def test_a_command_is_shown_with_its_help_arguments_and_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command(help="Sing it\nloudly.\n\nThen stop.")
    @click.argument("song")
    @click.option("--key", type=click.Choice(["minor", "major"]), help="Which one.")
    def sing(song: str, key: str) -> None: ...

    monkeypatch.setitem(reference.ARGUMENTS, "sing song", "What is sung.")
    group = reference.command_group()
    group.add_command(sing)
    section = reference.commands_page(group).partition("## accolades sing\n")[2]
    assert "accolades sing [OPTIONS] SONG\n" in section
    assert "Sing it loudly.\n\nThen stop." in section
    assert "| `SONG` | What is sung. |" in section
    assert "| `--key [minor\\|major]` | Which one. |" in section
