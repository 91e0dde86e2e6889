# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rule collections: files become badges, pictures and rules; what is in force is read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from issuer.adapters.pictures import MAX_BYTES, read_picture
from issuer.errors import AccoladesError, InvalidInputError
from issuer.models import Badge, Milestone, Rule, RuleRevision, Series
from issuer.services import badges, counts
from rules.engine import RuleSet
from rules.errors import RuleError
from rules.loader import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from issuer.adapters.objects import ObjectFolder
    from issuer.adapters.pictures import Picture
    from issuer.models import Issuer
    from rules import model


@dataclass(slots=True)
class SyncReport:
    """What a collection changed, by badge slug."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: SyncReport) -> None:
        """Take in what another collection changed."""
        self.added += other.added
        self.changed += other.changed
        self.retired += other.retired
        self.unchanged += other.unchanged
        self.problems += other.problems


def sync(
    session: Session,
    collection: Iterable[model.Rule],
    issuer: Issuer,
    objects: ObjectFolder,
    placeholder: Picture,
    *,
    now: datetime,
    progress: Callable[[], object] = lambda: None,
    named: Callable[[str], str] = str,
) -> SyncReport:
    """Bring badges and rules to what the files say; one that cannot be taken stops no other.

    ``named`` gives the lasting name of a file that is here for the moment. A picture is looked for
    beside the rule file; a badge without one gets the placeholder.
    """
    report, collection = SyncReport(), list(collection)
    _free_places(session, collection)
    for rule in collection:
        progress()
        try:
            with session.begin_nested():
                _take(session, rule, issuer, objects, placeholder, report, now, named(rule.source))
        except AccoladesError as error:
            report.problems.append(f"{named(rule.source)}:{rule.line}: {error}")
    if report.changed:
        # A changed filter asks anew; nobody asks for the old counters, but each message feeds them.
        counts.forget_others(session, active_rules(session).rules)
    return report


def active_rules(session: Session) -> RuleSet:
    """Return the rules in force, each as its newest revision says."""
    statement = (
        select(Rule)
        .where(Rule.active)
        .order_by(Rule.slug)
        .options(selectinload(Rule.revisions), selectinload(Rule.badge))
    )
    compiled = []
    for row in session.scalars(statement):
        try:
            compiled.append(parse(row.revisions[-1].text, source=row.source))
        except RuleError as error:
            # Written by an older or newer version: the others still work, admins see this one.
            row.last_failure = str(error)
    return RuleSet(compiled)


def _free_places(session: Session, collection: Iterable[model.Rule]) -> None:
    """Take badges that move out of their places, so that two may change them."""
    wanted = {
        rule.badge_id: (rule.series.slug, rule.series.level) for rule in collection if rule.series
    }
    statement = (
        select(Milestone, Badge.legacy_id, Series.slug)
        .join(Badge, Milestone.badge_id == Badge.id)
        .join(Series, Milestone.series_id == Series.id)
        .where(Badge.legacy_id.in_(wanted))
    )
    for milestone, legacy_id, slug in session.execute(statement).all():
        if wanted[legacy_id] != (slug, milestone.position):
            session.delete(milestone)
    session.flush()


def _take(
    session: Session,
    rule: model.Rule,
    issuer: Issuer,
    objects: ObjectFolder,
    placeholder: Picture,
    report: SyncReport,
    now: datetime,
    source: str,
) -> None:
    series = rule.series
    facts = badges.Facts(
        name=rule.name,
        slug=rule.slug,
        legacy_id=rule.badge_id,
        description=rule.description,
        criteria_text=rule.criteria_text or "",
        discussion_url=_web_address(rule.discussion),
        author=rule.creator,
        tags=rule.tags,
        points=rule.points,
        repeatable=rule.repeatable,
        expires_after=rule.expires_after,
        series=(series.slug, series.name, series.level) if series else None,
    )
    picture = find_picture(rule) or placeholder
    badge, changed = badges.put(session, issuer, facts, picture, objects, now=now)
    state = _revise(session, rule, badge, now, source)
    if state == "added":
        report.added.append(badge.slug)
    else:
        (report.changed if changed or state == "changed" else report.unchanged).append(badge.slug)


def retire(session: Session, root: str, present: Collection[str], *, now: datetime) -> list[str]:
    """Retire the rules that came from below ``root`` and are no longer there; return their slugs.

    The badge and its awards stay. The history of the rule ends with an empty text, until the rule
    comes back.
    """
    statement = select(Rule).where(Rule.active, Rule.source.startswith(root, autoescape=True))
    gone = [row for row in session.scalars(statement) if row.slug not in present]
    for row in gone:
        _write(row, "", "", now)
        row.active = False
    session.flush()
    return sorted(row.slug for row in gone)


def _revise(session: Session, rule: model.Rule, badge: Badge, now: datetime, source: str) -> str:
    row = session.scalars(select(Rule).filter_by(slug=rule.slug)).one_or_none()
    if row is None:
        row = Rule(slug=rule.slug, badge=badge, source=source, created_at=now, updated_at=now)
        session.add(row)
        state = "added"
    elif row.revisions[-1].fingerprint == rule.fingerprint:
        row.source = source
        row.asks, row.threshold = counts.goal(rule)
        row.topic = counts.topic(rule)
        return "unchanged"
    else:
        state = "changed"
        # One that was retired comes back; one that an admin switched off stays so.
        row.active = row.active or not row.revisions[-1].text
    row.source = source
    row.asks, row.threshold = counts.goal(rule)
    row.topic = counts.topic(rule)
    _write(row, rule.text, rule.fingerprint, now)
    session.flush()
    return state


def _write(row: Rule, text: str, fingerprint: str, now: datetime) -> None:
    number = row.revisions[-1].number + 1 if row.revisions else 1
    row.updated_at = now
    row.revisions.append(
        RuleRevision(number=number, text=text, fingerprint=fingerprint, created_at=now)
    )


def find_picture(rule: model.Rule) -> Picture | None:
    """Return the picture that lies beside the rule file, or None where it is on the web.

    Raises `InvalidInputError` when it is missing, unsafe or outside the collection.
    """
    if rule.image_url.startswith(("https://", "http://")):
        return None
    if ":" in rule.image_url:
        raise InvalidInputError(
            f"image_url: {rule.image_url!r} is neither a web address nor a path"
        )
    folder = Path(rule.source).resolve().parent
    path = (folder / rule.image_url).resolve()
    # Beside the file or beside its folder, and nowhere else on this machine.
    if not path.is_relative_to(folder.parent):
        raise InvalidInputError(f"image_url: {rule.image_url!r} leaves the collection")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInputError(f"image_url: {path.name} is larger than {MAX_BYTES} bytes")
        return read_picture(path.read_bytes(), path.name)
    except OSError as error:
        raise InvalidInputError(f"image_url: {path.name}: {error.strerror}") from error


def _web_address(text: str) -> str | None:
    return text if text.startswith(("https://", "http://")) else None
