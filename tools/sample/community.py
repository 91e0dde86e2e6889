# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of everybody: accounts, wiki, planet, forum, cookies, meetings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tools.sample.drafts import FEDORA, Dice, Draft, stamp
from tools.sample.texts import EDITS, PAGES, POSTS, THREADS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

FIELDS = ("timezone", "locale", "githubusername", "pronoun", "ircnick", "websiteurl")


def login(who: str, at: datetime, number: int) -> Draft:
    """Return the first login of a person."""
    body = {"user": {"username": who, "badges_user_id": number}}
    topic, schema = FEDORA + "badges.person.login.first", "badges.person.login.first.v1"
    return Draft(topic, schema, body, at, (("first-login", who),))


def account(who: str, at: datetime) -> Draft:
    """Return the creation of an account; no badge counts it."""
    body = {"msg": {"agent": who, "user": who}}
    return Draft(FEDORA + "fas.user.create", "noggin.user.create.v1", body, at)


def profile(who: str, at: datetime, dice: Dice) -> Draft:
    """Return an account profile that its owner filled in."""
    fields = list(FIELDS[: 5 + dice.below(2)])
    body = {"msg": {"agent": who, "user": who, "fields": fields}}
    earned = tuple(("profile-complete", who) for _ in fields)
    return Draft(FEDORA + "fas.user.update", "noggin.user.update.v1", body, at, earned)


def sponsorship(agent: str, user: str, group: str, at: datetime) -> Draft:
    """Return that ``agent`` brought ``user`` into a group."""
    body = {"msg": {"agent": agent, "user": user, "group": group}}
    topic, schema = FEDORA + "fas.group.member.sponsor", "noggin.group.member.sponsor.v1"
    return Draft(topic, schema, body, at, (("group-sponsor", agent),))


def wiki(who: str, at: datetime, dice: Dice) -> Draft:
    """Return an edit of a wiki page."""
    title = dice.pick(PAGES)
    page = f"https://wiki.example.org/{title.replace(' ', '_')}"
    revision = 600000 + dice.below(90000)
    body = {
        "title": title,
        "summary": dice.pick(EDITS),
        "minor_edit": dice.below(3) == 0,
        "user": who,
        "url": page,
        "diff_url": f"{page}?diff={revision}",
        "page_url": page,
    }
    topic, schema = FEDORA + "wiki.article.edit", "wiki.article.edit.v1"
    return Draft(topic, schema, body, at, (("wiki-gardener", who),))


def post(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a new post on the Planet."""
    body = {"username": who, "name": who, "post": {"title": dice.pick(POSTS)}}
    topic = FEDORA + "planet.post.new"
    return Draft(topic, "planet.post.new", body, at, (("blogger", who),))


def _discourse(kind: str, event: str, contents: dict[str, Any], dice: Dice) -> dict[str, Any]:
    headers = {
        "X-Discourse-Instance": "https://discussion.fedoraproject.org",
        "X-Discourse-Event-Id": str(1000 + dice.below(90000)),
        "X-Discourse-Event": event,
        "X-Discourse-Event-Type": kind,
        "X-Discourse-Event-Signature": f"sha256={dice.digest(64)}",
    }
    return {"webhook_body": {kind: contents}, "webhook_headers": headers}


def _forum_post(who: str, at: datetime, dice: Dice) -> dict[str, Any]:
    title = dice.pick(THREADS)
    return {
        "id": 80000 + dice.below(9000),
        "username": who,
        "created_at": stamp(at),
        "category_slug": "water-cooler",
        "topic_title": title,
        "topic_slug": title.lower().replace(" ", "-").strip("?"),
    }


def forum(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a new post in the forum."""
    body = _discourse("post", "post_created", _forum_post(who, at, dice), dice)
    topic = FEDORA + "discourse.post.post_created"
    return Draft(topic, "discourse.event.v1", body, at, (("forum-voice", who),))


def like(liker: str, author: str, at: datetime, dice: Dice) -> Draft:
    """Return that somebody liked a post in the forum."""
    contents = {"post": _forum_post(author, at, dice), "user": {"username": liker}}
    body = _discourse("like", "post_liked", contents, dice)
    topic = FEDORA + "discourse.like.post_liked"
    return Draft(topic, "discourse.event.v1", body, at, (("forum-appreciated", author),))


def cookie(giver: str, recipient: str, at: datetime, total: int) -> Draft:
    """Return that somebody gave a cookie."""
    body = {
        "sender": giver,
        "recipient": recipient,
        "total": total,
        "fedora_release": "41",
        "count_by_release": {"41": total},
    }
    topic = "maubot.cookie.give.v1"
    earned = (("cookie-giver", giver), ("cookie-jar", recipient))
    return Draft(FEDORA + topic, topic, body, at, earned)


def meeting(attendees: Sequence[str], chair: str, at: datetime, dice: Dice) -> Draft:
    """Return a recorded meeting that ends at ``at``."""
    log = f"https://meetbot.example.org/{at:%Y-%m-%d}/community.html"
    body = {
        "start_time": stamp(at - timedelta(minutes=45 + dice.below(15))),
        "start_user": chair,
        "end_time": stamp(at),
        "end_user": chair,
        "location": "#community-meeting",
        "meeting_name": "Community round",
        "attendees": [{"name": who, "lines_said": 2 + dice.below(40)} for who in attendees],
        "chairs": [chair],
        "url": log,
        "logs": [{"log_type": "Full log", "log_url": log}],
    }
    earned = (*(("meeting-regular", who) for who in attendees), ("meeting-chair", chair))
    topic = "meetbot.meeting.complete"
    return Draft(FEDORA + topic, topic, body, at, earned)
