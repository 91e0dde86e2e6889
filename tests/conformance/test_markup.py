# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page, style sheet and drawing passes the checker by which the W3C judges HTML."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import issuer
from issuer.app import create_app
from issuer.limits import limiter
from issuer.paths import data_path
from tests.crawling import TOKEN, Crawler
from tests.furnished import BROKEN, SETTINGS, furnish
from tests.furnished import RULE as FULL
from tests.issuing import make_site
from tests.services import html_checker
from tests.services.missing import MissingError, stop_test

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.furnished import Furnished

STATIC = Path(issuer.__file__).parent / "static"
RULE = "/admin/rules/of/first-steps"
#: Who goes through the site, in which language, and how often they open each route;
#: never, where they only look at what is theirs.
WALKS = (
    ("root", "en", 3),
    ("asha", "en", 2),
    ("dora", "en", 1),
    ("rita", "en", 1),
    ("chen", "en", 0),
    ("", "en", 2),
    ("root", "de", 1),
    ("asha", "es", 1),
)
#: Fewer would mean that they did not get far.
MANY = 400
ENDINGS = {"text/html": "html", "image/svg+xml": "svg"}
#: What the checker finds and we mean to do, and why.
ALLOWED = {
    # Baked pictures hold their badge so: Open Badges 2.0 and 3.0, "Baking".
    r"^Element “(assertion|credential)” not allowed as child of element “svg”",
    # The page of an archive is opened from a folder: there, `file:` names the pictures beside it.
    r"^Resource violates Content Security Policy \(meta tag\): image “badges/",
}


@dataclass
class Gathered:
    """A folder of pages; one that is just like another is kept once."""

    folder: Path
    kept: set[str] = field(default_factory=set)

    def keep(self, name: str, text: str, like: str = "") -> None:
        """Keep a page under a name that tells where it was found."""
        if (like or text) in self.kept:
            return
        self.kept.add(like or text)
        stem, _, ending = name.rpartition(".")
        plain = re.sub(r"[^A-Za-z0-9=.-]+", "_", stem)[:120]
        (self.folder / f"{plain} {len(self.kept)}.{ending}").write_text(text, "utf-8")


class Walker(Crawler):
    """Goes through the pages as somebody, in a language."""

    def __init__(self, made: Furnished, name: str, language: str, gathered: Gathered) -> None:
        names = {"slug": "first-steps", "username": "asha", "name": "asha"}
        super().__init__(made.app, made.browser(name), names)
        self.browser.client.set_cookie("language", language)
        self.whose, self.gathered = f"{name or 'nobody'} {language}", gathered

    def look(self, address: str, answer: TestResponse) -> None:
        """Keep a page; those of errors differ in nothing but what was asked for."""
        super().look(address, answer)
        code, ending = answer.status_code, ENDINGS.get(answer.mimetype or "")
        if ending and not 300 <= code < 400:
            like = re.sub(rf'name="{TOKEN}" value="[^"]*"', "", answer.text)
            if code in {401, 403, 404}:
                like = like.replace(address.partition("?")[0], "")
            self.gathered.keep(f"{self.whose} {code} {address}.{ending}", answer.text, like)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_page_is_valid_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        checker = html_checker.prepare()
        folder = tmp_path / "pages"
        folder.mkdir()
        _gather(tmp_path, Gathered(folder), monkeypatch)
        found = checker.check(folder)
    except MissingError as error:
        stop_test(str(error))
    said = {each.message for each in found}
    allowed = {text for text in said for one in ALLOWED if re.search(one, text)}
    wrong = [str(each) for each in found if each.message not in allowed]
    assert not wrong, "\n".join(wrong)
    assert all(any(re.search(one, text) for text in said) for one in ALLOWED), "no longer found"


def _gather(home: Path, gathered: Gathered, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_site(home, "", **SETTINGS)
    app = create_app(site=site)
    monkeypatch.setattr(limiter, "enabled", False)
    made = furnish(site, app)
    walkers = [Walker(made, name, language, gathered) for name, language, _ in WALKS]
    for walker, (name, _, limit) in zip(walkers, WALKS, strict=True):
        walker.walk(limit)
        for address in made.addresses.get(name, ()):
            walker.ask("GET", address)
    root, asha = walkers[:2]
    _keep_archive(asha, gathered)
    for walker in (root, asha):
        # With nothing filled in, a form tells what it wants; what it does then, spoils nothing now.
        for form in list(walker.forms.values()):
            walker.send(form, dict.fromkeys(form.fields.keys() - {TOKEN}, ""))
    for path in ("check", "fill", "try", "explain"):
        for text in (BROKEN, FULL):
            root.look(path, root.browser.post(f"{RULE}/{path}", text=text, why="m-1"))
    for file in (*STATIC.glob("*.css"), *STATIC.glob("*.svg")):
        shutil.copy(file, gathered.folder)
    shutil.copy(data_path("templates") / "demo_provider" / "demo.css", gathered.folder)
    assert root.broken == asha.broken == []
    assert len(gathered.kept) > MANY
    site.database.dispose()


def _keep_archive(walker: Walker, gathered: Gathered) -> None:
    """Keep the page that is inside the archive of somebody's badges."""
    answer = walker.browser.post("/my/badges/everything", form="zip")
    assert answer.mimetype == "application/zip", answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        for name in archive.namelist():
            if name.endswith((".html", ".svg")):
                gathered.keep(f"archive {name}", archive.read(name).decode())
