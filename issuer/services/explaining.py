# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an explanation of a rule asks of a site, or of one message where there is no site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.errors import InvalidInputError, NotFoundError
from issuer.models import ArchivedMessage, Award, Badge, Counter, Person
from issuer.models import Rule as RuleRow
from issuer.services import archive as archived
from issuer.services import counts, histories
from rules.counting import may_trigger, question
from rules.engine import RuleSet
from rules.errors import RuleError
from rules.loader import parse
from rules.model import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.orm import Session

    from rules.criteria import Archive
    from rules.model import Query, Rule
    from rules.recipients import Accounts


@dataclass(frozen=True, slots=True)
class Lone:
    """No site: the archive is the message itself, and nobody has a badge yet."""

    accounts: Accounts
    skip: Collection[str]
    message: Message
    users: tuple[str, ...]

    @property
    def archive(self) -> Archive:
        """An archive of the one message."""
        return self

    def count(self, query: Query) -> int:
        """Return whether the message is one that the question finds."""
        return int(query.matches(self.message, self.users))

    def rows(self, query: Query) -> list[archived.Row]:
        """Return the message, if the question finds it."""
        message = self.message
        row = archived.Row(
            id=1,
            msg_id=message.id,
            msg=message.body,
            topic=message.topic,
            category=message.category,
            timestamp=message.sent_at,
            agent_name=message.agent_name,
            headers=message.headers,
            users=tuple(archived.UserName(name.lower()) for name in self.users),
            packages=message.packages,
        )
        return [row] * self.count(query)

    def away(self, rule: Rule, message: Message, usernames: Sequence[str]) -> Mapping[str, str]:
        """Nobody is known to be away."""
        return {}

    def triggers(self, rule: Rule, username: str) -> int:
        """Only the message itself triggered the rule."""
        return 1


@dataclass(frozen=True, slots=True)
class Here:
    """A site, in a session that is thrown away: the message is in its archive."""

    accounts: Accounts
    skip: Collection[str]
    session: Session
    repeated: bool  # the message was archived before
    rule: Rule

    @property
    def archive(self) -> Archive:
        """The archive of the site."""
        return self

    def count(self, query: Query) -> int:
        """Return how many messages the question finds, those of a history outside included.

        Raises `HistoryNeededError` when that has to be asked first.
        """
        asked = question(self.rule, query)
        past = histories.before(self.session, [asked]) if asked is not None else None
        before = past[asked.key] if asked is not None and past is not None else 0
        return before + archived.count(self.session, query)

    def rows(self, query: Query) -> Sequence[archived.Row]:
        """Return the messages that the question finds."""
        return archived.rows(self.session, query)

    def away(self, rule: Rule, message: Message, usernames: Sequence[str]) -> Mapping[str, str]:
        """Return who has the badge or opted out; everybody where badge or rule are retired."""
        keys = [name.lower() for name in usernames]
        row = self.session.scalars(select(RuleRow).filter_by(slug=rule.slug)).one_or_none()
        if row is not None and not row.active:
            return dict.fromkeys(keys, "the rule is retired")
        badge = self.session.scalars(select(Badge).filter_by(slug=rule.slug)).one_or_none()
        if badge is not None and badge.retired_at is not None:
            return dict.fromkeys(keys, "the badge is retired")
        hidden = select(Person.key).where(
            Person.key.in_(keys), Person.opted_out | Person.erased_at.is_not(None)
        )
        reasons = dict.fromkeys(self.session.scalars(hidden), "opted out")
        if badge is not None:
            occurrence = message.id if badge.repeatable else ""
            held = (
                select(Person.key)
                .join(Award, Award.person_id == Person.id)
                .where(Person.key.in_(keys), Award.badge_id == badge.id)
                .where(Award.occurrence == occurrence)
            )
            for key in self.session.scalars(held):
                reasons.setdefault(key, "has the badge")
        return reasons

    def triggers(self, rule: Rule, username: str) -> int:
        """Return the counter of the rule, or what the whole archive says where it has none."""
        statement = select(Counter.value).filter_by(key=counts.triggers(rule, username).key)
        kept = self.session.scalars(statement).one_or_none()
        if kept is not None:
            return kept if self.repeated else kept + 1
        alone, key = RuleSet([rule]), username.lower()
        before = histories.triggers_before(self.session, rule, self.accounts).get(key, 0)
        return before + sum(
            key in histories.candidates(alone, rule, message, self.accounts)
            for message in archived.messages(self.session, lambda topic: may_trigger(rule, topic))
        )


def find_rule(session: Session, slug: str) -> Rule:
    """Return a rule of the site as the revision in force says, or the last one that was.

    Raises `NotFoundError`, also where all of it are drafts, and `InvalidInputError` when this
    version cannot read it.
    """
    row = session.scalars(select(RuleRow).filter_by(slug=slug)).one_or_none()
    if row is None:
        raise NotFoundError(f"rule {slug}: is no file and no rule of the site")
    # The last one is empty where the rule is retired.
    written = [each.text for each in row.revisions if each.text and each.number <= row.current]
    if not written:
        raise NotFoundError(f"rule {slug}: is a draft that was never activated: activate it first")
    try:
        return parse(row.in_force or written[-1], source=row.source)
    except RuleError as error:
        raise InvalidInputError(f"rule {slug}: {error}") from error


def find_message(session: Session, name: str) -> tuple[Message, tuple[str, ...]]:
    """Return a message of the archive, and the people that are kept with it.

    Raises `NotFoundError`.
    """
    statement = select(ArchivedMessage).filter_by(message_id=name).options(*archived.WHOLE)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError(f"message {name}: is no file and no message of the archive")
    users = tuple(user.username for user in found.users)
    message = Message(
        id=found.message_id,
        topic=found.topic.name,
        body=found.body,
        sent_at=found.sent_at,
        headers=found.headers,
        agent_name=found.agent_name,
        usernames=users,
        packages=tuple(package.package for package in found.packages),
    )
    return message, users


def is_archived(session: Session, message: Message) -> bool:
    """Whether a message is in the archive."""
    statement = select(ArchivedMessage.id).filter_by(message_id=message.id)
    return session.scalars(statement).first() is not None
