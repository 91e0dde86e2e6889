# SPDX-License-Identifier: AGPL-3.0-or-later
"""What admins do to badges: make, change, retire, delete; each is asked for a right and noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from issuer.errors import ConflictError, ForbiddenError, InvalidInputError
from issuer.models import (
    Award,
    Badge,
    BadgeEdition,
    Bounty,
    Claim,
    Grant,
    Invitation,
    Milestone,
    Rule,
)
from issuer.services import audits, badges, milestones, permissions
from issuer.services.checking import (
    MAX_ADDRESS,
    MAX_KEPT_ADDRESS,
    check_address,
    check_line,
    check_text,
)
from issuer.services.permissions import Right
from issuer.words import Text
from rules.dialects.values import MAX_DAYS, MAX_LEVEL, MAX_POINTS, MAX_TAG, MAX_TAGS

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.adapters.pictures import Picture
    from issuer.models import Issuer
    from issuer.services.badges import Facts
    from issuer.services.permissions import Actor

SUBJECT = "badge"
MAX_ALIGNMENTS = 20
#: Of an alignment: what it has to say, and what it may say.
NEEDED = ("targetName", "targetUrl")
FURTHER = ("targetDescription", "targetFramework", "targetCode")
#: Facts that a rule file may say, too, and the picture beside it.
SAID_BY_RULES = (
    *("name", "description", "criteria_text", "criteria_url", "discussion_url", "author", "tags"),
    *("points", "repeatable", "expires_after", "series", "alignments", "picture"),
)


def create(
    session: Session,
    actor: Actor,
    issuer: Issuer,
    facts: Facts,
    picture: Picture | None,
    objects: ObjectFolder,
    *,
    claimable: bool = False,
    now: datetime,
) -> Badge:
    """Make a badge; a rule file that describes it, too, changes nothing of it.

    Raises `ForbiddenError`, `InvalidInputError`, and `ConflictError` for a name that was given.
    """
    if not permissions.for_issuer(actor, Right.BADGES, issuer.slug):
        raise ForbiddenError(
            "issuer %(issuer)r: you have no right to make badges for it", issuer=issuer.slug
        )
    badges.check(facts)
    check(facts)
    taken = session.scalars(select(Badge.slug).filter_by(legacy_id=facts.legacy_id)).one_or_none()
    if taken is not None:
        raise ConflictError(
            "badge %(badge)r: %(other)r was made with that name", badge=facts.name, other=taken
        )
    badge = badges.insert(session, issuer, facts, now=now)
    badge.claimable = claimable
    badge.by_hand = list(SAID_BY_RULES)
    badges.write(session, badge, facts, picture, objects, now=now, by_hand=True)
    audits.record(
        session, actor, "badge.create", SUBJECT, badge.slug, now=now, after=told(session, badge)
    )
    return badge


def change(
    session: Session,
    actor: Actor,
    badge: Badge,
    facts: Facts,
    picture: Picture | None,
    objects: ObjectFolder,
    *,
    claimable: bool = False,
    now: datetime,
) -> set[str]:
    """Bring a badge to the facts and return what changed; its slug and its old id stay.

    What changes is by hand from now on: rule files leave it. A new `edition` arises once somebody
    holds the badge. Raises `ForbiddenError`, `InvalidInputError` and `ConflictError`.
    """
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    facts = replace(facts, slug=badge.slug, legacy_id=badge.legacy_id)
    badges.check(facts)
    check(facts)
    before = told(session, badge)
    number = badge.version
    changed = badges.write(session, badge, facts, picture, objects, now=now, by_hand=True)
    if badge.claimable != claimable:
        badge.claimable, badge.updated_at = claimable, now
        changed.add("claimable")
    badge.by_hand = sorted({*badge.by_hand, *(changed & {*SAID_BY_RULES})})
    if badge.version == number:
        changed.discard("edition")  # the only one was written anew, nobody has it
    session.flush()
    if changed:
        after = told(session, badge)
        audits.record(
            session, actor, "badge.change", SUBJECT, badge.slug, now=now, before=before, after=after
        )
    return changed


def release(session: Session, actor: Actor, badge: Badge, *, now: datetime) -> bool:
    """Let rule files describe a badge again, from the next synchronisation on."""
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    before = list(badge.by_hand)
    badge.by_hand = []
    if before:
        audits.record(
            session,
            actor,
            "badge.release",
            SUBJECT,
            badge.slug,
            now=now,
            before={"by_hand": before},
            after={"by_hand": []},
        )
    session.flush()
    return bool(before)


def retire(session: Session, actor: Actor, badge: Badge, *, now: datetime) -> bool:
    """Let nobody get a badge any more; who has it keeps it. Tell whether anything changed."""
    return _set_retired(session, actor, badge, now, now=now)


def unretire(session: Session, actor: Actor, badge: Badge, *, now: datetime) -> bool:
    """Let a retired badge be earned again; tell whether anything changed."""
    return _set_retired(session, actor, badge, None, now=now)


def why_kept(session: Session, badge: Badge) -> str:
    """Return why a badge cannot be deleted; empty where it can: nobody ever got it."""
    for column, reason in (
        (Award.badge_id, Text("somebody got it")),
        (Claim.badge_id, Text("somebody asked for it")),
        (Rule.badge_id, Text("a rule awards it")),
    ):
        if session.scalar(select(exists().where(column == badge.id))):
            return reason
    return ""


def delete(session: Session, actor: Actor, badge: Badge, *, now: datetime) -> None:
    """Delete a badge that nobody ever got, with its grants and invitations.

    Raises `ForbiddenError`, and `ConflictError` for any other badge: it can be retired.
    """
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    if reason := why_kept(session, badge):
        raise ConflictError(
            "badge %(badge)r: %(reason)s: retire it instead", badge=badge.slug, reason=reason
        )
    audits.record(
        session, actor, "badge.delete", SUBJECT, badge.slug, now=now, before=told(session, badge)
    )
    models: tuple[Any, ...] = (Milestone, Bounty, Grant, Invitation, BadgeEdition)
    try:
        with session.begin_nested():
            for model in models:
                session.execute(delete_rows(model).where(model.badge_id == badge.id))
            session.delete(badge)
    except IntegrityError as error:
        raise ConflictError(
            "badge %(badge)r: is used elsewhere: retire it instead", badge=badge.slug
        ) from error


def check(facts: Facts) -> None:
    """Raise `InvalidInputError` for facts that nobody may give a badge by hand."""
    of = Text("badge %(badge)r", badge=facts.name)
    _check_numbers(of, facts)
    if len(facts.tags) > MAX_TAGS:
        raise InvalidInputError("%(what)s: has more than %(limit)s tags", what=of, limit=MAX_TAGS)
    if len(facts.alignments) > MAX_ALIGNMENTS:
        raise InvalidInputError(
            "%(what)s: has more than %(limit)s alignments", what=of, limit=MAX_ALIGNMENTS
        )
    for name in facts.tags:
        check_tag(name)
    for item in facts.alignments:
        _check_alignment(of, item)
    for what, address, longest in (
        (Text("%(what)s: address of the criteria", what=of), facts.criteria_url, MAX_KEPT_ADDRESS),
        (Text("%(what)s: address of the discussion", what=of), facts.discussion_url, MAX_ADDRESS),
    ):
        if address is not None:
            check_address(what, address, longest=longest)
    check_line(Text("%(what)s: author", what=of), facts.author or "")


def check_tag(name: str) -> None:
    """Raise `InvalidInputError` for what cannot be a tag."""
    check_line(Text("tag %(tag)r", tag=name), name)
    if not name or name != name.strip() or len(name) > MAX_TAG or "," in name:
        raise InvalidInputError(
            "tag %(tag)r: needs 1 to %(limit)s letters and no comma", tag=name[:80], limit=MAX_TAG
        )


def told(session: Session, badge: Badge) -> dict[str, Any]:
    """Return what the audit log tells of a badge."""
    place, picture = milestones.of(session, badge), badge.svg or badge.png
    return {
        **{name: getattr(badge, name) for name in SAID_BY_RULES if hasattr(badge, name)},
        "tags": [tag.name for tag in badge.tags],
        "series": [place.series.slug, place.position] if place else None,
        "picture": picture.sha256 if picture else None,
        "issuer": badge.issuer.slug,
        "claimable": badge.claimable,
        "version": badge.version,
    }


def _set_retired(
    session: Session, actor: Actor, badge: Badge, moment: datetime | None, *, now: datetime
) -> bool:
    permissions.require(session, actor, Right.BADGES, badge, now=now)
    if (badge.retired_at is None) == (moment is None):
        return False
    badge.retired_at, badge.updated_at = moment, now
    action = "badge.retire" if moment else "badge.unretire"
    audits.record(session, actor, action, SUBJECT, badge.slug, now=now)
    session.flush()
    return True


def _check_numbers(of: str, facts: Facts) -> None:
    if not 0 <= facts.points <= MAX_POINTS:
        raise InvalidInputError(
            "%(what)s: points need to be 0 to %(limit)s", what=of, limit=MAX_POINTS
        )
    lasts = facts.expires_after
    if lasts is not None and not timedelta(seconds=1) <= lasts <= timedelta(days=MAX_DAYS):
        raise InvalidInputError(
            "%(what)s: needs to last for at most %(limit)s days", what=of, limit=MAX_DAYS
        )
    if facts.series is not None and not 1 <= facts.series[2] <= MAX_LEVEL:
        raise InvalidInputError(
            "%(what)s: level needs to be 1 to %(limit)s", what=of, limit=MAX_LEVEL
        )


def _check_alignment(of: str, item: dict[str, str]) -> None:
    if item.keys() - {*NEEDED, *FURTHER} or not all(item.get(name) for name in NEEDED):
        raise InvalidInputError("%(what)s: an alignment needs a name and an address", what=of)
    what = Text(
        "%(what)s: address of the alignment %(name)r", what=of, name=item["targetName"][:80]
    )
    check_address(what, item["targetUrl"])
    for name in ("targetName", "targetFramework", "targetCode"):
        check_line(Text("%(what)s: alignment", what=of), item.get(name, ""))
    check_text(
        Text("%(what)s: alignment", what=of), item.get("targetDescription", ""), badges.MAX_TEXT
    )
