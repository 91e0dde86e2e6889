# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from issuer.cli.baking import _print
from openbadges.baking import bake as bake_into
from openbadges.baking import unbake as unbake_from
from tests.issuing import RED
from tests.unit.issuer.cli.conftest import program
from tests.unit.openbadges.baking.test_png import PNG, with_chunks
from tests.unit.openbadges.baking.test_robustness import JWS_CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.issuer.cli.conftest import Outcome

JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
JSON = '{"id":"https://badges.example.org/1","name":"Gr\u00fcn"}'
CREDENTIAL = '{"type":["VerifiableCredential","OpenBadgeCredential"]}'


@pytest.fixture
def folder(home: Path) -> Path:
    """Return the working directory, with pictures in it."""
    made = home.parent
    (made / "rock.png").write_bytes(PNG)
    (made / "rock.svg").write_bytes(RED)
    (made / "badge.jws").write_text(JWS + "\n")
    (made / "badge.json").write_text("\ufeff" + JSON, encoding="utf-8")
    return made


@pytest.mark.parametrize("picture", ["rock.png", "rock.svg"])
@pytest.mark.parametrize(
    ("badge", "text"),
    [(JWS, JWS), ("badge.jws", JWS), (JSON, JSON), ("badge.json", JSON)],
    ids=["jws", "jws-file", "json", "json-file"],
)
def test_what_was_baked_is_printed(
    folder: Path, call: Callable[..., Outcome], picture: str, badge: str, text: str
) -> None:
    baked = call("bake", picture, badge, "-o", "out.png")
    assert (baked.code, baked.out, baked.err) == (0, "out.png: written\n", "")
    printed = call("unbake", "out.png")
    assert (printed.code, printed.out, printed.err) == (0, f"{text}\n", "")


def test_an_assertion_and_a_credential_stand_in_one_picture(
    folder: Path, call: Callable[..., Outcome]
) -> None:
    call("bake", "rock.png", JWS, "-o", "both.png")
    call("bake", "both.png", CREDENTIAL, "-o", "both.png")
    call("bake", "both.png", JSON, "-o", "both.png")
    assert call("unbake", "both.png").out == f"{JSON}\n"
    assert call("unbake", "both.png", "--credential").out == f"{CREDENTIAL}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["absent.png", JWS, "-o", "out"], "'absent.png' does not exist", id="absent"),
        pytest.param([".", JWS, "-o", "out"], "'.' is a directory", id="folder-as-picture"),
        pytest.param(["rock.png", "absent.jws", "-o", "out"], "absent.jws: is no file", id="file"),
        pytest.param(["rock.png", "a.b.jws", "-o", "out"], "a.b.jws: is no file", id="like-a-jws"),
        pytest.param(["rock.png", ".", "-o", "out"], ".: Is a directory", id="folder-as-badge"),
        pytest.param(
            ["rock.png", "rock.png", "-o", "out"], "not text in UTF-8", id="picture-twice"
        ),
        pytest.param(["rock.png", "", "-o", "out"], "is no file with a badge", id="empty"),
        pytest.param(["rock.png", "empty", "-o", "out"], "empty: is no file with", id="empty-file"),
        pytest.param(["rock.png", "[]", "-o", "out"], "holds no object", id="array"),
        pytest.param(["rock.png", "{}", "-o", "out"], "has no id", id="no-assertion"),
        pytest.param(["rock.png", '{"id":"a","id":"b"}', "-o", "out"], "'id' twice", id="twice"),
        pytest.param(["badge.jws", JWS, "-o", "out"], "badge.jws: picture is neither", id="text"),
        pytest.param(["short.png", JWS, "-o", "out"], "short.png: PNG is cut off", id="truncated"),
        pytest.param(["evil.svg", JWS, "-o", "out"], "evil.svg: SVG has a DOCTYPE", id="entities"),
        pytest.param(["rock.png", JWS, "-o", "none/out"], "its folder is not there", id="nowhere"),
        pytest.param(["rock.png", JWS, "-o", "."], "'.' is a directory", id="onto-a-folder"),
        pytest.param(["rock.png", JWS, "-o", "pipe"], "no file that can be", id="onto-a-pipe"),
        pytest.param(["rock.png", JWS], "Missing option", id="no-output"),
        pytest.param(["/dev/zero", JWS, "-o", "out"], "/dev/zero: larger than", id="endless"),
    ],
)
def test_wrong_use_is_told_in_one_line_and_writes_nothing(
    folder: Path, call: Callable[..., Outcome], arguments: list[str], said: str
) -> None:
    (folder / "short.png").write_bytes(PNG[:-5])
    (folder / "empty").touch()
    (folder / "evil.svg").write_bytes(b'<!DOCTYPE svg [<!ENTITY a "b">]>' + RED)
    os.mkfifo(folder / "pipe")
    before = sorted(folder.iterdir())
    outcome = call("bake", *arguments)
    assert outcome.code == 2
    assert said in outcome.error
    assert sorted(folder.iterdir()) == before


def test_a_failure_leaves_the_old_picture_as_it_was(
    folder: Path, call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out.png").write_bytes(b"old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device", "out.png")

    monkeypatch.setattr("os.fsync", full)
    outcome = call("bake", "rock.png", JWS, "-o", "out.png")
    assert (outcome.code, outcome.error) == (2, "out.png: No space left on device")
    assert (folder / "out.png").read_bytes() == b"old"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_link_and_the_rights_of_the_old_picture_stay(
    folder: Path, call: Callable[..., Outcome]
) -> None:
    (folder / "real.png").write_bytes(b"old")
    (folder / "real.png").chmod(0o600)
    (folder / "link.png").symlink_to("real.png")
    assert call("bake", "rock.png", JWS, "-o", "link.png").code == 0
    assert (folder / "link.png").is_symlink()
    assert unbake_from((folder / "real.png").read_bytes()) == JWS
    assert stat.S_IMODE((folder / "real.png").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        pytest.param(PNG, 1, "holds no 'openbadges' text", id="plain-png"),
        pytest.param(RED, 1, "holds no openbadges:assertion", id="plain-svg"),
        pytest.param(with_chunks(JWS_CHUNK, JWS_CHUNK), 2, "ambiguous", id="two"),
        pytest.param(PNG[:-5], 2, "cut off", id="truncated"),
        pytest.param(PNG.replace(b"IDAT", b"IDAX"), 2, "checksum", id="damaged"),
        pytest.param(b"", 2, "neither PNG nor SVG", id="empty"),
        pytest.param(b"text", 2, "neither PNG nor SVG", id="text"),
    ],
)
def test_a_picture_without_a_clear_badge_says_why(
    folder: Path, call: Callable[..., Outcome], content: bytes, code: int, said: str
) -> None:
    (folder / "x").write_bytes(content)
    outcome = call("unbake", "x")
    assert outcome.code == code
    assert outcome.error.startswith("x: ")
    assert said in outcome.error


@pytest.mark.slow
def test_a_badge_is_read_from_standard_input_and_printed_byte_for_byte(folder: Path) -> None:
    given = program("bake", "rock.png", "-", "-o", "out.png", stdin=JSON.encode())
    assert (given.code, given.err) == (0, "")
    printed = program("unbake", "out.png", environment={"PYTHONIOENCODING": "ascii"})
    assert (printed.code, printed.out, printed.err) == (0, f"{JSON}\n", "")
    coloured = bake_into(PNG, "\x1b[31mred")
    (folder / "red.png").write_bytes(coloured)
    assert program("unbake", "red.png").out == "\x1b[31mred\n"


def test_a_terminal_is_not_steered_by_a_badge(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _print("a\x1b[31m\n\u202eb")
    sys.stdout.flush()
    assert capfd.readouterr().out == "a\\x1b[31m\n\\u202eb\n"
