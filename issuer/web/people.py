# SPDX-License-Identifier: AGPL-3.0-or-later
"""A person: the page, JSON, the feed, and two people beside each other."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, request, url_for

from issuer.addresses import Addresses
from issuer.errors import InvalidInputError
from issuer.services import comparing, feeds, profiles, progress, trophies
from issuer.services.spans import FIRST_YEAR
from issuer.site import current_site, db_session
from issuer.web.answers import public_json
from issuer.web.atom import Feed, award_entry
from issuer.web.calendars import calendar

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.services.cards import AwardCard, Listing
    from issuer.services.profiles import Profile
    from issuer.web.calendars import Calendar

blueprint = Blueprint("people", __name__)

VIEWS = ("time", "tag", "series", "history")
YEARS = 12
YEAR = re.compile(r"[0-9]{4}", re.ASCII)
GOALS = 6


@blueprint.get("/people/<username>")
def person(username: str) -> str | Response:
    """Show a person and their badges; a former name leads to the present one."""
    session = db_session()
    profile = profiles.profile(session, username)
    if profile.person.username != username:
        return redirect(Addresses("").person(profile.person.username))
    view = request.args.get("by", "")
    view = view if view in VIEWS else "time"
    tag, after = request.args.get("tag", "").strip(), request.args.get("after", "")
    listing: Listing[Any]
    if view == "tag" and not tag:
        listing = trophies.by_tag(session, profile.person, after)
    elif view == "series":
        listing = trophies.by_series(session, profile.person, after)
    else:
        listing = trophies.in_time(session, profile.person, tag=tag, after=after)
    # A later part of the list is the list alone.
    whole = not after and not tag
    return render_template(
        "people/page.html",
        profile=profile,
        view=view,
        tag=tag,
        whole=whole,
        highlights=profiles.highlights(session, profile) if whole else None,
        goals=progress.nearest(session, profile.person.key, GOALS) if whole else (),
        calendar=_calendar(profile) if whole else None,
        years=_years(profile),
        listing=listing,
    )


@blueprint.get("/people/<username>/badges.json")
def badges_json(username: str) -> Response:
    """Answer a person and their badges as JSON, a part at a time."""
    session = db_session()
    profile = profiles.profile(session, username)
    listing = trophies.in_time(
        session, profile.person, after=request.args.get("after", ""), limit=100
    )
    known, addresses = profile.person, _addresses()
    own = addresses.base_url + url_for("people.badges_json", username=known.username)
    return public_json(
        {
            "username": known.username,
            "name": known.display_name or known.username,
            "url": addresses.person(known.username),
            "badges": profile.badges,
            "points": profile.points,
            "rank": profile.rank or None,
            "people": profile.people,
            "percentile": round(profile.percentile, 2),
            "awards": [_award(card, addresses) for card in listing.items],
            "next": f"{own}?after={listing.after}" if listing.after else None,
        }
    )


@blueprint.get("/people/<username>/feed.atom")
def feed(username: str) -> Response:
    """Answer the newest awards of a person as a feed."""
    session = db_session()
    known, addresses = profiles.profile(session, username).person, _addresses()
    listing = feeds.awards_of_person(session, known, request.args.get("after", ""))
    return Feed(
        title=f"Badges of {known.display_name or known.username}",
        page=addresses.person(known.username),
        own=addresses.base_url + url_for("people.feed", username=known.username),
        after=listing.after,
        entries=[award_entry(card, addresses) for card in listing.items],
    ).answer()


@blueprint.get("/diff")
def diff() -> str:
    """Compare two people; with one name or none, ask for the other."""
    names = [request.args.get(name, "").strip() for name in ("a", "b")]
    if not all(names):
        return render_template("people/diff.html", names=names, people=None)
    session = db_session()
    first, second = (profiles.profile(session, name) for name in names)
    if first.person is second.person:
        raise InvalidInputError(
            "person %(person)r: cannot be compared with themselves", person=names[0]
        )
    return render_template(
        "people/diff.html",
        names=[first.person.username, second.person.username],
        people=(first, second),
        compared=comparing.compare(session, first, second, request.args.get("after", "")),
    )


def _calendar(profile: Profile) -> Calendar:
    today = datetime.now(UTC).date()
    first, last = profiles.year_before(today), today
    year = request.args.get("year", "")
    if YEAR.fullmatch(year) and FIRST_YEAR <= int(year) <= today.year:
        first, last = date(int(year), 1, 1), date(int(year), 12, 31)
    found = profiles.days(db_session(), profile.person, first, last)
    return calendar(found, first, min(last, today) if last.year == today.year else last)


def _years(profile: Profile) -> list[int]:
    today = datetime.now(UTC)
    first = max(profile.person.created_at.year, today.year - YEARS + 1)
    return list(range(today.year, first - 1, -1))


def _award(card: AwardCard, addresses: Addresses) -> dict[str, Any]:
    return {
        "badge": {
            "name": card.badge.name,
            "description": card.badge.description,
            "url": addresses.badge(card.badge.slug),
            "image": addresses.badge_image(card.badge.slug, card.badge.version),
        },
        "issued_at": card.issued_at.isoformat(),
        "assertion": addresses.assertion(card.uuid),
        "why": card.why or None,
    }


def _addresses() -> Addresses:
    return Addresses(current_site().settings.base_url)
