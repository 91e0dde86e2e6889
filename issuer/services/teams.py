# SPDX-License-Identifier: AGPL-3.0-or-later
"""Teams: groups of people that have a leaderboard of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from issuer.db import insert_once
from issuer.errors import ConflictError, InvalidInputError, NotFoundError
from issuer.models import Person, Series, Team, TeamMember
from issuer.services import audits, persons
from issuer.services.checking import check_line
from issuer.services.listing import plain
from issuer.services.slugs import slug_of
from issuer.words import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor

SUBJECT = "team"
MAX_NAME = 100
#: How many people one form adds.
MAX_LINES = 1000
MAX_PASTED = 100_000
BETWEEN = re.compile(r"[\s,;]+")
_SIZE = select(func.count()).where(TeamMember.team_id == Team.id).scalar_subquery()
COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": func.lower(Team.name),
    "people": _SIZE,
    "since": Team.created_at,  # type: ignore[dict-item]  # a column of a model is an expression
}
MEMBER_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "name": Person.key,  # type: ignore[dict-item]  # the same
    "since": TeamMember.joined_at,  # type: ignore[dict-item]  # the same
}


@dataclass(slots=True)
class Joined:
    """What became of each name of a list."""

    added: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)  # they opted out, or are gone


def find(session: Session, slug: str) -> Team:
    """Return the team with that slug; raise `NotFoundError`."""
    found = session.scalars(select(Team).filter_by(slug=plain(slug))).one_or_none()
    if found is None:
        raise NotFoundError("team %(team)r: there is none", team=slug[:80])
    return found


def listing(query: str) -> Select[*tuple[Any, ...]]:
    """Select teams with the number of their people, as a table shows them."""
    found = func.lower(Team.name).contains(plain(query).lower(), autoescape=True)
    return select(Team.slug, Team.name, Team.created_at, _SIZE.label("people")).where(found)


def members(team: Team, query: str) -> Select[*tuple[Any, ...]]:
    """Select the people of a team, as a table shows them."""
    statement = (
        select(Person.username, Person.display_name, Person.opted_out, TeamMember.joined_at)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .where(TeamMember.team_id == team.id)
    )
    return statement.where(Person.key.contains(plain(query).lower(), autoescape=True))


def create(session: Session, actor: Actor, name: str, *, now: datetime) -> Team:
    """Make a team; raise `ConflictError` where its name is taken."""
    name = _checked(name)
    slug = slug_of(name)
    if not slug:
        raise InvalidInputError("team %(team)r: needs letters or numbers in its name", team=name)
    taken = select(Team.id).where((Team.slug == slug) | (Team.name == name))
    if session.scalars(taken).first() is not None:
        raise ConflictError("team %(team)r: there is one of that name", team=name)
    team = Team(slug=slug, name=name, created_at=now)
    try:
        with session.begin_nested():
            session.add(team)
    except IntegrityError as error:  # made by somebody else since we looked
        raise ConflictError("team %(team)r: there is one of that name", team=name) from error
    _note(session, actor, "create", team, now, after={"name": name})
    return team


def rename(session: Session, actor: Actor, team: Team, name: str, *, now: datetime) -> bool:
    """Call a team otherwise; its address stays. Tell whether anything changed."""
    name = _checked(name)
    if name == team.name:
        return False
    if session.scalars(select(Team.id).filter_by(name=name)).first() is not None:
        raise ConflictError("team %(team)r: there is one of that name", team=name)
    before = {"name": team.name}
    try:
        with session.begin_nested():
            team.name = name
    except IntegrityError as error:  # given to another since we looked
        raise ConflictError("team %(team)r: there is one of that name", team=name) from error
    _note(session, actor, "rename", team, now, before=before, after={"name": name})
    return True


def join(session: Session, actor: Actor, team: Team, names: str, *, now: datetime) -> Joined:
    """Add the people of a list, separated by spaces, commas or lines; nobody is made up.

    Raises `InvalidInputError` for a list that is empty or too long.
    """
    wanted = [name for name in BETWEEN.split(names[: MAX_PASTED + 1]) if name]
    if not wanted or len(wanted) > MAX_LINES or len(names) > MAX_PASTED:
        raise InvalidInputError("people: name 1 to %(limit)s of them", limit=MAX_LINES)
    joined = Joined()
    for name in dict.fromkeys(wanted):
        try:
            person = persons.find(session, name.removeprefix("@"))
        except NotFoundError:
            joined.unknown.append(name)
            continue
        if person.opted_out or person.erased_at is not None:
            joined.hidden.append(name)
            continue
        values = {"team_id": team.id, "person_id": person.id, "joined_at": now}
        new = insert_once(session, TeamMember, values, unique=("team_id", "person_id"))
        (joined.added if new else joined.already).append(person.username)
    if joined.added:
        _note(session, actor, "join", team, now, after={"people": joined.added})
    return joined


def leave(session: Session, actor: Actor, team: Team, name: str, *, now: datetime) -> bool:
    """Take somebody out of a team; tell whether they were in it."""
    person = persons.find(session, name)
    gone = delete_rows(TeamMember).filter_by(team_id=team.id, person_id=person.id)
    if session.execute(gone.returning(TeamMember.person_id)).first() is None:
        return False
    _note(session, actor, "leave", team, now, before={"people": [person.username]})
    return True


def delete(session: Session, actor: Actor, team: Team, *, now: datetime) -> None:
    """Delete a team; its people and its series stay."""
    size = session.scalar(select(func.count()).where(TeamMember.team_id == team.id))
    _note(session, actor, "delete", team, now, before={"name": team.name, "people": size})
    session.execute(update(Series).where(Series.team_id == team.id).values(team_id=None))
    session.execute(delete_rows(TeamMember).where(TeamMember.team_id == team.id))
    session.delete(team)
    session.flush()


def choices(session: Session, limit: int = 500) -> list[tuple[str, str]]:
    """Return slugs and names of teams by name."""
    statement = select(Team.slug, Team.name).order_by(Team.name).limit(limit)
    return [(slug, name) for slug, name in session.execute(statement)]


def _checked(name: str) -> str:
    name = name.strip()
    check_line(Text("team %(team)r", team=name[:80]), name, needed=True, longest=MAX_NAME)
    return name


def _note(
    session: Session, actor: Actor, action: str, team: Team, now: datetime, **states: Any
) -> None:
    audits.record(session, actor, f"team.{action}", SUBJECT, team.slug, now=now, **states)
