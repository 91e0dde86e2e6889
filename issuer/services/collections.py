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
    kept: list[str] = field(default_factory=list)  # the site has a text of its own
    problems: list[str] = field(default_factory=list)

    def add(self, other: SyncReport) -> None:
        """Take in what another collection changed."""
        self.added += other.added
        self.changed += other.changed
        self.retired += other.retired
        self.unchanged += other.unchanged
        self.kept += other.kept
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


def sync_badges(
    session: Session,
    badges_alone: Iterable[model.Rule],
    issuer: Issuer,
    objects: ObjectFolder,
    *,
    now: datetime,
) -> SyncReport:
    """Bring badges that have no rule to what their files say; jobs and people award them."""
    report, badges_alone = SyncReport(), list(badges_alone)
    _free_places(session, badges_alone)
    for each in badges_alone:
        try:
            with session.begin_nested():
                known = session.scalars(select(Badge.id).filter_by(legacy_id=each.badge_id)).all()
                picture = find_picture(each)
                badge, changed = badges.put(
                    session, issuer, facts_of(each), picture, objects, now=now
                )
        except AccoladesError as error:
            report.problems.append(f"{each.source}:{each.line}: {error}")
        else:
            state = report.changed if changed else report.unchanged
            (state if known else report.added).append(badge.slug)
    return report


def active_rules(session: Session) -> RuleSet:
    """Return the rules in force, each as the revision in force says."""
    statement = (
        select(Rule)
        .where(Rule.active)
        .order_by(Rule.slug)
        .options(selectinload(Rule.revisions), selectinload(Rule.badge))
    )
    compiled = []
    for row in session.scalars(statement):
        try:
            compiled.append(parse(row.in_force, source=row.source))
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
        select(Milestone, Badge, Series.slug)
        .join(Badge, Milestone.badge_id == Badge.id)
        .join(Series, Milestone.series_id == Series.id)
        .where(Badge.legacy_id.in_(wanted))
    )
    for milestone, badge, slug in session.execute(statement).all():
        moves = wanted[badge.legacy_id] != (slug, milestone.position)
        if moves and "series" not in badge.by_hand:
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
    picture = find_picture(rule)
    if picture is None and not badges.has_picture(session, rule.badge_id):
        picture = placeholder
    badge, changed = badges.put(session, issuer, facts_of(rule), picture, objects, now=now)
    state = _revise(session, rule, badge, now, source)
    if state == "kept":
        report.kept.append(badge.slug)
    elif state == "added":
        report.added.append(badge.slug)
    else:
        (report.changed if changed or state == "changed" else report.unchanged).append(badge.slug)


def facts_of(rule: model.Rule) -> badges.Facts:
    """Return what a rule file says of its badge; its picture lies beside it."""
    series = rule.series
    return badges.Facts(
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


def retire(session: Session, root: str, present: Collection[str], *, now: datetime) -> list[str]:
    """Retire the rules that came from below ``root`` and are no longer there; return their slugs.

    The badge and its awards stay. The history of the rule ends with an empty text, until the rule
    comes back. What was changed on the site does not need its file.
    """
    below = Rule.source.startswith(root, autoescape=True)
    statement = select(Rule).where(Rule.active, below, ~Rule.edited)
    gone = [row for row in session.scalars(statement) if row.slug not in present]
    for row in gone:
        row.current = add_revision(row, "", "", now=now).number
        row.updated_at = now
        row.active = False
    session.flush()
    return sorted(row.slug for row in gone)


def _revise(session: Session, rule: model.Rule, badge: Badge, now: datetime, source: str) -> str:
    # Nobody edits it meanwhile.
    mine = select(Rule).filter_by(slug=rule.slug).with_for_update()
    row = session.scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        row = Rule(slug=rule.slug, badge=badge, source=source, created_at=now, updated_at=now)
        session.add(row)
        state = "added"
    elif row.edited:
        return _note(row, rule, now, source)
    elif _fingerprint(row) == rule.fingerprint:
        row.source = source
        aim(row, rule)
        return "unchanged"
    else:
        state = "changed"
        # One that was retired comes back; one that an admin switched off stays so.
        row.active = row.active or not row.in_force
    row.source = source
    aim(row, rule)
    row.current = add_revision(row, rule.text, rule.fingerprint, now=now).number
    row.updated_at = now
    session.flush()
    return state


def _fingerprint(row: Rule) -> str:
    found = row.revision(row.current)
    return found.fingerprint if found is not None else ""


def _note(row: Rule, rule: model.Rule, now: datetime, source: str) -> str:
    """Note what the file of a rule says that has a text of the site's own in force."""
    row.source = source
    newest = of_file(row)
    if newest is None or newest.fingerprint != rule.fingerprint:
        add_revision(row, rule.text, rule.fingerprint, now=now)
    return "kept"


def of_file(row: Rule) -> RuleRevision | None:
    """Return what the file of a rule said last, None where it never had one."""
    found = [each for each in row.revisions if each.author_id is None and each.text]
    return found[-1] if found and row.source else None


def aim(row: Rule, rule: model.Rule) -> None:
    """Note what earns the badge, as far as it is known before any message."""
    row.asks, row.threshold = counts.goal(rule)
    row.topic = counts.topic(rule)


def add_revision(
    row: Rule, text: str, fingerprint: str, *, now: datetime, author_id: int | None = None
) -> RuleRevision:
    """Put a text on top of the history of a rule; it is not in force by that."""
    number = row.revisions[-1].number + 1 if row.revisions else 1
    made = RuleRevision(
        number=number, text=text, fingerprint=fingerprint, author_id=author_id, created_at=now
    )
    row.revisions.append(made)
    return made


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
