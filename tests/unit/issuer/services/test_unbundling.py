# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ZIP of badges that comes back, whole or made to hurt."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from issuer import packing
from issuer.errors import BundleError
from issuer.models import Award
from issuer.services import awards, bundling, exporting, persons, unbundling
from issuer.services.exporting import Form
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.baking import bake
from openbadges.verification import Verdict, verify
from tests.issuing import BLUE, NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from issuer.services.unbundling import BundleReport
    from issuer.site import Site
    from openbadges.verification import Report

    Change = Callable[[dict[str, bytes]], None]

FIRST = "badges/first-steps/first-steps"
SECOND = "badges/second-steps/second-steps"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = make_site(tmp_path_factory.mktemp("bundles"), "")
    with made.database.writing() as session:
        give(session, make_badge(session, made, "First Steps"), "asha")
        give(session, make_badge(session, made, "Second Steps", BLUE), "asha")
    return made


@pytest.fixture(scope="module")
def packed(site: Site) -> bytes:
    with site.database.reading() as session:
        held = exporting.of_person(session, persons.find(session, "asha"))
    bundle = bundling.Bundle(name="Asha", site="Accolades", objects=site.objects, now=NOW)
    badges = packing.exported(site, "asha", held, None, now=NOW)
    return b"".join(bundling.stream(badges, bundle))


def judge(site: Site, content: bytes) -> BundleReport:
    def judged(form: bytes) -> Report:
        own = OwnFetcher(
            site.database.reading, site.settings.base_url, site.keys, site.objects, Elsewhere()
        )
        return verify(form, fetcher=own, now=NOW)

    return unbundling.judge(io.BytesIO(content), judged)


def again(packed: bytes, change: Change, *, noted: bool = True) -> bytes:
    """Return a ZIP of other files; the manifest says so if ``noted``."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files["manifest.json"])
    change(files)
    if noted and "manifest.json" in files:
        manifest["files"] = [
            {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
            if name != "manifest.json"
        ]
        files["manifest.json"] = json.dumps(manifest).encode()
    return zipped(files)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.slow
def test_what_was_packed_is_valid_in_every_form(site: Site, packed: bytes) -> None:
    report = judge(site, packed)
    assert report.valid, report.sentence
    assert [each.name for each in report.badges] == ["first-steps", "second-steps"]
    for each in report.badges:
        assert each.forms == dict.fromkeys(exporting.PLAIN, Verdict.VALID)
    told = report.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert [check["outcome"] for check in told["checks"]] == ["passed"] * 3


def test_what_is_read_back_is_what_was_packed(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    found = {
        f"badges/{name}/{name}{exporting.ENDINGS[form]}": content
        for name, forms in unbundling.read(io.BytesIO(packed))
        for form, content in forms.items()
    }
    assert found == {name: files[name] for name in files if name.startswith("badges/")}


def put(name: str, content: bytes) -> Change:
    return lambda files: files.__setitem__(name, content)


def swap(one: str, other: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        files[one], files[other] = files[other], files[one]

    return change


def number(value: object) -> Change:
    def change(files: dict[str, bytes]) -> None:
        told = {**json.loads(files["manifest.json"]), "badges": value}
        files["manifest.json"] = json.dumps(told).encode()

    return change


@pytest.mark.parametrize(
    ("change", "noted", "words"),
    [
        pytest.param(put(f"{FIRST}.json", b"{}"), False, "is not the file", id="changed"),
        pytest.param(lambda files: files.pop(f"{FIRST}.json"), False, "not in both", id="gone"),
        pytest.param(put("badges/x/x.json", b"{}"), False, "not in both", id="added"),
        pytest.param(lambda files: files.pop("index.html"), True, "no ZIP of badges", id="page"),
        pytest.param(put("index.html", b"x"), False, "is not the file", id="another-page"),
        pytest.param(put("../../x.json", b"{}"), True, "no file that belongs", id="outside"),
        pytest.param(put("badges/x/y.json", b"{}"), True, "no file that belongs", id="misplaced"),
        pytest.param(put("badges/x/x.exe", b"MZ"), True, "no file that belongs", id="program"),
        pytest.param(put("badges/x/x.pdf", b"%PDF"), True, "3 badges, and 2", id="one-too-many"),
        pytest.param(number(7), False, "2 badges, and 7", id="one-too-few"),
        pytest.param(number("many"), False, "manifest.json", id="no-number"),
        pytest.param(put("manifest.json", b"nonsense"), False, "manifest.json", id="no-json"),
        pytest.param(put("manifest.json", b"[" * 9000), False, "manifest.json", id="deep"),
    ],
)
def test_a_zip_that_is_not_what_was_packed_is_not_valid(
    site: Site, packed: bytes, change: Change, noted: bool, words: str
) -> None:
    report = judge(site, again(packed, change, noted=noted))
    assert not report.valid
    assert words in report.sentence
    assert report.to_dict()["checks"][0]["outcome"] == "failed"


@pytest.mark.parametrize("form", [".json", ".jws", ".ob3.json", ".ob3.jwt", ".png", ".svg"])
def test_forms_of_another_badge_do_not_pass_for_those_of_one(
    site: Site, packed: bytes, form: str
) -> None:
    """Each file is genuine, and the manifest is right; only they do not belong together."""
    report = judge(site, again(packed, swap(f"{FIRST}{form}", f"{SECOND}{form}")))
    assert not report.valid
    assert not report.problem
    assert {each.verdict for each in report.badges} == {Verdict.INVALID}
    assert "do not say the same" in report.badges[0].sentence


def test_a_folder_without_a_badge_is_none(site: Site, packed: bytes) -> None:
    def change(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith(FIRST)]:
            del files[name]
        files[f"{FIRST}.pdf"] = b"%PDF-1.7"

    assert "no form of the badge" in judge(site, again(packed, change)).sentence


def test_a_picture_is_read_for_both_badges(site: Site, packed: bytes) -> None:
    def change(files: dict[str, bytes]) -> None:
        jws = files[f"{SECOND}.jws"].decode()
        files[f"{FIRST}.png"] = bake(files[f"{FIRST}.png"], jws)

    report = judge(site, again(packed, change))
    assert report.badges[0].sentence == "its forms do not say the same: png and jws"


def test_a_badge_that_was_taken_back_meanwhile_is_told(tmp_path: Path, packed: bytes) -> None:
    site = make_site(tmp_path, "")
    with site.database.writing() as session:
        give(session, make_badge(session, site), "asha")
        (award_id,) = held = exporting.of_person(session, persons.find(session, "asha"))
    bundle = bundling.Bundle(name="Asha", site="Accolades", objects=site.objects, now=NOW)
    badges = packing.exported(site, "asha", held, None, now=NOW)
    packed = b"".join(bundling.stream(badges, bundle))
    with site.database.writing() as session:
        awards.revoke(session, session.get_one(Award, award_id), "a mistake", now=NOW)
    report = judge(site, packed)
    assert report.verdict is Verdict.REVOKED
    assert set(report.badges[0].forms.values()) == {Verdict.REVOKED}
    assert report.sentence == "Of 1 badges in this ZIP 0 are valid in every form."
    site.database.dispose()


def test_what_is_no_zip_of_badges_is_refused(packed: bytes) -> None:
    middle = len(packed) // 2
    for content in (
        b"",
        b"PK\x03\x04",
        packed[:middle],
        packed[:-1],
        packed[: middle - 9] + b"123456789" + packed[middle:],
        zipped({"a": b"a"}),
        packed.replace(b"PK\x01\x02", b"PK\x01\x03"),
    ):
        with pytest.raises(BundleError):
            list(unbundling.read(io.BytesIO(content)))


def test_every_bit_of_a_zip_that_matters_is_looked_at(packed: bytes) -> None:
    whole = list(unbundling.read(io.BytesIO(packed)))
    for place in range(0, len(packed), 211):
        changed = bytearray(packed)
        changed[place] ^= 1
        try:
            found = list(unbundling.read(io.BytesIO(bytes(changed))))
        except BundleError:
            continue
        # Times and rights of files say nothing of a badge.
        assert found == whole, place


def test_a_zip_that_grows_without_end_is_not_unpacked(
    packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bomb(files: dict[str, bytes]) -> None:
        files[f"{FIRST}.json"] = bytes(unbundling.MAX_FILE + 1)

    large = again(packed, bomb)
    assert len(large) < 200_000
    with pytest.raises(BundleError, match=r"manifest.json|larger than"):
        list(unbundling.read(io.BytesIO(large)))
    monkeypatch.setattr(unbundling, "MAX_UNPACKED", 10_000)
    with pytest.raises(BundleError, match="would be larger"):
        list(unbundling.read(io.BytesIO(packed)))
    monkeypatch.setattr(unbundling, "MAX_LIST", 100)
    with pytest.raises(BundleError, match="the list of what is in the ZIP"):
        list(unbundling.read(io.BytesIO(packed)))
    monkeypatch.setattr(unbundling, "MAX_ZIP", 100)
    with pytest.raises(BundleError, match="the ZIP is larger"):
        list(unbundling.read(io.BytesIO(packed)))


def test_a_file_that_lies_about_its_size_is_not_unpacked_further(packed: bytes) -> None:
    content = zipped({"index.html": bytes(1 << 20), "manifest.json": b"{}"})
    place = content.index(b"PK\x01\x02")
    lying = content[: place + 24] + (5).to_bytes(4, "little") + content[place + 28 :]
    with pytest.raises(BundleError):
        list(unbundling.read(io.BytesIO(lying)))


def test_what_two_readers_could_read_differently_is_refused(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    doubled = io.BytesIO(packed)
    with zipfile.ZipFile(doubled, "a") as archive, pytest.warns(UserWarning):
        archive.writestr(f"{FIRST}.json", files[f"{FIRST}.json"])
    with pytest.raises(BundleError, match="twice"):
        list(unbundling.read(doubled))
    with pytest.raises(BundleError, match="not known"):
        list(unbundling.read(io.BytesIO(zipped(files, zipfile.ZIP_BZIP2))))
    noted = json.loads(files["manifest.json"])
    noted["files"] *= 2
    files["manifest.json"] = json.dumps(noted).encode()
    with pytest.raises(BundleError, match="twice"):
        list(unbundling.read(io.BytesIO(zipped(files))))


def test_an_empty_zip_proves_nothing(site: Site, packed: bytes) -> None:
    def empty(files: dict[str, bytes]) -> None:
        number(0)(files)
        for name in [name for name in files if name.startswith("badges/")]:
            del files[name]

    def change(files: dict[str, bytes]) -> None:
        empty(files)
        page = files["index.html"]
        noted = {"path": "index.html", "size": len(page)}
        noted["sha256"] = hashlib.sha256(page).hexdigest()
        files["manifest.json"] = json.dumps({"badges": 0, "files": [noted]}).encode()

    report = judge(site, again(packed, change, noted=False))
    assert report.verdict is Verdict.INVALID
    assert "no badge" in report.sentence


def test_the_forms_are_all_there_are() -> None:
    assert set(Form) == {*exporting.PLAIN, Form.PDF}
