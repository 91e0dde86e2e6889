# SPDX-License-Identifier: AGPL-3.0-or-later
"""Large ZIPs: whole or not there at all, whatever ends the work on them."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select

from issuer import pacing
from issuer.adapters.objects import ObjectFolder
from issuer.errors import KeyUnavailableError
from issuer.models import Award, Export
from issuer.preparing import EXPORTS, Preparer
from issuer.services import awards, bundling, certifying, exporting, exports, kept_words, persons
from issuer.services.exports import Reason
from tests.issuing import NOW, give, make_badge, make_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.site import Site

GERMAN = bundling.Words(
    language="de",
    title="Abzeichen von %(name)s",
    files={**bundling.Words().files, exporting.Form.PNG: "Bild"},
)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    made = make_site(tmp_path, database_url)
    with made.database.writing() as session:
        badge = make_badge(session, made, repeatable=True)
        for number in range(3):
            give(session, badge, "asha", occurrence=str(number))
    ask(made)
    yield made
    made.database.dispose()


def ask(site: Site, **changes: Any) -> None:
    words = kept_words.keep(GERMAN, certifying.Words(language="de", eyebrow="Urkunde"), "de")
    values = {"planned": 3, "address": None, "with_certificates": False, "words": words}
    with site.database.writing() as session:
        person = persons.find(session, "asha")
        exports.ask(session, person, **{**values, **changes}, now=NOW)


def export_of(site: Site) -> Export:
    with site.database.reading() as session:
        found = session.scalars(select(Export).order_by(Export.id.desc())).first()
        assert found is not None
        session.expunge_all()
        return found


def files(site: Site) -> list[Path]:
    return list((site.objects.folder / EXPORTS).glob("*/*"))


def preparer(site: Site, **arguments: Any) -> Preparer:
    return Preparer(site, clock=lambda: NOW, **arguments)


def test_it_is_made_once_in_the_language_of_whoever_asked(site: Site) -> None:
    assert preparer(site).prepare()
    assert not preparer(site).prepare()  # whoever is told twice finds nothing
    export = export_of(site)
    (path,) = files(site)
    assert (export.name, export.size) == (path.name, path.stat().st_size)
    assert (export.done, export.planned, export.attempts, export.due_at) == (3, 3, 1, None)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        page = archive.read("index.html").decode()
        assert json.loads(archive.read("manifest.json"))["badges"] == 3
    assert '<html lang="de">' in page
    assert "Abzeichen von asha" in page
    assert ">Bild<" in page
    assert "1. März 2026" in page


@pytest.mark.slow
def test_certificates_are_in_it_where_they_were_asked_for(site: Site) -> None:
    preparer(site).prepare()
    with site.database.writing() as session:
        for award in session.scalars(select(Award).where(Award.occurrence != "0")):
            awards.revoke(session, award, "one is enough here", now=NOW)
    ask(site, with_certificates=True)
    assert preparer(site).prepare()
    with zipfile.ZipFile(site.objects.path_made(EXPORTS, export_of(site).name or "")) as archive:
        assert archive.read("badges/first-steps/first-steps.pdf").startswith(b"%PDF")


def test_words_that_another_version_kept_are_taken_as_far_as_they_are_known() -> None:
    kept = kept_words.keep(GERMAN, certifying.Words(), "de")
    del kept["bundle"]["lead"], kept["bundle"]["files"]["png"]
    kept["bundle"]["new"] = kept["bundle"]["files"]["new"] = "?"
    words = kept_words.of_bundle(json.loads(json.dumps(kept)))
    assert (words.title, words.lead) == (GERMAN.title, bundling.Words().lead)
    assert words.files == bundling.Words().files


def test_who_is_told_to_stop_gives_it_back_and_leaves_nothing(site: Site) -> None:
    looks = iter([False, True])
    assert preparer(site, is_stopped=lambda: next(looks)).prepare()
    export = export_of(site)
    assert (export.attempts, export.done, export.due_at, files(site)) == (0, 0, NOW, [])


def test_what_takes_too_long_is_given_up(site: Site) -> None:
    moments = iter([0.0, 0.0, pacing.LONGEST + 1])
    assert preparer(site, seconds=lambda: next(moments)).prepare()
    assert (export_of(site).reason, files(site)) == (Reason.TOO_LONG, [])


def test_how_far_it_is_is_noted_and_who_removes_it_ends_it(site: Site) -> None:
    seen = []

    def seconds() -> float:
        seen.append(export_of(site).done)
        if len(seen) == 4:
            with site.database.writing() as session:
                session.execute(delete(Export))
        return float(len(seen))

    assert preparer(site, seconds=seconds).prepare()
    assert seen == [0, 0, 0, 1]
    assert files(site) == []


def test_what_was_taken_back_meanwhile_is_left_out_and_nothing_is_no_file(site: Site) -> None:
    with site.database.writing() as session:
        for award in session.scalars(select(Award)):
            awards.revoke(session, award, "a mistake", now=NOW)
    assert preparer(site).prepare()
    export = export_of(site)
    assert (export.reason, export.name, files(site)) == (Reason.NONE_LEFT, None, [])


def test_what_cannot_be_made_now_is_tried_later(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_arguments: object, **_named: object) -> None:
        raise KeyUnavailableError("key: locked away")

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "collect", away)
        assert preparer(site).prepare()
    assert export_of(site).due_at == NOW + exports.PAUSE
    assert "tried again later: key: locked away" in caplog.text
    assert Preparer(site, clock=lambda: NOW + exports.PAUSE).prepare()
    assert export_of(site).name


def test_a_file_that_came_too_late_is_dropped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    late, put = NOW + exports.LEASE + timedelta(seconds=1), ObjectFolder.put_parts

    def slow(*arguments: Any) -> int:
        size = put(*arguments)
        with site.database.writing() as session:
            assert exports.take(session, now=late) is not None
        return size

    monkeypatch.setattr(ObjectFolder, "put_parts", slow)
    assert preparer(site).prepare()
    export = export_of(site)
    assert (export.name, export.attempts, files(site)) == (None, 2, [])
