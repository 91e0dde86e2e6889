# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of developers: builds, pushes, pull requests, forges, documentation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tools.sample.drafts import FEDORA, Dice, Draft, epoch, stamp
from tools.sample.quality import pagure_user, project
from tools.sample.texts import COMMITS, DOCS, PACKAGES, PATCHES, PROJECTS, VERSIONS

COMPLETE, FAILED = 1, 3
COPR_FAILED, COPR_SUCCEEDED = 0, 1


def koji(who: str, at: datetime, dice: Dice, state: int) -> Draft:
    """Return the end of a build in Koji."""
    name, build = dice.pick(PACKAGES), 2400000 + dice.below(90000)
    url = f"https://koji.example.org/koji/buildinfo?buildID={build}"
    source = f"git+https://src.example.org/rpms/{name}.git#{dice.digest()}"
    body = {
        "name": name,
        "version": dice.pick(VERSIONS),
        "release": f"{1 + dice.below(4)}.fc41",
        "epoch": None,
        "attribute": "state",
        "build_id": build,
        "owner": who,
        "instance": "primary",
        "url": url,
        "task_id": None,
        "task": None,
        "request": [source, "f41-candidate", {}],
        "old": 0,
        "new": state,
        "creation_time": stamp(at - timedelta(minutes=5 + dice.below(40))),
        "completion_time": stamp(at),
    }
    earned: tuple[tuple[str, str], ...] = (("build-breaker", who),)
    if state == COMPLETE:
        earned = (("package-builder", who),)
        if (at.month, at.day) == (2, 29):
            earned += (("leap-day", who),)
    schema = "koji_fedoramessaging.build.BuildStateChangeV1"
    return Draft(FEDORA + "buildsys.build.state.change", schema, body, at, earned)


def build(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a build that succeeded."""
    return koji(who, at, dice, COMPLETE)


def failure(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a build that failed."""
    return koji(who, at, dice, FAILED)


def leap_build(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a build that succeeded on 29 February, at the hour of ``at``."""
    return koji(who, datetime(2024, 2, 29, at.hour, at.minute, tzinfo=UTC), dice, COMPLETE)


def push(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a push to the sources of a package."""
    commit = dice.digest()
    body = {
        "agent": who,
        "forced": False,
        "repo": project(dice.pick(PACKAGES), "rpms", at),
        "old_commit": dice.digest(),
        "branch": "rawhide",
        "authors": [pagure_user(who)],
        "total_commits": 1,
        "start_commit": commit,
        "end_commit": commit,
        "message": dice.pick(COMMITS),
    }
    topic = FEDORA + "pagure.git.receive"
    return Draft(topic, "pagure.git.receive", body, at, (("committer", who),))


def pull_request(who: str, at: datetime, dice: Dice) -> dict[str, Any]:
    """Return a pull request as Pagure describes one."""
    name, number = dice.pick(PROJECTS), 1 + dice.below(300)
    when = epoch(at)
    return {
        "id": number,
        "uid": dice.digest(32),
        "title": dice.pick(PATCHES),
        "full_url": f"https://pagure.example.org/community/{name}/pull-request/{number}",
        "branch": "main",
        "project": project(name, "community", at),
        "branch_from": f"fix-{dice.below(90)}",
        "repo_from": project(name, f"forks/{who}", at),
        "remote_git": None,
        "date_created": when,
        "updated_on": when,
        "last_updated": when,
        "closed_at": None,
        "user": pagure_user(who),
        "assignee": None,
        "status": "Open",
        "commit_start": dice.digest(),
        "commit_stop": dice.digest(),
        "closed_by": None,
        "initial_comment": None,
        "cached_merge_status": "FFORWARD",
        "threshold_reached": None,
        "tags": [],
    }


def pull(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a new pull request, opened on a working day."""
    if at.weekday() in (5, 6):
        at -= timedelta(days=2)
    return _opened(who, at, dice)


def weekend_pull(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a new pull request, opened on the last Saturday."""
    return _opened(who, at - timedelta(days=(at.weekday() - 5) % 7), dice)


def _opened(who: str, at: datetime, dice: Dice) -> Draft:
    earned: tuple[tuple[str, str], ...] = (("patch-bringer", who),)
    if at.weekday() in (5, 6):
        earned += (("weekend-coder", who),)
    body = {"agent": who, "pullrequest": pull_request(who, at, dice)}
    topic = "io.pagure.prod.pagure.pull-request.new"
    return Draft(topic, "pagure.pull-request.new", body, at, earned)


def merge(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a pull request of ``who`` that somebody merged."""
    merger = "sigrun" if who != "sigrun" else "mjolnir"
    request = pull_request(who, at - timedelta(days=2), dice)
    request |= {"status": "Merged", "closed_at": epoch(at), "closed_by": pagure_user(merger)}
    body = {"agent": merger, "pullrequest": request, "merged": True}
    topic = "io.pagure.prod.pagure.pull-request.closed"
    return Draft(topic, "pagure.pull-request.closed", body, at, (("merge-keeper", who),))


def copr(who: str, at: datetime, dice: Dice, *, status: int = COPR_SUCCEEDED) -> Draft:
    """Return the end of a build in Copr."""
    package, number = dice.pick(PACKAGES), 7000000 + dice.below(900000)
    version = f"{dice.pick(VERSIONS)}-1"
    what = f"build end: user:{who} copr:kitchen build:{number} pkg:{package} status:{status}"
    body = {
        "status": status,
        "chroot": "fedora-41-x86_64",
        "owner": who,
        "copr": "kitchen",
        "build": number,
        "pkg": package,
        "version": version,
        "user": who,
        "what": what,
        "ip": None,
        "who": "backend.worker",
        "pid": 1000 + dice.below(30000),
    }
    earned = (("copr-cook", who),) if status == COPR_SUCCEEDED else ()
    return Draft(FEDORA + "copr.build.end", "copr.build.end", body, at, earned)


def documentation(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a merge request in a documentation repository."""
    name, number = dice.pick(DOCS), 1 + dice.below(200)
    home = f"https://gitlab.example.org/fedora/docs/{name}"
    body = {
        "object_kind": "merge_request",
        "user": {"id": 1 + dice.below(900), "name": who, "username": who},
        "project": {"name": name, "web_url": home, "path_with_namespace": f"fedora/docs/{name}"},
        "repository": {"name": name, "homepage": home},
        "object_attributes": {
            "iid": number,
            "action": "open",
            "state": "opened",
            "title": f"Explain it better: {dice.pick(COMMITS).lower()}",
            "url": f"{home}/-/merge_requests/{number}",
            "source_branch": f"words-{number}",
            "target_branch": "main",
        },
        "reviewers": [],
    }
    headers = _gitlab_headers("Merge Request Hook", dice)
    return Draft(
        FEDORA + "gitlab.merge_request",
        "webhook_to_fedora_messaging.gitlab.message_v1",
        {"agent": who, "body": body, "headers": headers},
        at,
        (("docs-author", who),),
    )


def _gitlab_headers(event: str, dice: Dice) -> dict[str, str]:
    return {
        "x-gitlab-event": event,
        "x-gitlab-webhook-uuid": dice.digest(32),
        "x-gitlab-event-uuid": dice.digest(32),
    }


def forgejo(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a push on Forgejo."""
    return _forge("forgejo", who, at, dice)


def github(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a push on GitHub."""
    return _forge("github", who, at, dice)


def gitlab(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a push on GitLab."""
    return _forge("gitlab", who, at, dice)


def _forge(kind: str, who: str, at: datetime, dice: Dice) -> Draft:
    name = dice.pick(PROJECTS)
    home, commit = f"https://{kind}.example.org/community/{name}", dice.digest()
    message, author = dice.pick(COMMITS), {"name": who, "username": who}
    entry = {"id": commit, "message": message, "url": f"{home}/{commit}", "author": author}
    pusher = {"name": who, "login": who, "full_name": "", "html_url": f"{home}/{who}"}
    body = {
        "ref": "refs/heads/main",
        "repository": {"name": name, "full_name": name, "html_url": home, "homepage": home},
        "pusher": pusher,
        "user_username": who,
        "commits": [entry],
    }
    return Draft(
        f"{FEDORA}{kind}.push",
        f"webhook_to_fedora_messaging.{kind}.message_v1",
        {"agent": who, "body": body, "headers": _push_headers(kind, dice)},
        at,
        (("forge-hopper", who),),
    )


def _push_headers(kind: str, dice: Dice) -> dict[str, str]:
    if kind == "gitlab":
        return _gitlab_headers("Push Hook", dice)
    headers = {
        f"x-{kind}-event": "push",
        f"x-{kind}-delivery": dice.digest(32),
        "x-hub-signature": f"sha1={dice.digest()}",
        "x-hub-signature-256": f"sha256={dice.digest(64)}",
    }
    if kind == "github":
        headers["x-github-hook-installation-target-id"] = str(dice.below(10**6))
        headers["x-github-hook-installation-target-type"] = "repository"
    return headers
