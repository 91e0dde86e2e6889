# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from issuer.adapters import portraits
from issuer.adapters.objects import ObjectFolder
from issuer.adapters.portraits import FRESH, SIDE, SMALL_SIDE, Portraits, redrawn
from issuer.config import Settings
from issuer.errors import InvalidInputError
from openbadges.errors import FetchError
from openbadges.fetching import Response

if TYPE_CHECKING:
    from pathlib import Path

NAME = "a" * 64


def picture(form: str = "PNG", size: tuple[int, int] = (80, 40)) -> bytes:
    written = io.BytesIO()
    image = Image.new("RGB", size, "#cc0000")
    note = PngInfo()
    note.add_text("Comment", "taken at home")
    image.save(written, form, **({"pnginfo": note} if form == "PNG" else {}))
    return written.getvalue()


@dataclass
class Elsewhere:
    """Answers as it is told, and notes what it was asked."""

    body: bytes = b""
    status: int = 200
    error: bool = False
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, accept: str = "") -> Response:
        self.asked.append(url)
        if self.error:
            raise FetchError("nobody answers")
        return Response(status=self.status, final_url=url, content_type="image/png", body=self.body)


def test_lists_get_a_small_picture_that_follows_the_large_one(tmp_path: Path) -> None:
    elsewhere = Elsewhere(picture())
    made = kept(tmp_path, elsewhere)
    assert made.small(NAME) == b""
    made.refresh(NAME)
    small = made.small(NAME)
    with Image.open(io.BytesIO(small)) as image:
        assert (image.format, image.size) == ("WEBP", (SMALL_SIDE, SMALL_SIDE))
    assert len(small) < 2_000
    made.objects.put_made("portraits", NAME, redrawn(other_picture()))
    assert made.small(NAME) != small
    made.forget(NAME)
    assert made.small(NAME) == b""
    assert not [file for file in (tmp_path / "objects").rglob("*") if file.is_file()]


def other_picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (50, 50), "#0000cc").save(written, "PNG")
    return written.getvalue()


def kept(tmp_path: Path, elsewhere: Elsewhere) -> Portraits:
    settings = Settings(home=tmp_path, avatar_url="https://faces.example/avatar/")
    return Portraits(settings, ObjectFolder(tmp_path / "objects"), lambda: elsewhere)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_drawn_anew_as_a_square(form: str) -> None:
    drawn = redrawn(picture(form))
    assert b"taken at home" not in drawn
    with Image.open(io.BytesIO(drawn)) as image:
        assert (image.format, image.size) == ("PNG", (SIDE, SIDE))


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg/>", b"GIF89a", picture()[:60], b"x" * ((1 << 20) + 1), picture(size=(3000, 3000))],
    ids=["nothing", "svg", "gif-head", "cut", "large", "many-pixels"],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="picture of a person"):
        redrawn(content)


def test_a_picture_is_asked_for_by_hash_and_kept(tmp_path: Path) -> None:
    elsewhere = Elsewhere(picture())
    found = kept(tmp_path, elsewhere)
    assert found.refresh(NAME)
    assert elsewhere.asked == [f"https://faces.example/avatar/{NAME}?s={SIDE}&d=404"]
    assert found.get(NAME, now=datetime.now(UTC)).startswith(b"\x89PNG")
    assert len(elsewhere.asked) == 1
    found.forget(NAME)
    assert found.objects.get_made(portraits.KIND, NAME) is None


def test_that_there_is_none_is_kept_too(tmp_path: Path) -> None:
    elsewhere = Elsewhere(status=404)
    found = kept(tmp_path, elsewhere)
    assert not found.refresh(NAME)
    assert found.get(NAME, now=datetime.now(UTC)) == b""
    assert len(elsewhere.asked) == 1


@pytest.mark.parametrize("trouble", [Elsewhere(error=True), Elsewhere(status=503)])
def test_while_nobody_answers_the_old_picture_stays(tmp_path: Path, trouble: Elsewhere) -> None:
    kept(tmp_path, Elsewhere(picture())).refresh(NAME)
    found = kept(tmp_path, trouble)
    assert not found.refresh(NAME)
    assert found.get(NAME, now=datetime.now(UTC))


def test_an_old_picture_is_shown_while_a_new_one_is_fetched(tmp_path: Path) -> None:
    kept(tmp_path, Elsewhere(picture())).refresh(NAME)
    elsewhere = Elsewhere(picture("JPEG"))
    found = kept(tmp_path, elsewhere)
    later = datetime.now(UTC) + FRESH + timedelta(seconds=1)
    assert found.get(NAME, now=later)
    for thread in threading.enumerate():
        if thread.name == "portrait":
            thread.join(10)
    assert len(elsewhere.asked) == 1


def test_without_an_address_nobody_is_asked(tmp_path: Path) -> None:
    elsewhere = Elsewhere(picture())
    settings = Settings(home=tmp_path, avatar_url="")
    found = Portraits(settings, ObjectFolder(tmp_path), lambda: elsewhere)
    assert not found.refresh(NAME)
    assert found.get(NAME, now=datetime.now(UTC)) == b""
    assert elsewhere.asked == []


def test_private_places_are_not_asked(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, avatar_url="https://127.0.0.1/avatar")
    assert not Portraits(settings, ObjectFolder(tmp_path)).refresh(NAME)


@pytest.mark.parametrize("name", ["../../x", "aa", "", "a/b", "A" * 64])
def test_what_is_made_has_a_plain_name(tmp_path: Path, name: str) -> None:
    folder = ObjectFolder(tmp_path)
    with pytest.raises(ValueError, match="not a name"):
        folder.put_made("portraits", name, b"x")
