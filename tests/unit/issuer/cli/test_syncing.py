# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from dulwich import porcelain
from dulwich.repo import Repo
from dulwich.server import BackendRepo, DictBackend
from dulwich.web import make_wsgi_chain
from sqlalchemy import select

from issuer.adapters import git
from issuer.models import Rule, RuleRevision
from issuer.services import synchronised
from tests.issuing import RED
from tests.unit.issuer.cli.conftest import RULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]

pytestmark = pytest.mark.slow

ONE, TWO = RULE.replace("First", "Wiki"), RULE.replace("First", "Second")


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def get_stderr(self) -> io.StringIO:
        """Say nothing of errors either: who is served may go away."""
        return io.StringIO()


class _Calm(WSGIServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return the working copy of a repository with two rules, a picture and other things."""
    folder = tmp_path / "work"
    (folder / "rules").mkdir(parents=True)
    porcelain.init(folder).close()
    (folder / "rules" / "one.yml").write_text(ONE)
    (folder / "rules" / "two.yml").write_text(TWO.replace("red.svg", "../pngs/red.svg"))
    (folder / "pngs").mkdir()
    (folder / "pngs" / "red.svg").write_bytes(RED)
    (folder / "rules" / "red.svg").write_bytes(RED)
    (folder / "compose.yml").write_text("services: {}\n")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    with Repo(str(folder)) as repository:
        porcelain.add(
            repository, [str(path) for path in folder.rglob("*") if ".git" not in path.parts]
        )
        for path in list(repository.open_index()):
            if not (folder / path.decode()).is_symlink() and not (folder / path.decode()).exists():
                porcelain.rm(repository, [str(folder / path.decode())])
        who = b"Asha <asha@example.org>"
        porcelain.commit(repository, message=b"rules", author=who, committer=who)


@pytest.fixture
def web(work: Path) -> Iterator[str]:
    """Serve the repository on the loopback; give its address."""
    with Repo(str(work)) as repository:
        known: dict[str, BackendRepo] = {"/badges.git": repository}
        application = make_wsgi_chain(DictBackend(known))
        with serving(application) as address:
            yield f"{address}/badges.git"


@contextmanager
def serving(application: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, application, _Calm, _Silent) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def active(site: Site) -> dict[str, bool]:
    with site.database.reading() as session:
        return {row.slug: row.active for row in session.query(Rule)}


def test_a_repository_of_the_web_is_loaded(call: Call, site: Site, web: str) -> None:
    outcome = call("rules", "sync", web)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "added: wiki-steps",
        "added: second-steps",
        "2 added, 0 changed, 0 retired, 0 unchanged, 0 refused",
    ]
    with site.database.reading() as session:
        assert {row.source for row in session.query(Rule)} == {f"{web}/one.yml", f"{web}/two.yml"}
    assert "2 unchanged" in call("rules", "sync", web).out


def test_a_commit_that_is_wrong_leaves_the_former_rules_and_is_told_until_it_is_mended(
    call: Call, site: Site, web: str, work: Path
) -> None:
    def told() -> str:
        with site.database.reading() as session:
            return synchronised.trouble(session)

    call("rules", "sync", web)
    assert told() == ""
    with site.database.reading() as session:
        before = session.scalars(select(RuleRevision.text)).all()
    half = (work / "rules" / "one.yml").read_text()
    (work / "rules" / "one.yml").write_text(half[: len(half) // 2])  # as a disk left it
    (work / "rules" / "two.yml").unlink()
    (work / "rules" / "three.yml").write_text("name: [")
    commit(work)
    assert call("rules", "sync", web).code in (1, 2)
    assert active(site) == {"wiki-steps": True, "second-steps": True}
    with site.database.reading() as session:
        assert session.scalars(select(RuleRevision.text)).all() == before
    assert f"rules could not be loaded: {web}: {web}/" in told()
    assert call("rules", "sync", "--dry-run", web).code != 0
    assert call("rules", "sync", f"{web}#absent").code == 2
    assert "absent" not in told()  # that was never loaded: a mistake, and nothing to watch
    (work / "rules" / "three.yml").unlink()
    (work / "rules" / "one.yml").write_text(ONE)
    commit(work)
    assert call("rules", "sync", web).code == 0
    assert told() == ""
    with Repo(str(work)) as repository:
        repository.refs.set_symbolic_ref(b"HEAD", b"refs/heads/gone")
        for name in list(repository.refs.allkeys()):
            repository.refs.remove_if_equals(name, None)
    assert call("rules", "sync", web).code == 2
    assert told().startswith(f"rules could not be loaded: {web}: ")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("address", ["", " ", "#main"])
def test_nothing_is_not_the_folder_where_we_stand(call: Call, address: str) -> None:
    outcome = call("rules", "sync", address)
    assert (outcome.code, outcome.error) == (
        2,
        f"{address!r}: names no file, folder or repository",
    )


def test_a_branch_is_named_after_a_sign(call: Call, site: Site, web: str, work: Path) -> None:
    with Repo(str(work)) as repository:
        porcelain.branch_create(repository, "stable")
    (work / "rules" / "one.yml").write_text(ONE + "points: 7\n")
    commit(work)
    assert "2 added" in call("rules", "sync", f"{web}#stable").out
    assert call("badges", "show", "wiki-steps", "--json").lines[0]["points"] == 1
    outcome = call("rules", "sync", f"{web}#absent")
    assert outcome.code == 2
    assert "has no branch 'absent'" in outcome.error


def test_a_bare_repository_of_this_machine_is_loaded(
    call: Call, site: Site, work: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.git"
    porcelain.clone(str(work), str(bare), bare=True).close()
    assert "2 added" in call("rules", "sync", bare).out
    assert call("rules", "sync", f"{bare}#nothing").code == 2


def test_what_is_gone_retires_and_comes_back(call: Call, site: Site, web: str, work: Path) -> None:
    call("rules", "sync", web)
    (work / "rules" / "two.yml").unlink()
    commit(work)
    shown = call("rules", "sync", "--dry-run", web)
    assert shown.out.splitlines()[0] == "retired: second-steps"
    assert "0 retired" in call("rules", "sync", "--keep", web).out
    assert active(site) == {"wiki-steps": True, "second-steps": True}
    assert "1 retired" in call("rules", "sync", "--yes", web).out
    assert active(site) == {"wiki-steps": True, "second-steps": False}
    assert "0 retired" in call("rules", "sync", web).out
    assert call("badges", "show", "second-steps", "--json").code == 0
    (work / "rules" / "two.yml").write_text(TWO)
    commit(work)
    assert "changed: second-steps" in call("rules", "sync", web).out
    assert active(site)["second-steps"]


def test_a_rule_that_an_admin_switched_off_stays_so(call: Call, site: Site, rules: Path) -> None:
    call("rules", "sync", rules)
    with site.database.writing() as session:
        session.query(Rule).one().active = False
    call("rules", "sync", rules)
    (rules / "first.yml").write_text(RULE + "points: 3\n")
    call("rules", "sync", rules)
    assert active(site) == {"first-steps": False}


@pytest.mark.parametrize("trouble", ["broken", "emptied", "link"])
def test_a_source_that_is_read_by_half_retires_nothing(
    call: Call, site: Site, web: str, work: Path, trouble: str
) -> None:
    call("rules", "sync", web)
    (work / "rules" / "two.yml").unlink()
    if trouble == "emptied":
        (work / "rules" / "one.yml").unlink()
    elif trouble == "link":
        (work / "rules" / "three.yml").symlink_to("/etc/passwd")
    else:
        (work / "rules" / "three.yml").write_text("trigger: 5\n")
        (work / "rules" / "four.yml").write_text(ONE.replace("Wiki", "Fourth"))
    commit(work)
    outcome = call("rules", "sync", web)
    assert outcome.code == {"broken": 1, "emptied": 2, "link": 1}[trouble]
    assert all(active(site).values())
    if trouble != "emptied":
        assert f"{web}/three.yml:1:1: " in outcome.err
    assert ("fourth-steps" in active(site)) is (trouble == "broken")


def test_a_folder_retires_only_what_came_from_it(
    call: Call, site: Site, rules: Path, tmp_path: Path
) -> None:
    other = tmp_path / "rules-2"
    other.mkdir()
    (other / "two.yml").write_text(TWO)
    (other / "red.svg").write_bytes(RED)
    call("rules", "sync", other, rules)
    (rules / "one.yml").write_text(ONE)
    (rules / "first.yml").unlink()
    assert call("rules", "sync", rules / "one.yml").out.splitlines()[-1].count("0 retired") == 1
    assert "retired: first-steps" in call("rules", "sync", rules).out
    assert active(site) == {"first-steps": False, "wiki-steps": True, "second-steps": True}


def test_a_dry_run_changes_nothing(call: Call, site: Site, rules: Path) -> None:
    before = sorted(site.settings.home.rglob("*"))
    outcome = call("rules", "sync", "--dry-run", rules)
    assert outcome.out.splitlines()[0] in {"added: first-steps", "changed: first-steps"}
    assert active(site) == {}
    added = {path for path in site.settings.home.rglob("*") if path not in before}
    # SQLite's own notes beside its database come and go with connections.
    assert {path.name for path in added} <= {"accolades.sqlite-wal", "accolades.sqlite-shm"}


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_it_asks(
    call: Call,
    site: Site,
    rules: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
) -> None:
    monkeypatch.setattr("issuer.cli.syncing._is_terminal", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer)
    assert call("rules", "sync", rules).code == code
    assert bool(active(site)) is (code == 0)


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [("MAX_BYTES", 10, "larger than"), ("TOTAL_SECONDS", -1.0, "takes longer")],
)
def test_a_repository_that_is_too_much_is_refused(
    call: Call,
    site: Site,
    web: str,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: float,
    said: str,
) -> None:
    monkeypatch.setattr(git, limit, value)
    outcome = call("rules", "sync", web)
    assert outcome.code == 2
    assert said in outcome.error
    assert active(site) == {}


def test_a_repository_is_fetched_through_the_proxy_of_the_environment(
    call: Call, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(
        environment: dict[str, str], start: Callable[[str, list[tuple[str, str]]], object]
    ) -> list[bytes]:
        asked.append(environment["PATH_INFO"])
        start("502 No", [("Content-Type", "text/plain")])
        return [b"nothing here"]

    with serving(answer) as address:
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.delenv("no_proxy", raising=False)
        outcome = call("rules", "sync", "http://badges.example.org/rules.git")
    assert outcome.code == 2
    assert asked
    assert "cannot be read as git" in outcome.error


@pytest.mark.parametrize("status", ["401 No", "404 No", "200 OK"])
def test_a_web_server_that_serves_no_repository_is_told(
    call: Call, site: Site, status: str
) -> None:
    def answer(_: object, start: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        start(status, [("Content-Type", "text/plain")])
        return [b"nothing here"]

    with serving(answer) as address:
        outcome = call("rules", "sync", address)
    assert outcome.code == 2
    assert "cannot be read as git" in outcome.error


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ssh://git@example.org/x", "give an http or https address"),
        ("https://asha:secret@example.org/x", "give it without"),
        ("http://127.0.0.1:1/x", "cannot be read as git"),
        ("nowhere", "no such file"),
    ],
)
def test_other_addresses_are_refused(call: Call, site: Site, address: str, said: str) -> None:
    outcome = call("rules", "sync", address)
    assert outcome.code == 2
    assert said in outcome.error
    assert "secret" not in outcome.error
