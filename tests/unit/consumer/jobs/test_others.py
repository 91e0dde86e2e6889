# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs that ask other sites, and those that read lists: mirror, libravatar, old-school."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from consumer.jobs.avatars import Libravatar
from consumer.jobs.grants import OldSchool
from consumer.jobs.mirrors import Mirror
from issuer.adapters import avatars
from issuer.services import crowds
from issuer.services.emails import portrait_hash
from tests.services.fasjson import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.fasjson import FasJsonSimulator
    from tests.services.pages import Pages
    from tests.unit.consumer.jobs.community import Community


@pytest.fixture
def mirrored(small: Community, web: Pages, directory: FasJsonSimulator) -> Community:
    """A site that asks a list of mirror administrators."""
    small.use(directory)
    for name in ("asha", "ben", "chidi"):
        directory.add(name)
    small.badges("mirror")
    small.settings |= {"mirror_url": f"{web.url}/admins", "mirror_badge": "mirror"}
    web.answers["/admins"] = (200, json.dumps({"admins": ["ben", "asha", "stranger"]}).encode())
    return small


def test_administrators_of_mirrors_who_have_an_account_get_it(
    mirrored: Community, web: Pages, directory: FasJsonSimulator
) -> None:
    web.faults = [503, 429]
    ended = mirrored.run(Mirror())
    assert ended.given == [("mirror", "asha"), ("mirror", "ben")]
    assert ended.tally.skipped == {"have no account": 1}
    directory.asked.clear()
    assert mirrored.run(Mirror()).tally.awarded == 0
    assert directory.asked_for("asha") == 0
    directory.lasting |= {"chidi": Fault(503), "accolades-probe": Fault(503)}
    web.answers["/admins"] = (200, json.dumps({"admins": ["ben", "chidi"]}).encode())
    assert mirrored.run(Mirror()).trouble == "accounts: FASJSON answers users/chidi/ with 503"
    directory.lasting.clear()
    assert mirrored.run(Mirror()).given == [("mirror", "chidi")]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((503, b""), "answers with 503: asked 4 times"),
        ((404, b""), "answers with 404: check mirror_url"),
        ((200, b"<html>"), "is not JSON"),
        ((200, b'{"admins": [{}]}'), "has no list 'admins' of names"),
        ((200, b" " * (2 << 20)), "bytes"),
    ],
    ids=["broken", "missing", "page", "other-document", "too-large"],
)
def test_a_list_that_is_none_is_told_and_nothing_is_given(
    small: Community, web: Pages, answer: tuple[int, bytes], reason: str
) -> None:
    small.badges("mirror")
    small.settings |= {"mirror_url": f"{web.url}/admins", "mirror_badge": "mirror"}
    web.answers["/admins"] = answer
    ended = small.run(Mirror())
    assert reason in ended.trouble
    assert small.awards() == []


def test_what_is_no_name_on_a_list_is_one_line(community: Community, web: Pages) -> None:
    community.badges("mirror")
    community.settings |= {"mirror_url": f"{web.url}/admins", "mirror_badge": "mirror"}
    listed = ["asha", None, "a\0b", "zoe", "\ud800", {"name": "ben"}, "x" * 70_000, "\U00010000"]
    web.answers["/admins"] = (200, json.dumps({"admins": listed}).encode())
    ended = community.run(Mirror())
    assert (ended.trouble, ended.given) == ("", [("mirror", "asha"), ("mirror", "zoe")])
    assert ended.tally.lines[:3] == [
        "None: is no name of an account",
        "{'name': 'ben'}: is no name of an account",
        "'a\\x00b': is no name of an account",
    ]
    assert len(ended.tally.lines) == len(listed) - 2


@pytest.mark.slow
def test_a_list_of_any_length_is_looked_at(community: Community, tmp_path: Path) -> None:
    community.badges("veteran")
    listed = tmp_path / "veterans"
    listed.write_text("\n".join(f"person{number}" for number in range(70_000)), "utf-8")
    community.settings["grant_lists"] = {"veteran": listed}
    ended = community.run(OldSchool(), dry_run=True)
    assert (ended.trouble, ended.tally.looked_at) == ("", 70_000)


def test_whoever_shows_a_picture_gets_it_and_nobody_else_is_asked_for(
    community: Community, web: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "BATCH", 2)
    community.badges("face")
    for name in ("asha", "ben", "chidi", "dora", "eve"):
        community.people([name], avatar_hash=portrait_hash(f"{name}@example.org"))
    community.people(["quiet"])
    community.people(["dora"], opted_out=True)
    community.settings |= {"avatar_url": f"{web.url}/avatar", "avatar_badge": "face"}
    for name, status in (("asha", 200), ("ben", 404), ("chidi", 400), ("eve", 200)):
        web.answers[f"/avatar/{portrait_hash(f'{name}@example.org')}"] = (status, b"x")
    web.faults = [None, None, None, *[503] * 8]  # nor is there an answer for nobody
    ended = community.run(Libravatar())
    assert "answers with 503: asked 4 times" in ended.trouble
    assert ended.tally.lines == ["chidi: the service of pictures answers with 400"]
    assert community.awards() == [("face", "asha")]
    ended = community.run(Libravatar())
    assert (ended.trouble, ended.given) == ("", [("face", "eve")])
    web.asked.clear()
    assert community.run(Libravatar()).tally.awarded == 0
    assert len(web.asked) == 2, "those who have it are not asked for again"
    community.settings["avatar_everybody"] = True
    web.answers[f"/avatar/{portrait_hash('quiet@fedoraproject.org')}"] = (200, b"x")
    assert community.run(Libravatar()).given == [("face", "quiet")]


def test_a_picture_that_cannot_be_had_is_one_line_and_a_page_is_none(
    small: Community, web: Pages
) -> None:
    small.badges("face")
    small.settings |= {"avatar_url": web.url, "avatar_badge": "face"}
    names = ("asha", "ben", "chidi", "dora", "eve")
    broken, page, nameless, good, svg = (portrait_hash(f"{name}@example.org") for name in names)
    for name in names:
        small.people([name], avatar_hash=portrait_hash(f"{name}@example.org"))
    web.answers |= {
        f"/{broken}": (500, b""),
        f"/{page}": (200, b"<html>"),
        f"/{nameless}": (200, b" <!doctype html>"),
        f"/{good}": (200, b"x"),
        f"/{svg}": (200, b"<svg/>"),
    }
    web.kinds |= {f"/{page}": "text/html; charset=utf-8", f"/{svg}": "image/svg+xml"}
    ended = small.run(Libravatar())
    assert (ended.trouble, ended.given) == ("", [("face", "dora"), ("face", "eve")])
    assert [line.partition(": ")[0] for line in ended.tally.lines] == ["asha", "ben", "chidi"]
    assert "answers with 500" in ended.tally.lines[0]
    assert "answers with text/html and no picture" in ended.tally.lines[1]
    assert broken not in str(small.last("libravatar").report)
    web.answers |= {f"/{avatars.PROBE}": (200, b"<html>")}
    small.people(["gill"], avatar_hash=broken)
    ended = small.run(Libravatar())
    assert "answers with a page and no picture: check avatar_url" in ended.trouble


def test_the_service_of_pictures_is_asked_at_a_polite_rate(
    small: Community, web: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.badges("face")
    small.people(["asha", "ben", "chidi"], avatar_hash="0" * 64)
    pauses: list[float] = []
    monkeypatch.setattr("consumer.jobs.avatars.time.sleep", pauses.append)
    small.settings |= {"avatar_url": web.url, "avatar_badge": "face", "avatar_seconds": 1.5}
    small.run(Libravatar())
    assert (pauses, len(web.asked)) == ([1.5, 1.5], 3)


def test_lists_grant_badges_to_those_who_have_an_account(
    small: Community, directory: FasJsonSimulator, tmp_path: Path
) -> None:
    small.use(directory)
    directory.add("asha")
    directory.add("ben")
    small.badges("veteran", "founder")
    listed, other = tmp_path / "veterans", tmp_path / "founders"
    text = "# from the first year\nasha\n\nasha  # twice\nstranger\n"
    listed.write_text(text, "utf-8-sig")
    other.write_bytes(b"\xff\xfe")
    small.settings["grant_lists"] = {
        "veteran": listed,
        "founder": other,
        "no-such": listed,
        "veteran-too": tmp_path / "missing",
    }
    ended = small.run(OldSchool())
    assert small.awards() == [("veteran", "asha")]
    assert ended.tally.skipped["have no account"] == 1
    assert [line.partition(": ")[2] for line in ended.tally.lines] == [
        "not a list of names: not UTF-8",
        "there is none: run 'accolades rules sync', or name another in the settings",
        "cannot be read: No such file or directory",
    ]
    with listed.open("a") as file:
        file.write("ben\n")
    assert small.run(OldSchool()).given == [("veteran", "ben")]
