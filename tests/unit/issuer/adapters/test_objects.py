# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from issuer.adapters.objects import FOLDERS, ObjectFolder, write_whole
from issuer.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

HELLO = hashlib.sha256(b"hello").hexdigest()


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_object_is_named_by_its_content(tmp_path: Path) -> None:
    folder = ObjectFolder(tmp_path / "objects")
    assert folder.put(b"hello") == HELLO
    assert folder.get(HELLO) == b"hello"


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    folder = ObjectFolder(tmp_path)
    folder.put(b"hello")
    written = (tmp_path / HELLO[:2] / HELLO).stat().st_mtime_ns
    folder.put(b"hello")
    assert _files(tmp_path) == [HELLO]
    assert (tmp_path / HELLO[:2] / HELLO).stat().st_mtime_ns == written


def test_an_object_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=HELLO):
        ObjectFolder(tmp_path / "absent").get(HELLO)


def test_a_file_is_written_with_its_rights_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    write_whole(path, b"secret", mode=0o600)
    assert path.read_bytes() == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert _files(tmp_path) == ["file"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first")
    with path.open("rb") as reader:
        write_whole(path, b"second")
        assert reader.read() == b"first"
    assert path.read_bytes() == b"second"


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OSError, match="file"):
        write_whole(path, b"content")
    assert path.is_dir()
    assert _files(tmp_path) == []


def test_of_what_has_no_end_the_oldest_go(tmp_path: Path) -> None:
    folder = ObjectFolder(tmp_path)
    names = [f"ab-{number}" for number in range(5)]
    for number, name in enumerate(names):
        folder.put_made("cards", name, b"x", most=3 * FOLDERS)
        os.utime(tmp_path / "cards" / "ab" / name, (number, number))
    folder.put_made("cards", "cd-0", b"x", most=3 * FOLDERS)
    folder.put_made("others", "ab-0", b"x")
    assert [folder.get_made("cards", name) is not None for name in names] == [0, 0, 1, 1, 1]
    assert folder.get_made("cards", "cd-0") is not None
    assert folder.get_made("others", "ab-0") is not None
