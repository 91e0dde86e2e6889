# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from issuer.adapters import git
from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

FILE, LINK, FOLDER, MODULE = 0o100644, 0o120000, 0o040000, 0o160000


def repository(path: Path, *entries: tuple[bytes, int, bytes | Tree]) -> Path:
    """Make a bare repository whose only commit holds these entries, sound or not."""
    path.mkdir()
    with Repo.init_bare(str(path)) as made:
        tree = Tree()
        for name, mode, content in entries:
            thing = content if isinstance(content, Tree) else Blob.from_string(content)
            made.object_store.add_object(thing)
            tree.add(name, mode, thing.id)
        made.object_store.add_object(tree)
        commit = Commit()
        commit.tree = tree.id
        commit.author = commit.committer = b"Asha <asha@example.org>"
        commit.message = b"rules"
        commit.author_time = commit.commit_time = 0
        commit.author_timezone = commit.commit_timezone = 0
        made.object_store.add_object(commit)
        made.refs[Ref(b"refs/heads/master")] = ObjectID(commit.id)
        made.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/master"))
    return path


def test_plain_files_are_written_and_links_are_left_out(tmp_path: Path) -> None:
    bare = repository(
        tmp_path / "bare",
        (b"a.yml", FILE, b"one"),
        (b"link.yml", LINK, b"/etc/passwd"),
        (b"module", MODULE, b"x"),
        (b".hidden", FOLDER, Tree()),
        (b"folder", FOLDER, Tree()),
    )
    left_out = git.check_out(str(bare), "", tmp_path / "out")
    files = tmp_path / "out" / "files"
    assert left_out == [str(files / "link.yml")]
    assert sorted(path.name for path in files.iterdir()) == ["a.yml", "folder"]
    assert (files / "a.yml").read_bytes() == b"one"


@pytest.mark.parametrize("name", [b"..", b".", b"a\\b", b"../../escaped"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: bytes) -> None:
    bare = repository(tmp_path / "bare", (name, FILE, b"x"))
    with pytest.raises(InvalidInputError, match="a file has the name"):
        git.check_out(str(bare), "", tmp_path / "out")
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize(
    ("limit", "said"), [("MAX_FILES", "more than 1 files"), ("MAX_BYTES", "larger than")]
)
def test_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, said: str
) -> None:
    monkeypatch.setattr(git, limit, 1)
    bare = repository(tmp_path / "bare", (b"a", FILE, b"x"), (b"b", FILE, b"y"))
    with pytest.raises(InvalidInputError, match=said):
        git.check_out(str(bare), "", tmp_path / "out")


@pytest.mark.parametrize(
    ("mode", "content"), [(FOLDER, b"a file"), (FILE, Tree())], ids=["file", "folder"]
)
def test_a_thing_that_is_not_what_it_says_is_refused(
    tmp_path: Path, mode: int, content: bytes | Tree
) -> None:
    bare = repository(tmp_path / "bare", (b"a", mode, content))
    with pytest.raises(InvalidInputError, match="'a' is no f"):
        git.check_out(str(bare), "", tmp_path / "out")


def test_folders_without_end_are_refused(tmp_path: Path) -> None:
    below = Tree()
    bare = repository(tmp_path / "bare", (b"d", FOLDER, below))
    with Repo(str(bare)) as made:
        for _ in range(git.MAX_DEPTH + 1):
            above = Tree()
            above.add(b"d", FOLDER, below.id)
            made.object_store.add_object(above)
            below = above
        commit = made[made.head()]
        assert isinstance(commit, Commit)
        commit.tree = below.id
        made.object_store.add_object(commit)
        made.refs[Ref(b"refs/heads/master")] = ObjectID(commit.id)
    with pytest.raises(InvalidInputError, match="nested deeper"):
        git.check_out(str(bare), "", tmp_path / "out")


def test_a_repository_without_a_commit_is_told(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    Repo.init_bare(str(tmp_path / "bare")).close()
    assert git.is_bare(tmp_path / "bare")
    with pytest.raises(InvalidInputError, match="is empty or has no default branch"):
        git.check_out(str(tmp_path / "bare"), "", tmp_path / "out")
