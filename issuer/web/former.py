# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of Tahrir: each leads to what took its place, or answers as it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request, url_for

from issuer.addresses import Addresses
from issuer.errors import GoneError, InvalidInputError, NotFoundError
from issuer.services import former, profiles, rarity, spans
from issuer.services.leaderboards import Wanted
from issuer.site import current_site, db_session
from issuer.web import boards
from issuer.web.answers import public_json
from issuer.web.errors import prefers_html

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from issuer.services.former import OldAssertion
    from issuer.services.leaderboards import Board

blueprint = Blueprint("former", __name__)

#: Moved for good, and with the same method.
MOVED = 308
MAX_LIMIT = 100
DEFAULT_LIMIT = 25


@blueprint.get("/badge/<path:badge_id>")
def badge(badge_id: str) -> Response:
    """Lead to the page of a badge."""
    return _to_badge(badge_id.removesuffix("/full").removesuffix("/stl"))


@blueprint.get("/badge/<path:badge_id>/rss")
def badge_feed(badge_id: str) -> Response:
    """Lead to the feed of a badge."""
    slug = former.slug_of(db_session(), badge_id)
    return redirect(url_for("feeds.badge", slug=slug), MOVED)


@blueprint.get("/badge/<path:badge_id>/json")
def badge_json(badge_id: str) -> Response:
    """Answer the facts of a badge."""
    found, addresses = former.badge(db_session(), badge_id), _addresses()
    share = 100 * rarity.rarity(found.holders, found.people).share
    first, last = found.first, found.last
    return public_json(
        {
            "id": found.legacy_id,
            "name": found.name,
            "description": found.description,
            "image": addresses.badge_image(found.slug),
            "tags": found.tags,
            "times_awarded": found.holders,
            "percent_earned": share,
            "first_awarded": int(first[0].timestamp()) if first else None,
            "first_awarded_person": first[1] if first else None,
            "last_awarded": int(last[0].timestamp()) if last else None,
            "last_awarded_person": last[1] if last else None,
        }
    )


@blueprint.get("/user/<username>")
def user(username: str) -> Response:
    """Lead to the page of a person."""
    person = profiles.profile(db_session(), username).person
    return redirect(Addresses("").person(person.username), MOVED)


@blueprint.get("/user/<username>/rss")
def user_feed(username: str) -> Response:
    """Lead to the feed of a person."""
    person = profiles.profile(db_session(), username).person
    return redirect(url_for("people.feed", username=person.username), MOVED)


@blueprint.get("/user/<username>/json")
def user_json(username: str) -> Response:
    """Answer a person and their badges."""
    session, addresses = db_session(), _addresses()
    profile = profiles.profile(session, username)
    # Retired badges are held, but no longer in the catalogue.
    share = min(100 * profile.badges / profile.catalogue, 100.0) if profile.catalogue else 0.0
    return public_json(
        {
            "user": profile.person.username,
            "avatar": addresses.portrait(profile.person.username),
            "percent_earned": share,
            "percentile": f"{profile.percentile:.2f}",
            "rank": profile.rank or None,
            "user_count": profile.people,
            "assertions": [
                {
                    "issued": award.issued_at.timestamp(),
                    "id": award.legacy_id,
                    "name": award.name,
                    "description": award.description,
                    "image": addresses.badge_image(award.slug),
                    "tags": award.tags,
                }
                for award in former.awards(session, profile.person)
            ],
        }
    )


@blueprint.get("/leaderboard/json")
@blueprint.get("/leaderboard/<username>/json")
def leaderboard_json(username: str = "") -> Response:
    """Answer the first of the leaderboard, or those around a person."""
    text = request.args.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_LIMIT):
        raise InvalidInputError(f"limit {text[:20]!r}: is a number from 1 to {MAX_LIMIT}")
    limit = 9 if username else int(text)
    board = boards.read(Wanted(span=spans.EVER, find=username, limit=limit))
    return public_json({"leaderboard": _rows(board)})


@blueprint.get("/diff/<first>/<second>")
def diff(first: str, second: str) -> Response:
    """Lead to the comparison of two people."""
    return redirect(url_for("people.diff", a=first, b=second), MOVED)


@blueprint.get("/explore/badges")
def catalogue() -> Response:
    """Lead to all badges."""
    return redirect("/explore", MOVED)


@blueprint.get("/explore/badges/rss")
def catalogue_feed() -> Response:
    """Lead to the feed of new badges."""
    return redirect(url_for("feeds.badges"), MOVED)


@blueprint.get("/tags/<path:names>/<any(any, all):kind>")
def tags(names: str, kind: str) -> Response:
    """Lead to the badges of a tag; of several, to the first."""
    del kind  # any or all: the first is both
    name = next((name for name in names.split(",") if name.strip()), "")
    place = url_for("exploring.tag", name=name) if name else url_for("exploring.tags")
    return redirect(place, MOVED)


@blueprint.get("/assertions/<badge_id>/<recipient>")
def assertion(badge_id: str, recipient: str) -> Response:
    """Answer an assertion in the form of Open Badges 0.5, in which old backpacks hold it."""
    found = former.assertion(db_session(), badge_id, recipient)
    if prefers_html():
        return redirect(Addresses("").assertion(found.uuid))
    if found.revoked:
        raise GoneError(f"assertion {found.uuid}: was revoked")
    response = public_json(_old_assertion(found))
    response.vary.add("Accept")
    return response


@blueprint.get("/pngs/<path:file>")
def picture(file: str) -> Response:
    """Lead to the picture of a badge."""
    session = db_session()
    if target := former.redirected(session, request.path):
        return redirect(target, MOVED)
    stem, dot, ending = file.rpartition(".")
    if not dot or ending.lower() != "png":
        raise NotFoundError(f"picture {file[:80]!r}: there is none")
    slug = former.slug_of(session, stem)
    return redirect(Addresses("").badge_image(slug), MOVED)


@blueprint.get("/invitations/<token>/claim")
def claim(token: str) -> Response:
    """Lead to the page of an invitation; nothing is claimed by following a link."""
    return redirect(url_for("invitations.show", token=token), MOVED)


def _to_badge(name: str) -> Response:
    slug = former.slug_of(db_session(), name)
    return redirect(Addresses("").badge(slug), MOVED)


def _rows(board: Board) -> list[dict[str, Any]]:
    return [
        {"badges": row.badges, "nickname": row.person.username, "rank": row.rank}
        for row in board.rows
    ]


def _old_assertion(found: OldAssertion) -> dict[str, Any]:
    addresses, badge = Addresses(found.issuer.base_url), found.badge
    return {
        "recipient": found.identity,
        "salt": found.salt,
        "issued_on": f"{found.issued_at:%Y-%m-%d}",
        "badge": {
            "version": "0.5.0",
            "name": badge.name,
            "image": addresses.badge_image(badge.slug),
            "description": badge.description,
            "criteria": badge.criteria_url or addresses.badge(badge.slug),
            "issuer": {
                "origin": found.issuer.base_url,
                "name": found.issuer.name,
                "org": found.issuer.name,
                "contact": found.issuer.email,
            },
        },
    }


def _addresses() -> Addresses:
    return Addresses(current_site().settings.base_url)
