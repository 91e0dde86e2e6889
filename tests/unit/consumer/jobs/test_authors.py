# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import pytest
from dulwich.objects import Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import make_wsgi_chain

from consumer.jobs.authors import RepositoryAuthors
from issuer.adapters import commits, git
from issuer.errors import InvalidInputError
from tests.unit.issuer.cli.test_syncing import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.fasjson import FasJsonSimulator
    from tests.unit.consumer.jobs.community import Community

AUTHORS = (
    b"Asha <asha@example.org>",
    b"Ben B. <Ben@Example.net>",
    b"No address",
    b"Stranger <who@example.com>",
    b"Asha <asha@example.org>",
    b"Chidi <4711+chidi-codes@users.noreply.github.com>",
)


def repository(path: Path, authors: tuple[bytes, ...] = AUTHORS) -> Path:
    """Make a bare repository with one commit of each author, the last of them merges."""
    path.mkdir()
    with Repo.init_bare(str(path)) as made:
        tree = Tree()
        made.object_store.add_object(tree)
        parents: list[ObjectID] = []
        for number, author in enumerate(authors):
            commit = Commit()
            commit.tree, commit.parents = tree.id, parents[-2:]
            commit.author = commit.committer = author
            commit.message = b"change"
            commit.author_time = commit.commit_time = number
            commit.author_timezone = commit.commit_timezone = 0
            made.object_store.add_object(commit)
            parents.append(ObjectID(commit.id))
        made.refs[Ref(b"refs/heads/main")] = parents[-1]
        made.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))
    return path


def test_authors_who_have_an_account_get_it(
    small: Community, directory: FasJsonSimulator, tmp_path: Path
) -> None:
    small.use(directory)
    small.badges("smith")
    directory.add("asha", emails=["asha@example.org"])
    directory.add("ben", emails=["other@example.org", "ben@example.net"])
    directory.add("chidi", github_username="chidi-codes")
    small.settings |= {
        "author_badge": "smith",
        "author_repositories": (
            str(repository(tmp_path / "one")),
            f"{tmp_path / 'one'}#no-such-branch",
            "https://127.0.0.1:1/nobody",
            "http://[nobody",
            "",
            "#main",
        ),
    }
    ended = small.run(RepositoryAuthors())
    assert small.awards() == [("smith", "asha"), ("smith", "ben"), ("smith", "chidi")]
    assert ended.tally.skipped == {"addresses without an account": 1}
    assert "has no branch 'no-such-branch'" in ended.tally.lines[0]
    assert ended.tally.lines[1].startswith("https://127.0.0.1:1/nobody: cannot be read as git")
    assert ended.tally.lines[2].startswith("http://[nobody: no address of a repository")
    assert (
        ended.tally.lines[3:]
        == [
            "git: no repository is named: give its address or its folder",
        ]
        * 2
    )
    assert "example" not in str(small.last("repository-authors").report)
    assert small.run(RepositoryAuthors()).tally.awarded == 0


TIMES = b"1400000000 +0000"


def odd_repository(path: Path, written: tuple[bytes, ...]) -> Path:
    """Make a bare repository of commits with these lines of authors, as other tools write them."""
    path.mkdir()
    with Repo.init_bare(str(path)) as made:
        tree = Tree()
        made.object_store.add_object(tree)
        start = b""
        for lines in written:
            parent = b"parent " + start + b"\n" if start else b""
            text = b"tree " + tree.id + b"\n" + parent + lines + b"\n\nauthor <no@example.org>"
            start = hashlib.sha1(b"commit %d\0%s" % (len(text), text)).hexdigest().encode()  # noqa: S324 -- git's
            folder = path / "objects" / start[:2].decode()
            folder.mkdir(exist_ok=True)
            stored = zlib.compress(b"commit %d\0%s" % (len(text), text))
            (folder / start[2:].decode()).write_bytes(stored)
        made.refs[Ref(b"refs/heads/main")] = ObjectID(start)
        made.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))
    return path


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (b"author Ben <ben@example.org> yesterday +0000\ncommitter x <x@x> " + TIMES, True),
        (b"author Ben <ben@example.org> 1400000000 UTC\ncommitter x", True),
        (b"author B\xe9n < ben@example.org > " + TIMES, True),
        (b"author Ben " + TIMES + b"\ncommitter ben <ben@example.org> " + TIMES, False),
        (b"committer ben <ben@example.org> " + TIMES, False),
        (b"author Ben <ben@example.org " + TIMES, False),
        (b"gpgsig x\n author <ben@example.org>", False),
    ],
    ids=["time", "zone", "spaces", "no-address", "no-author", "not-closed", "continued"],
)
def test_a_commit_that_is_odd_hides_no_other(tmp_path: Path, lines: bytes, found: bool) -> None:
    good = b"author Asha <asha@example.org> " + TIMES + b"\ncommitter x <x@x> " + TIMES
    made = odd_repository(tmp_path / "odd", (good, lines, b"author <eve@example.org>"))
    expected = ["asha@example.org", *["ben@example.org"] * found, "eve@example.org"]
    assert commits.read_authors(str(made), "", tmp_path) == expected


def test_a_history_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    made = repository(tmp_path / "cut")
    with Repo(str(made)) as opened:
        newest = opened.refs[Ref(b"refs/heads/main")]
        gone = opened[newest].parents[0]  # type: ignore[attr-defined] # a commit
        (made / "shallow").write_bytes(newest + b"\n")
    (made / "objects" / gone[:2].decode() / gone[2:].decode()).unlink()
    found = commits.read_authors(str(made), "", tmp_path)
    assert found == ["4711+chidi-codes@users.noreply.github.com"]


@pytest.mark.slow
def test_a_history_is_fetched_whole_and_within_its_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Repo(str(repository(tmp_path / "bare"))) as opened:
        known: dict[str, BackendRepo] = {"/site.git": opened}
        with serving(make_wsgi_chain(DictBackend(known))) as address:
            url = f"{address}/site.git"
            found = commits.read_authors(url, "main", tmp_path / "a")
            assert found[:2] == ["4711+chidi-codes@users.noreply.github.com", "asha@example.org"]
            monkeypatch.setattr(git, "MAX_HISTORY", 3)
            with pytest.raises(InvalidInputError, match="more than 3 objects"):
                commits.read_authors(url, "", tmp_path / "b")
    monkeypatch.setattr(commits, "MAX_COMMITS", 2)
    with pytest.raises(InvalidInputError, match="more than 2 commits"):
        commits.read_authors(str(tmp_path / "bare"), "", tmp_path / "c")
