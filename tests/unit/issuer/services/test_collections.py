# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.adapters.pictures import draw, read_picture
from issuer.models import Rule
from issuer.services import badges, collections, persons, rule_drafts
from issuer.services.permissions import Actor, Role
from rules.loader import parse
from tests.issuing import BLUE, NOW, RED, make_badge, make_issuer, make_rule

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from issuer.services.collections import SyncReport
    from issuer.site import Site
    from rules import model

PIXEL = draw(read_picture(RED, "red.svg"), 1).content
# Only the header says how many pixels there are.
HUGE = PIXEL.replace(b"\0\0\0\1\0\0\0\1", struct.pack(">II", 20_000, 20_000))
HUGE = HUGE[:29] + struct.pack(">I", zlib.crc32(HUGE[12:29])) + HUGE[33:]
TRIGGER = "trigger: {topic: wiki.edit}\n"
PLACEHOLDER = read_picture(RED, "placeholder")


def sync(session: Session, site: Site, *rules: model.Rule) -> SyncReport:
    issuer = make_issuer(session, site)
    return collections.sync(session, rules, issuer, site.objects, PLACEHOLDER, now=NOW)


def in_file(folder: Path, name: str, image: str) -> model.Rule:
    text = make_rule(TRIGGER, name=name).text.replace("https://example.org/x.png", image)
    return parse(text, source=str(folder / "rule.yml"))


def test_a_rule_becomes_a_badge_and_a_rule_in_force(session: Session, site: Site) -> None:
    assert sync(session, site, make_rule(TRIGGER)).added == ["first-steps"]
    badge = badges.find(session, "first-steps")
    assert (badge.author, badge.discussion_url) == ("somebody", "https://example.org/")
    assert [rule.slug for rule in collections.active_rules(session).rules] == ["first-steps"]


def test_a_change_makes_a_revision(session: Session, site: Site) -> None:
    sync(session, site, make_rule(TRIGGER))
    assert sync(session, site, make_rule(TRIGGER)).unchanged == ["first-steps"]
    changed = make_rule("trigger: {topic: wiki.create}\n")
    assert sync(session, site, changed).changed == ["first-steps"]
    rule = session.scalars(select(Rule)).one()
    assert [revision.number for revision in rule.revisions] == [1, 2]
    (active,) = collections.active_rules(session).rules
    assert active.fingerprint == changed.fingerprint


def test_what_an_admin_put_in_force_stays_until_it_is_given_back(
    session: Session, site: Site
) -> None:
    root = Actor(username="root", roles=frozenset({Role.ADMIN}))
    root = replace(root, person_id=persons.ensure(session, "root", now=NOW).id)
    mine = make_rule("trigger: {topic: wiki.mine}\n").text
    sync(session, site, make_rule(TRIGGER))
    sync_again = make_rule("trigger: {topic: wiki.create}\n")
    rule_drafts.save(session, root, "first-steps", mine, base=1, now=NOW)
    # A draft is nothing to the file: a changed one is in force at once.
    assert sync(session, site, sync_again).changed == ["first-steps"]
    assert in_force(session) == sync_again.text
    rule_drafts.activate(session, root, "first-steps", 2, now=NOW)
    assert sync(session, site, sync_again).kept == ["first-steps"]
    newer = make_rule("trigger: {topic: wiki.newer}\n")
    assert sync(session, site, newer).kept == sync(session, site, newer).kept == ["first-steps"]
    assert in_force(session) == mine
    place = rule_drafts.find(session, root, "first-steps", now=NOW)
    assert place.newest is not None
    assert place.noted is not None
    assert (place.newest.text, place.draft, place.noted.text) == (mine, None, newer.text)
    rule = session.scalars(select(Rule)).one()
    assert [revision.text for revision in rule.revisions][2:] == [sync_again.text, newer.text]
    assert collections.retire(session, "", [], now=NOW) == []
    rule_drafts.follow_file(session, root, "first-steps", now=NOW)
    assert in_force(session) == newer.text
    assert sync(session, site, make_rule(TRIGGER)).changed == ["first-steps"]
    assert collections.retire(session, "", [], now=NOW) == ["first-steps"]


def test_a_file_takes_a_rule_of_which_there_are_only_drafts(session: Session, site: Site) -> None:
    root = Actor(username="root", roles=frozenset({Role.ADMIN}))
    root = replace(root, person_id=persons.ensure(session, "root", now=NOW).id)
    make_badge(session, site)
    mine = make_rule("trigger: {topic: wiki.mine}\n").text
    rule_drafts.save(session, root, "first-steps", mine, base=0, now=NOW)
    assert collections.active_rules(session).rules == ()
    filed = make_rule(TRIGGER)
    assert sync(session, site, filed).changed == ["first-steps"]
    assert in_force(session) == filed.text


def in_force(session: Session) -> str:
    (rule,) = collections.active_rules(session).rules
    return rule.text


def test_the_picture_beside_the_rule_is_taken(session: Session, site: Site, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "art").mkdir()
    (tmp_path / "rules" / "blue.svg").write_bytes(BLUE)
    (tmp_path / "art" / "blue.svg").write_bytes(BLUE)
    rules = [
        in_file(tmp_path / "rules", "Beside", "blue.svg"),
        in_file(tmp_path / "rules", "Next Door", "../art/blue.svg"),
        in_file(tmp_path / "rules", "On The Web", "https://example.org/x.png"),
    ]
    assert sync(session, site, *rules).problems == []
    beside, door, web = (badges.find(session, rule.slug) for rule in rules)
    assert beside.svg_id == door.svg_id != web.svg_id


@pytest.mark.parametrize("image", ["../../x.svg", "/etc/passwd", "link.svg", "absent.svg", "."])
def test_b7_a_picture_from_elsewhere_is_not_taken(
    session: Session, site: Site, tmp_path: Path, image: str
) -> None:
    folder = tmp_path / "collection" / "rules"
    folder.mkdir(parents=True)
    (tmp_path / "x.svg").write_bytes(BLUE)
    (folder / "link.svg").symlink_to(tmp_path / "x.svg")
    report = sync(session, site, in_file(folder, "First", image), make_rule(TRIGGER))
    (problem,) = report.problems
    assert problem.startswith(f"{folder / 'rule.yml'}:")
    assert report.added == ["first-steps"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.png", b"", id="empty"),
        pytest.param("a.png", b"\xff\xd8\xff\xe0" + PIXEL, id="jpeg-before-png"),
        pytest.param("a.png", PIXEL + b"\xff\xd8\xff\xe0", id="jpeg-behind-png"),
        pytest.param("a.png", HUGE, id="20000x20000"),
        pytest.param("a.svg", PIXEL, id="wrong-extension"),
        pytest.param("a.png", RED, id="wrong-extension-of-a-drawing"),
        pytest.param("a.svg", RED.replace(b"<circle", b"<script/><circle"), id="script"),
    ],
)
def test_b7_a_picture_that_is_not_safe_is_refused_and_nothing_is_written(
    session: Session, site: Site, tmp_path: Path, name: str, content: bytes
) -> None:
    folder = tmp_path / "collection"
    folder.mkdir()
    (folder / name).write_bytes(content)
    report = sync(session, site, in_file(folder, "First", name))
    (problem,) = report.problems
    assert name in problem
    assert not list(site.objects.folder.rglob("*.*")) + list(site.objects.folder.glob("??/*"))
    assert session.scalars(select(Rule)).all() == []


def test_one_that_cannot_be_taken_leaves_nothing_behind(
    session: Session, site: Site, tmp_path: Path
) -> None:
    level = "series: {name: Row, level: 1}\n"
    report = sync(
        session, site, make_rule(TRIGGER + level, name="A"), make_rule(TRIGGER + level, name="B")
    )
    assert report.added == ["a"]
    assert len(report.problems) == 1
    assert [rule.slug for rule in session.scalars(select(Rule))] == ["a"]


def test_progress_is_told_for_each(session: Session, site: Site) -> None:
    steps: list[int] = []
    issuer = make_issuer(session, site)
    collections.sync(
        session,
        [make_rule(TRIGGER, name="A"), make_rule(TRIGGER, name="B")],
        issuer,
        site.objects,
        PLACEHOLDER,
        now=NOW,
        progress=lambda: steps.append(1),
    )
    assert len(steps) == 2


def test_a_rule_that_this_version_cannot_read_is_left_out_and_says_why(
    session: Session, site: Site
) -> None:
    sync(session, site, make_rule(TRIGGER, name="A"), make_rule(TRIGGER, name="B"))
    broken = session.scalars(select(Rule).filter_by(slug="a")).one()
    broken.revisions[-1].text = "trigger: {unknown: word}"
    session.flush()
    assert [rule.slug for rule in collections.active_rules(session).rules] == ["b"]
    assert broken.last_failure


def test_a_rule_that_was_switched_off_stays_off(session: Session, site: Site) -> None:
    sync(session, site, make_rule(TRIGGER))
    session.scalars(select(Rule)).one().active = False
    session.flush()
    sync(session, site, make_rule(TRIGGER))
    assert collections.active_rules(session).rules == ()


def test_two_badges_change_places_in_their_series(session: Session, site: Site) -> None:
    def placed(first: int, second: int) -> list[str]:
        rules = [
            make_rule(TRIGGER + f"series: {{slug: row, name: Row, level: {level}}}\n", name=name)
            for name, level in (("First", first), ("Second", second))
        ]
        return sync(session, site, *rules).problems

    assert placed(1, 2) == []
    assert placed(2, 1) == []
