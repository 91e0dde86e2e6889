# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from issuer.adapters.directories import DirectoryAccounts
from issuer.adapters.remembering import Memory
from issuer.errors import (
    AccountUnclearError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from issuer.models import AuditEntry, Award, Batch, BatchKind, BatchLine, Grant, Person
from issuer.services import awards, badges, batches, ledgers, naming, persons, revocations
from tests.issuing import NOW, make_badge
from tests.issuing import give as give_one
from tests.unit.issuer.services.batched import admin, give, member, show, states

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor
    from issuer.site import Site

FIRST = "first-steps"
LATER = NOW + timedelta(days=40)
DAY = LATER.date().isoformat()


def _make_people(session: Session, site: Site, *names: str) -> None:
    make_badge(session, site)
    for name in names:
        persons.ensure(session, name, now=NOW)


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Award)) or 0


def _make_all_kinds(session: Session, site: Site, root: Actor) -> None:
    """Make badges and people of every kind that a line may name."""
    first = make_badge(session, site)
    for name in ("Second", "Old", "Bare", "Often"):
        make_badge(session, site, name, repeatable=name == "Often")
    badges.find(session, "old").retired_at = NOW
    session.delete(badges.current_edition(session, badges.find(session, "bare")))
    for name in ("asha", "boris", "away", "gone"):
        persons.ensure(session, name, now=NOW)
    persons.find(session, "away").opted_out = True
    persons.find(session, "gone").erased_at = NOW
    _, taken, free = (give_one(session, first, name).award for name in ("karl", "lena", "mei"))
    for award in (taken, free):
        awards.revoke(session, award, "no", now=NOW)
    revocations.allow_again(session, root, free, now=NOW)


def test_each_line_of_a_list_is_judged_by_itself(session: Session, site: Site) -> None:
    """predecessors 1.1 and 1.2: one badge a person and file; success said for unknown ones."""
    root = admin(session)
    _make_all_kinds(session, site, root)
    link = "https://example.org/x"
    cases = [
        (("asha", FIRST, link, "Well *done*", DAY), ""),
        (("ASHA", "second"), ""),  # several badges for one person
        (("boris", "First Steps", "did it at the fair"), ""),  # by its name; words as evidence
        (("boris", FIRST), "repeated"),
        (("nobody", FIRST), "unknown-person"),
        (("no/body", FIRST), "not-a-name"),
        (("", FIRST), "no-name"),
        (("asha", ""), "no-badge"),
        (("asha", "no-such"), "unknown-badge"),
        (("asha", "old"), "retired"),
        (("asha", "bare"), "no-picture"),
        (("away", FIRST), "opted-out"),
        (("gone", FIRST), "erased"),
        (("karl", FIRST), "held"),
        (("lena", FIRST), "taken-back"),
        (("mei", FIRST), ""),  # taken back, and allowed again
        (("asha", "often", "", "", DAY), ""),
        (("asha", "often", "", "", NOW.date().isoformat()), ""),
        (("asha", "often", "", "", DAY), "repeated"),
        (("karl", "second", "javascript:alert(1)"), "bad-evidence"),
        (("karl", "second", "ftp://example.org/x"), "bad-evidence"),
        (("karl", "second", "https://user@example.org\\x"), "bad-evidence"),
        (("karl", "second", "https://a..b/"), "bad-evidence"),
        (("karl", "second", "https://example.org:99999/"), "bad-evidence"),
        (("karl", "second", f"{link} " * 11), "bad-evidence"),
        (("karl", "second", "", "x" * 5001), "bad-narrative"),
        (("karl", "second", "", "", "1.3.2026"), "bad-date"),
        (("karl", "second", "", "", "2030-01-01"), "future"),
        (("karl", "second", "", "", "2026-02-28"), "before-badge"),
    ]
    batch = show(session, root, *(case[0] for case in cases), now=LATER)
    assert [reason for _, reason in states(session, batch)] == [case[1] for case in cases]
    before = _count(session)
    assert not give(session, root, batch, LATER)
    good = sum(not reason for _, reason in cases)
    assert _count(session) - before == good
    assert batches.numbers(session, batch) == {
        "ready": 0,
        "refused": len(cases) - good,
        "done": good,
        "undone": 0,
    }
    made = session.get_one(BatchLine, (batch.id, 1)).award
    assert made is not None
    assert (made.narrative, made.evidence) == ("Well *done*", [{"id": link}])
    assert (made.issued_at.date().isoformat(), made.awarded_by_id) == (DAY, root.person_id)
    assert (made.source, made.cause_id) == ("admin", str(batch.uuid))
    entry = session.scalars(select(AuditEntry).filter_by(action="award.give")).one()
    assert (entry.actor, entry.after["awards"]) == ("root", good)


def test_what_changed_since_it_was_shown_is_refused_when_it_is_given(
    session: Session, site: Site
) -> None:
    root = admin(session)
    _make_people(session, site, "asha", "boris", "karl")
    batch = show(session, root, ("asha", FIRST), ("boris", FIRST), ("karl", FIRST))
    give_one(session, badges.find(session, FIRST), "asha")
    persons.find(session, "boris").opted_out = True
    session.flush()
    give(session, root, batch)
    assert states(session, batch) == [("refused", "held"), ("refused", "opted-out"), ("done", "")]
    with pytest.raises(ConflictError, match="awarded before"):
        give(session, root, batch)
    assert _count(session) == 2


def test_nobody_gives_or_sees_the_list_of_somebody_else(session: Session, site: Site) -> None:
    root = admin(session)
    _make_people(session, site, "asha")
    batch = show(session, root, ("asha", FIRST))
    with pytest.raises(ForbiddenError):
        give(session, admin(session, "rita"), batch)
    with pytest.raises(NotFoundError):
        batches.find(session, member(session, "dora"), batch.uuid, BatchKind.AWARD)
    with pytest.raises(NotFoundError):
        batches.find(session, root, batch.uuid, BatchKind.REVOKE)


def test_accounts_are_made_for_unknown_names_where_somebody_says_so(
    session: Session, site: Site
) -> None:
    root = admin(session)
    _make_people(session, site)
    batch = show(
        session, root, ("Nora", FIRST), ("nora", FIRST), ("a b", FIRST), make_accounts=True
    )
    give(session, root, batch)
    assert states(session, batch) == [
        ("done", ""),
        ("refused", "repeated"),
        ("refused", "not-a-name"),
    ]
    assert persons.find(session, "nora").username == "Nora"


class _Directory:
    """A directory with one account; every other name is nobody's."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def username(self, username: str, *, hasty: bool = False) -> str | None:
        self.asked.append(username)
        if username == "unclear":
            raise AccountUnclearError("two of that name")
        return username if username == "nora" else None

    def search(self, term: str, value: str, *, hasty: bool = False) -> str | None:
        self.asked.append(value)
        return "asha" if value == "asha@home.example" else None


def test_a_directory_says_who_has_an_account(session: Session, site: Site) -> None:
    directory = _Directory()
    accounts = DirectoryAccounts(directory, Memory(seconds=60, missing_seconds=60))
    root = admin(session)
    _make_people(session, site, "asha")
    lines = (
        ("asha@home.example", FIRST),
        ("nora", FIRST),
        ("nobody", FIRST),
        ("x@y.z", FIRST),
        ("unclear", FIRST),
    )
    batch = show(session, root, *lines, accounts=accounts, make_accounts=True)
    assert [reason for _, reason in states(session, batch)] == [
        "",
        "",
        "no-account",
        "not-a-name",
        "no-account",
    ]
    assert "asha" not in directory.asked  # who is known here is not asked for
    give(session, root, batch)
    assert persons.find(session, "nora").id
    with pytest.raises(InvalidInputError, match="split the list"):
        naming.ask(session, accounts, [f"n{number}" for number in range(501)])


def test_somebody_from_whom_it_was_taken_back_gets_it_where_it_is_said(
    session: Session, site: Site
) -> None:
    root = admin(session)
    _make_people(session, site)
    former = give_one(session, badges.find(session, FIRST), "asha").award
    awards.revoke(session, former, "no", now=NOW)
    batch = show(session, root, ("asha", FIRST), again=True)
    give(session, root, batch)
    assert states(session, batch) == [("done", "")]
    assert sorted(session.scalars(select(Award.occurrence))) == ["", "again-1"]


def test_a_grant_bounds_how_often_a_delegate_gives(session: Session, site: Site) -> None:
    _make_people(session, site, "asha", "boris", "karl")
    make_badge(session, site, "Second")
    dora = member(session, "dora")
    badge = badges.find(session, FIRST)
    session.add(Grant(badge_id=badge.id, person_id=dora.person_id, quota=2, created_at=NOW))
    session.flush()
    lines = [(name, FIRST) for name in ("asha", "boris", "karl")]
    batch = show(session, dora, *lines, ("asha", "second"))
    reasons = [reason for _, reason in states(session, batch)]
    assert reasons == ["", "", "over-quota", "forbidden"]
    other = show(session, dora, ("karl", FIRST))  # shown while two were left
    give(session, dora, batch)
    give(session, dora, other)
    assert states(session, other) == [("refused", "over-quota")]
    assert _count(session) == 2


def test_a_failure_undoes_its_part_and_leaves_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """attacks D1, predecessors 1.1: /award commits and then answers 500."""
    monkeypatch.setattr(batches, "CHUNK", 2)
    with site.database.writing() as session:
        root = admin(session)
        names = [f"p{number}" for number in range(5)]
        _make_people(session, site, *names)
        uuid = show(session, root, *((name, FIRST) for name in names)).uuid
    parts: list[Any] = []
    write = ledgers.write

    def failing(*arguments: Any, **more: Any) -> Any:
        made = write(*arguments, **more)
        parts.append(made)
        if len(parts) == 2:
            raise RuntimeError("the machine is gone")
        return made

    monkeypatch.setattr(ledgers, "write", failing)

    def step() -> bool:
        with site.database.writing() as session:
            return give(session, root, batches.find(session, root, uuid, BatchKind.AWARD))

    assert step()
    with pytest.raises(RuntimeError):
        step()
    with site.database.reading() as session:
        batch = batches.find(session, root, uuid, BatchKind.AWARD)
        assert [state for state, _ in states(session, batch)] == ["done"] * 2 + ["ready"] * 3
        assert _count(session) == 2
        entries = select(func.count()).select_from(AuditEntry).filter_by(action="award.give")
        assert session.scalar(entries) == 1
    assert step()
    assert not step()
    with site.database.reading() as session:
        assert _count(session) == 5


def test_two_admins_give_the_same_list_at_once_and_each_is_told_the_truth(site: Site) -> None:
    names = [f"p{number}" for number in range(12)]
    with site.database.writing() as session:
        _make_people(session, site, *names[:6])
        actors = [admin(session, name) for name in ("root", "rita")]
        both = [
            show(session, actor, *((name, FIRST) for name in order), make_accounts=True).uuid
            for actor, order in zip(actors, (names, names[::-1]), strict=True)
        ]
    barrier, troubles = threading.Barrier(4), []

    def work(place: int) -> None:
        barrier.wait()
        try:
            with site.database.writing() as session:
                actor = actors[place]
                batch = batches.find(session, actor, both[place], BatchKind.AWARD, lock=True)
                give(session, actor, batch)
        except ConflictError:
            troubles.append(place)  # the second of two presses

    threads = [threading.Thread(target=work, args=(place,)) for place in (0, 0, 1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(troubles) == [0, 1]
    with site.database.reading() as session:
        assert _count(session) == len(names)
        told = [
            batches.numbers(session, batches.find(session, actor, uuid, BatchKind.AWARD))
            for actor, uuid in zip(actors, both, strict=True)
        ]
        assert told[0]["done"] + told[1]["done"] == len(names)
        assert [each["done"] + each["refused"] for each in told] == [len(names)] * 2
        assert session.scalar(select(func.count()).select_from(Person)) == len(names) + 2


def test_two_presses_at_once_spend_a_grant_once(site: Site) -> None:
    with site.database.writing() as session:
        _make_people(session, site, "asha", "boris")
        dora = member(session, "dora")
        badge = badges.find(session, FIRST)
        session.add(Grant(badge_id=badge.id, person_id=dora.person_id, quota=1, created_at=NOW))
        session.flush()
        both = [show(session, dora, (name, FIRST)).uuid for name in ("asha", "boris")]
    barrier = threading.Barrier(2)

    def work(place: int) -> None:
        barrier.wait()
        with site.database.writing() as session:
            give(
                session, dora, batches.find(session, dora, both[place], BatchKind.AWARD, lock=True)
            )

    threads = [threading.Thread(target=work, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with site.database.reading() as session:
        assert _count(session) == 1


def test_what_was_only_shown_is_forgotten(session: Session, site: Site) -> None:
    root = admin(session)
    _make_people(session, site, "asha")
    shown = [show(session, root, ("asha", FIRST)) for _ in range(batches.MAX_SHOWN + 2)]
    left = set(session.scalars(select(Batch.id)))
    assert left == {each.id for each in shown[2:]}
    show(session, root, ("asha", FIRST), now=NOW + batches.KEPT)
    assert session.scalar(select(func.count()).select_from(Batch)) == 1
    assert session.scalar(select(func.count()).select_from(BatchLine)) == 1
    batch = show(session, root, ("asha", FIRST), now=NOW + batches.KEPT)
    give(session, root, batch, NOW + batches.KEPT)
    show(session, root, ("asha", FIRST), now=NOW + 80 * batches.KEPT)
    assert session.get(Batch, batch.id)
    show(session, root, ("asha", FIRST), now=NOW + 92 * batches.KEPT)
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Batch)) == 1
    assert _count(session) == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://wiki.example.org/a|b?{c}", "https://wiki.example.org/a%7Cb?%7Bc%7D"),
        ("HTTPS://Example.org/100%", "https://example.org/100%25"),
        ("https://ex\u00e4mple.org/\u00fc", "https://xn--exmple-cua.org/%C3%BC"),
    ],
)
def test_evidence_is_given_as_machines_write_it(
    session: Session, site: Site, typed: str, kept: str
) -> None:
    """What the preview takes can be given: no list is stuck for one letter of an address."""
    root = admin(session)
    _make_people(session, site, "asha")
    batch = show(session, root, ("asha", FIRST, typed))
    give(session, root, batch)
    (made,) = session.scalars(select(Award)).all()
    assert made.evidence == [{"id": kept}]


@pytest.mark.parametrize("address", ["https://a..b/", "javascript:x", "https://x/y z"])
def test_evidence_that_no_reader_would_take_is_refused(
    session: Session, site: Site, address: str
) -> None:
    badge = make_badge(session, site)
    cause = awards.Cause(source="admin", evidence=[{"id": address}])
    with pytest.raises(InvalidInputError, match="needs a web address"):
        give_one(session, badge, "asha", cause=cause)
