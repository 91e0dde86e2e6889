# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from issuer.services import emails, persons
from openbadges.baking import CREDENTIAL_KEYWORD, unbake
from openbadges.identity import matches
from openbadges.models import IdentityObject
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]

BEGINNINGS = {
    "json": b'{"@context"',
    "jws": b"eyJ",
    "png": b"\x89PNG",
    "svg": b"<svg",
    "ob3": b'{"@context"',
    "ob3-jwt": b"eyJ",
    "pdf": b"%PDF-",
    "zip": b"PK",
}


@pytest.mark.slow
def test_each_form_is_written(call: Call, site: Site, tmp_path: Path) -> None:
    made = {}
    for form, beginning in BEGINNINGS.items():
        path = tmp_path / f"badge.{form}"
        outcome = call("export", "asha", "--format", form, "-o", path, "--json")
        (line,) = outcome.lines
        assert (outcome.code, line["files"]) == (0, [str(path)])
        made[form] = path.read_bytes()
        assert made[form].startswith(beginning)
    assert unbake(made["png"]).encode() == made["jws"]
    assert unbake(made["png"], CREDENTIAL_KEYWORD).encode() == made["ob3"]
    # What is written again is the same.
    again = call("export", "ASHA", "--badge", "first-steps", "--format", "ob3", "-o", path)
    assert "1 badge of asha" in again.out
    assert path.read_bytes() == made["ob3"]


@pytest.mark.slow
def test_several_badges_go_into_a_folder_for_any_proven_address(
    call: Call, site: Site, tmp_path: Path
) -> None:
    with site.database.writing() as session:
        give(session, make_badge(session, site, "Second Steps"), "asha")
        person = persons.find(session, "asha")
        emails.add(session, person, "asha@example.net", now=NOW).verified_at = NOW
    folder, address = tmp_path / "out", ("--address", "Asha@Example.NET")
    assert call("export", "asha", "--format", "json", "-o", folder, *address).code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "first-steps.json",
        "second-steps.json",
    ]
    document = json.loads((folder / "second-steps.json").read_text())
    assert matches(IdentityObject.from_dict(document["recipient"]), "asha@example.net")
    path = tmp_path / "all.zip"
    assert call("export", "asha", "-o", path, "--certificates").code == 0
    with zipfile.ZipFile(path) as archive:
        assert "badges/second-steps/second-steps.pdf" in archive.namelist()
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []


def test_what_cannot_be_exported_is_said_in_one_line(
    call: Call, site: Site, tmp_path: Path
) -> None:
    with site.database.writing() as session:
        person = persons.ensure(session, "boris", now=NOW)
        emails.add(session, person, "boris@example.net", now=NOW)
    out = tmp_path / "out"
    cases = [
        (("nobody", "-o", out), "not known here"),
        (("boris", "-o", out), "has no badge"),
        (("boris", "--address", "boris@example.net", "-o", out), "not proven"),
        (("asha", "--address", "boris@example.net", "-o", out), "has no such address"),
        (("asha", "--badge", "other", "-o", out), "does not have it"),
        (("asha", "-o", tmp_path), "is a folder"),
        (("asha", "-o", tmp_path / "a" / "b"), "folder is not there"),
    ]
    for arguments, words in cases:
        outcome = call("export", *arguments)
        assert (outcome.code, words in outcome.error) == (2, True), arguments
    assert not out.exists()
