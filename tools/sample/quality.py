# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of testers: update feedback, kernel tests, bug reports, issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.sample.drafts import FEDORA, Dice, Draft, epoch
from tools.sample.texts import (
    BUGS,
    COMPLAINTS,
    ISSUES,
    PACKAGES,
    PRAISE,
    PROJECTS,
    RELEASES,
    REMARKS,
    VERSIONS,
)

if TYPE_CHECKING:
    from datetime import datetime

SUBMITTERS = ("mjolnir", "oskari", "eszter", "pavlina", "dmitar", "farid")


def comment(who: str, at: datetime, dice: Dice, *, karma: int, text: str) -> Draft:
    """Return a comment on an update; karma other than zero is a verdict."""
    nvr = f"{dice.pick(PACKAGES)}-{dice.pick(VERSIONS)}-{1 + dice.below(3)}.fc41"
    submitter = dice.pick([name for name in SUBMITTERS if name != who])
    update = {
        "alias": f"FEDORA-{at.year}-{dice.digest(10)}",
        "builds": [{"nvr": nvr}],
        "release": {"name": dice.pick(RELEASES)},
        "request": None,
        "status": "testing",
        "user": {"name": submitter},
    }
    body = {
        "comment": {
            "karma": karma,
            "text": text,
            "timestamp": at.strftime("%Y-%m-%d %H:%M:%S"),
            "update": update,
            "user": {"name": who},
        }
    }
    topic, schema = FEDORA + "bodhi.update.comment", "bodhi.update.comment.v1"
    return Draft(topic, schema, body, at, _verdicts(who, at, karma))


def _verdicts(who: str, at: datetime, karma: int) -> tuple[tuple[str, str], ...]:
    """Return what a comment counts for: its karma and its hour decide."""
    if not karma:
        return ()
    badges = ["update-tester"]
    if karma < 0:
        badges.append("brake-puller")
    if at.hour in range(4):
        badges.append("night-owl")
    if at.hour in (5, 6):
        badges.append("early-bird")
    return tuple((badge, who) for badge in badges)


def test(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a good verdict on an update."""
    return comment(who, at, dice, karma=1, text=dice.pick(PRAISE))


def brake(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a bad verdict on an update."""
    return comment(who, at, dice, karma=-1, text=dice.pick(COMPLAINTS))


def remark(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a comment without a verdict; it awards nobody."""
    return comment(who, at, dice, karma=0, text=dice.pick(REMARKS))


def kernel(who: str, at: datetime, dice: Dice, *, authenticated: bool = True) -> Draft:
    """Return an upload of kernel test results."""
    version = f"6.{5 + dice.below(9)}.{dice.below(12)}-{100 + dice.below(200)}.fc41.x86_64"
    body = {
        "agent": who,
        "test": {
            "arch": "x86_64",
            "authenticated": authenticated,
            "failed_tests": "None",
            "fedora_version": "41",
            "kernel_version": version,
            "result": "PASS",
            "testdate": at.strftime("%Y-%m-%d %H:%M:%S"),
            "tester": who,
            "testset": dice.pick(("default", "performance")),
        },
    }
    earned = (("kernel-tester", who),) if authenticated else ()
    return Draft(FEDORA + "kerneltest.upload.new", "kerneltest.upload.new.v1", body, at, earned)


def bug(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a new bug in Bugzilla."""
    package, number = dice.pick(PACKAGES), 2300000 + dice.below(90000)
    seconds = at.timestamp()
    person = {"id": 1000 + dice.below(9000), "login": f"{who}@example.org", "real_name": who}
    blank = dict.fromkeys(("resolution", "url", "whiteboard"), "")
    bug_body: dict[str, Any] = {
        "alias": [],
        "assigned_to": {"id": 17, "login": "owner@example.org", "real_name": "Package owner"},
        "classification": "Fedora",
        "component": {"id": 10 + dice.below(900), "name": package},
        "creation_time": seconds,
        "flags": [],
        "id": number,
        "is_private": False,
        "keywords": [],
        "last_change_time": seconds,
        "operating_system": "Linux",
        "platform": "x86_64",
        "priority": "unspecified",
        "product": {"id": 49, "name": "Fedora"},
        "qa_contact": {"id": 5, "login": "qa@example.org", "real_name": "Quality"},
        "reporter": person,
        "severity": dice.pick(("low", "medium", "high")),
        "status": {"id": 1, "name": "NEW"},
        "summary": f"{package} {dice.pick(BUGS)}",
        "version": {"id": 41, "name": "41"},
        **blank,
    }
    event = {
        "action": "create",
        "bug_id": number,
        "change_set": f"{number}.{int(seconds)}",
        "routing_key": "bug.create",
        "target": "bug",
        "time": seconds,
        "user": person,
    }
    body = {"bug": bug_body, "event": event, "agent_name": who, "usernames": [who]}
    return Draft(
        FEDORA + "bugzilla.bug.new", "bugzilla2fedmsg.messageV1", body, at, (("bug-reporter", who),)
    )


def pagure_user(who: str) -> dict[str, str]:
    """Return a person as Pagure describes one."""
    return {
        "name": who,
        "fullname": who,
        "url_path": f"user/{who}",
        "full_url": f"https://pagure.example.org/user/{who}",
    }


def project(name: str, namespace: str | None, at: datetime) -> dict[str, Any]:
    """Return a project as Pagure describes one."""
    path = f"{namespace}/{name}" if namespace else name
    return {
        "id": 100 + len(path),
        "name": name,
        "fullname": path,
        "url_path": path,
        "full_url": f"https://pagure.example.org/{path}",
        "description": f"Sources of {name}",
        "namespace": namespace,
        "date_created": "1600000000",
        "date_modified": epoch(at),
        "user": pagure_user("sigrun"),
        "tags": [],
        "close_status": [],
        "milestones": {},
    }


def issue(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a new issue on Pagure."""
    name, number = dice.pick(PROJECTS), 1 + dice.below(400)
    body = {
        "agent": who,
        "project": project(name, "community", at),
        "issue": {
            "id": number,
            "full_url": f"https://pagure.example.org/community/{name}/issue/{number}",
            "title": dice.pick(ISSUES),
            "content": "It happens every time. Steps and a picture are attached.",
            "status": "Open",
            "close_status": None,
            "date_created": epoch(at),
            "last_updated": epoch(at),
            "closed_at": None,
            "user": pagure_user(who),
            "private": False,
            "tags": [],
            "depends": [],
            "blocks": [],
            "assignee": None,
            "milestone": None,
            "closed_by": None,
            "related_prs": [],
        },
    }
    topic = "io.pagure.prod.pagure.issue.new"
    return Draft(topic, "pagure.issue.new", body, at, (("issue-spotter", who),))
