# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of rarer deeds: elections, events, wallpapers, playbooks, calendars, mappings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tools.sample.drafts import FEDORA, Dice, Draft
from tools.sample.texts import EVENTS, PACKAGES, PLAYBOOKS, VERSIONS, WALLPAPERS

if TYPE_CHECKING:
    from datetime import datetime


def playbook(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a playbook that ran to its end."""
    outcome = {"ok": 20 + dice.below(60), "changed": dice.below(5), "failures": 0}
    body = {
        "userid": who,
        "playbook": f"/srv/playbooks/{dice.pick(PLAYBOOKS)}",
        "results": {"host01.example.org": {**outcome, "skipped": 3, "unreachable": 0}},
    }
    topic = "ansible.playbook.complete"
    return Draft(FEDORA + topic, topic, body, at, (("playbook-conductor", who),))


def wallpaper(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a wallpaper that was submitted."""
    body = {"agent": who, "thing": {"id": 1 + dice.below(500), "name": dice.pick(WALLPAPERS)}}
    return Draft(FEDORA + "nuancier.new", "nuancier.new", body, at, (("wallpaper-artist", who),))


def calendar(who: str, at: datetime, dice: Dice) -> Draft:
    """Return a meeting that was put on the calendar."""
    day = (at + timedelta(days=7)).strftime("%Y-%m-%d")
    body = {
        "agent": who,
        "calendar": {
            "calendar_name": "community",
            "calendar_contact": f"{who}@example.org",
            "calendar_description": "Everything that has a date",
            "calendar_editor_group": None,
            "calendar_admin_group": None,
            "calendar_status": "Enabled",
        },
        "meeting": {
            "meeting_id": 1 + dice.below(9000),
            "meeting_name": "Community round",
            "meeting_manager": [who],
            "meeting_date": day,
            "meeting_date_end": day,
            "meeting_time_start": "14:00:00",
            "meeting_time_stop": "15:00:00",
            "meeting_timezone": "UTC",
            "meeting_information": "Bring a question",
            "meeting_location": "#community-meeting",
            "calendar_name": "community",
        },
    }
    topic = "fedocal.meeting.new"
    return Draft(FEDORA + topic, topic, body, at, (("calendar-keeper", who),))


def candidacy(who: str, at: datetime, dice: Dice) -> Draft:
    """Return that somebody stands in an election."""
    name = f"council-{at.year}-{dice.below(90)}"
    body = {
        "agent": who,
        "election": {
            "shortdesc": "Council",
            "alias": name,
            "description": "One seat of the council",
            "url": f"https://elections.example.org/{name}",
            "start_date": (at + timedelta(days=14)).strftime("%Y-%m-%d"),
            "end_date": (at + timedelta(days=28)).strftime("%Y-%m-%d"),
            "embargoed": 1,
            "voting_type": "range",
        },
        "candidate": {"name": who, "fas_name": who, "url": f"https://wiki.example.org/User:{who}"},
    }
    topic = "fedora_elections.candidate.new"
    return Draft(FEDORA + topic, topic, body, at, (("election-candidate", who),))


def check_in(who: str, at: datetime, dice: Dice) -> Draft:
    """Return that somebody passed the door of an event."""
    body = {
        "notification_id": 1000 + dice.below(90000),
        "organizer": "community",
        "event": dice.pick(EVENTS),
        "code": dice.digest(5).upper(),
        "action": "pretix.event.checkin",
        "orderposition_id": 100 + dice.below(900),
        "orderposition_positionid": 1,
        "checkin_list": 4,
        "type": "entry",
        "attendee_name": who,
        "instance_url": "https://tickets.example.org",
    }
    return Draft(
        FEDORA + "pretix.event.checkin",
        "webhook_to_fedora_messaging.pretix.message_v1",
        {"agent": who, "body": body, "headers": {}},
        at,
        (("event-check-in", who),),
    )


def mapping(who: str, at: datetime, dice: Dice) -> Draft:
    """Return that an upstream project was mapped to a package."""
    package, version = dice.pick(PACKAGES), dice.pick(VERSIONS)
    home = f"https://upstream.example.org/{package}"
    message = {"agent": who, "distro": "Fedora", "project": package, "new": package}
    upstream = {
        "backend": "custom",
        "created_on": at.timestamp(),
        "ecosystem": home,
        "homepage": home,
        "id": 1000 + dice.below(90000),
        "name": package,
        "regex": None,
        "updated_on": at.timestamp(),
        "version": version,
        "version_url": None,
        "versions": [version],
    }
    body = {"distro": {"name": "Fedora"}, "message": message, "project": upstream}
    topic = "org.release-monitoring.prod.anitya.project.map.new"
    return Draft(topic, "anitya.project.map.new", body, at, (("upstream-mapper", who),))
