# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.models import Assertion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]

PAGE = "https://badges.example.org/assertions/1"


@pytest.fixture
def address(site: Site) -> str:
    """Return the address of the site's assertion."""
    with site.database.reading() as session:
        return session.scalars(select(Assertion.document_id)).one()


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a file of recorded answers."""

    def write(content: Any) -> Path:
        path = tmp_path / "documents.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def test_a_badge_of_this_site_is_true(call: Call, address: str) -> None:
    outcome = call("verify", address, "--json")
    assert outcome.code == 0
    (report,) = outcome.lines
    assert report["valid"] is True
    assert {"valid", "verdict", "checks", "sentence"} <= report.keys()
    assert {"id", "outcome", "message"} <= report["checks"][0].keys()
    people = call("verify", address)
    assert (people.code, people.err) == (0, "")
    assert people.out.startswith("VALID\n")


@pytest.mark.parametrize("form", ["{}", "{}.jws", "{}/image"])
def test_each_form_of_a_badge_is_true(call: Call, address: str, form: str) -> None:
    assert call("verify", form.format(address), "--recipient", "asha@example.org").code == 0


def test_somebody_else_does_not_hold_it(call: Call, address: str) -> None:
    outcome = call("verify", address, "--recipient", "mallory@example.org", "--json")
    assert outcome.code == 1
    assert outcome.lines[0]["valid"] is False


def test_a_revoked_badge_is_not_true(call: Call, address: str) -> None:
    call("revoke", address, "--reason", "by mistake")
    outcome = call("verify", address, "--json")
    assert outcome.code == 1
    assert "by mistake" in outcome.lines[0]["sentence"]


def test_the_moment_decides(call: Call, address: str) -> None:
    assert call("verify", address, "--now", "2020-01-01T00:00:00Z").code == 1


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01", "", "2026-13-01T00:00:00Z"])
def test_a_moment_that_is_none_is_told(call: Call, address: str, moment: str) -> None:
    outcome = call("verify", address, "--now", moment)
    assert outcome.code == 2
    assert "time" in outcome.error


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff" * 50, b"{", b"[" * 100_000, b"[]", b"a.b.c", b"\x89PNG\r\n\x1a\n"]
)
@pytest.mark.parametrize("way", ["file", "-"])
def test_what_is_no_badge_is_a_negative_answer(
    call: Call,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    way: str,
) -> None:
    path = tmp_path / "badge"
    path.write_bytes(content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    outcome = call("verify", "-" if way == "-" else path, "--json")
    assert outcome.code == 1
    assert outcome.lines[0]["verdict"] == "not a badge"


@pytest.mark.parametrize("size", [(30 << 20) + 1])
def test_a_file_that_is_too_large_is_told(
    call: Call, site: Site, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "badge.png"
    with path.open("wb") as file:
        file.truncate(size)
    outcome = call("verify", path)
    assert outcome.code == 2
    assert "larger than" in outcome.error


@pytest.mark.parametrize(
    "path",
    [
        "./absent.png",
        "/absent/badge.svg",
        pytest.param("."),
        pytest.param("/dev/zero"),
    ],
)
def test_a_path_without_a_file_is_wrong_use(call: Call, site: Site, path: str) -> None:
    outcome = call("verify", path)
    assert outcome.code == 2
    assert path in outcome.error


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b'{"documents": []}', b'{"http://a": 5}', b"[" * 100_000],
)
def test_answers_that_are_none_are_told(
    call: Call, home: Path, recorded: Callable[[Any], Path], content: bytes
) -> None:
    path = recorded(content)
    outcome = call("verify", PAGE, "--documents", path)
    assert outcome.code == 2
    assert str(path) in outcome.error


@pytest.mark.parametrize("answer", [{"status": 404}, {"error": "refused"}, {}])
def test_answers_that_are_no_badge_are_no_defect(
    call: Call, home: Path, recorded: Callable[[Any], Path], answer: dict[str, Any]
) -> None:
    outcome = call("verify", PAGE, "--documents", recorded({PAGE: answer}), "--json")
    assert outcome.code == 1
    assert outcome.lines[0]["valid"] is False


@pytest.mark.parametrize(
    "answer",
    [
        {"base64": 5},
        {"status": "x"},
        {"headers": [5]},
        {"status": 302, "location": 5},
        {"status": 302, "location": "http://[::1"},
        {"status": [200]},
    ],
    ids=json.dumps,
)
def test_broken_answers_are_no_defect(
    call: Call, home: Path, recorded: Callable[[Any], Path], answer: dict[str, Any]
) -> None:
    outcome = call("verify", PAGE, "--documents", recorded({PAGE: answer}))
    assert "defect" not in outcome.err
    assert outcome.code in {1, 2}


def test_with_recorded_answers_no_site_is_needed(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: Callable[[Any], Path]
) -> None:
    monkeypatch.setenv("ACCOLADES_HOME", str(tmp_path / "absent"))
    assert call("verify", PAGE, "--documents", recorded({}), "--json").code == 1
    assert not (tmp_path / "absent").exists()


def test_a_signed_badge_may_be_baked_from_the_command_line(
    call: Call, site: Site, address: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from issuer.services import publishing

    with site.database.reading() as session:
        token = publishing.token(session.scalars(select(Assertion)).one(), site.keys)
        picture = site.objects.get(session.scalars(select(Assertion)).one().edition.png.sha256)
    (tmp_path / "plain.png").write_bytes(picture)
    baked = tmp_path / "baked.png"
    assert call("bake", tmp_path / "plain.png", token, "-o", baked).code == 0
    assert call("verify", baked).code == 0


@pytest.mark.slow
def test_a_zip_of_badges_is_judged_as_a_whole(call: Call, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "badges.zip"
    assert call("export", "asha", "-o", path).code == 0
    outcome = call("verify", path, "--recipient", "asha@example.org", "--json")
    assert outcome.code == 0
    (report,) = outcome.lines
    assert {"valid", "verdict", "checks", "sentence"} <= report.keys()
    assert report["badges"][0]["forms"].keys() == {"png", "svg", "json", "jws", "ob3", "ob3-jwt"}
    people = call("verify", path)
    assert people.out.startswith("VALID\nThe ZIP is whole, and its badges (1) are valid")
    assert "ok      first-steps: This badge is valid" in people.out
    assert call("verify", path, "--recipient", "mallory@example.org").code == 1
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    changed = call("verify", path)
    assert (changed.code, changed.err) == (1, "")
    assert changed.out.startswith("INVALID\nThis ZIP is not valid: ")


def test_a_zip_may_come_from_standard_input(
    call: Call, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "badges.zip"
    call("export", "asha", "-o", path)
    stream = io.TextIOWrapper(io.BytesIO(path.read_bytes()))
    monkeypatch.setattr("sys.stdin", stream)
    assert call("verify", "-", "--json").lines[0]["valid"] is True


def test_another_zip_is_no_zip_of_badges(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    outcome = call("verify", path, "--json")
    assert outcome.code == 1
    assert "this is no ZIP of badges: it has no index.html" in outcome.lines[0]["sentence"]
