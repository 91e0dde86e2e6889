# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages where badges are found: the catalogue with its search, tags and series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, render_template, request

from issuer.access import current_actor
from issuer.addresses import Addresses
from issuer.services import catalogue, rarity, searching
from issuer.services.catalogue import Wanted
from issuer.site import db_session

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.services.cards import BadgeCard, PersonCard

blueprint = Blueprint("exploring", __name__)

SUGGESTED = 5
PEOPLE = 6
LEVELS = 12


@blueprint.get("/explore")
@blueprint.get("/badges")
def explore() -> str:
    """Show the catalogue, or what a search and filters leave of it."""
    return _page("explore/page.html", _wanted())


@blueprint.get("/tags/<path:name>")
def tag(name: str) -> str:
    """Show the badges of a tag; raise `NotFoundError`."""
    return _page("explore/page.html", _wanted(tag=catalogue.tag(db_session(), name)))


@blueprint.get("/tags")
def tags() -> str:
    """Show all tags."""
    return render_template("explore/tags.html", tags=catalogue.tags(db_session()))


@blueprint.get("/series")
def all_series() -> str:
    """Show all series, each as a row of pictures."""
    found = catalogue.all_series(db_session(), after=request.args.get("after", ""))
    return render_template("explore/all_series.html", found=found)


@blueprint.get("/series/<slug>")
def series(slug: str) -> str:
    """Show a series as a path, and how far whoever looks has come."""
    me = current_actor().key
    found = catalogue.one_series(db_session(), slug, me=me)
    people = catalogue.number_of_people(db_session())
    return render_template("explore/series.html", series=found, people=people, me=me)


@blueprint.get("/explore/suggestions")
def suggestions() -> Response:
    """Name badges and people that fit what was typed so far."""
    query, session, paths = request.args.get("q", ""), db_session(), Addresses("")
    items: list[dict[str, Any]] = [
        {
            "kind": "badge",
            "name": card.name,
            "address": paths.badge(card.slug),
            "image": picture(card),
        }
        for card in searching.badges(session, query, SUGGESTED)
    ]
    for person in searching.people(session, query, SUGGESTED):
        item = {"kind": "person", "name": person.name, "address": paths.person(person.username)}
        if person.has_portrait:
            item["image"] = paths.portrait(person.username, small=True)
        items.append(item)
    response = jsonify(items=items)
    response.headers["Cache-Control"] = "public, max-age=30"
    return response


def picture(card: BadgeCard) -> str:
    """Return the path of the newest picture of a badge: its drawing where there is one."""
    suffix = ".svg" if card.svg_id else ""
    return Addresses("").badge_image(card.slug, card.version) + suffix


def _wanted(tag: str = "") -> Wanted:
    asked = request.args
    query = asked.get("q", "").strip()[: searching.MAX_QUERY]
    level = asked.get("level", "")
    return Wanted(
        query=query,
        words=searching.words(query),
        tag=tag or asked.get("tag", "").strip(),
        series=asked.get("series", "").strip(),
        rarity=asked.get("rarity", ""),
        level=int(level) if level in {str(n) for n in range(1, LEVELS + 1)} else 0,
        mine=asked.get("mine", ""),
        sort=asked.get("sort", ""),
        after=asked.get("after", ""),
        me=current_actor().key,
    )


def _page(template: str, wanted: Wanted) -> str:
    session = db_session()
    people = catalogue.number_of_people(session)
    found = catalogue.find(session, wanted, people)
    tag_names, series_names = catalogue.choices(session)
    persons: tuple[PersonCard, ...] = ()
    if wanted.words and not wanted.after:
        persons = searching.people(session, wanted.query, PEOPLE)
    return render_template(
        template,
        found=found,
        wanted=wanted,
        people=people,
        persons=persons,
        tag_names=tag_names,
        series_names=series_names,
        bands=rarity.NAMES,
        levels=LEVELS,
        asked=_asked(wanted),
    )


def _asked(wanted: Wanted) -> dict[str, str]:
    """Return what an address has to say to ask for the same again."""
    values = {
        "q": wanted.query,
        "tag": "" if request.endpoint == "exploring.tag" else wanted.tag,
        "series": wanted.series,
        "rarity": wanted.rarity,
        "level": str(wanted.level or ""),
        "mine": wanted.mine if wanted.me else "",
        "sort": wanted.sort,
    }
    return {name: value for name, value in values.items() if value}
