# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who earned the badge of a rule by all the messages there are.

The database counts for everybody at one go where the rule allows that. Else the messages go
through the very code that the consumer uses, on a database of their own, so that a rule decides as
it would have decided then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from issuer.adapters.messages import Incoming
from issuer.errors import InvalidInputError
from issuer.intake import MAX_GROUP, Intake, policy_of
from issuer.outside import opened_past
from issuer.scratch import scratch_site
from issuer.services import archive, histories, qualifying, setup
from issuer.services.backfilling import Hit
from issuer.services.grouping import OwnArchive
from issuer.services.replaying import groups
from rules.loader import Loaded
from rules.pushing import concerned, grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from issuer.adapters.history.asking import Archive
    from issuer.services.histories import Past
    from issuer.site import Site
    from rules.model import Rule
    from rules.pushing import Grouped

#: Messages that both the history and the archive may have while the history counts for everybody.
MOST_TWICE = 100_000


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on: told of each message or person, and of how many there will be."""

    advance: Callable[[], object]
    expect: Callable[[int], object] = lambda _number: None


def hits(site: Site, rule: Rule, since: datetime | None, watch: Watch) -> Iterator[Hit]:
    """Yield who earned the badge since a moment; raises what the one who watches raises."""
    policy = policy_of(site.settings)
    with opened_past(site) as past, site.database.reading() as session:
        asked = grouped(rule)
        archives = _archives(session, past, asked) if asked is not None else None
        found = (
            _replayed(site, session, past, rule, watch)
            if asked is None or archives is None
            else qualifying.qualified(asked, archives, policy, note=watch.advance)
        )
        yield from (hit for hit in found if since is None or hit.earned_at >= since)


def _archives(session: Session, past: Past | None, asked: Grouped) -> list[Archive] | None:
    """Return all that is counted, None where one of it cannot count for everybody at one go."""
    own = OwnArchive(session)
    if past is None:
        return [own]
    ids = archive.ids_of(session, asked.counts, until=past.until)
    before = past.history.archive(until=past.until, without=ids)
    return None if before is None or len(ids) > MOST_TWICE else [before, own]


def _replayed(
    site: Site, session: Session, past: Past | None, rule: Rule, watch: Watch
) -> Iterator[Hit]:
    """Yield who earned the badge, while the archive goes through a site of its own."""
    now, policy, relevant = datetime.now(UTC), policy_of(site.settings), concerned(rule)
    with scratch_site(site.settings) as scratch:
        stores = setup.Stores(scratch.keys, scratch.objects)
        with scratch.database.writing() as making:
            alone = Loaded((rule,), ())
            report = setup.sync_rules(making, alone, scratch.settings, stores, now=now)
        if report.problems:
            raise InvalidInputError(report.problems[0])
        intake = Intake(scratch, policy)
        size = histories.size(session, past, relevant)
        if size is not None:
            watch.expect(size)
        for group in groups(histories.messages(session, past, relevant), MAX_GROUP):
            sent = {message.id: message.sent_at for message in group}
            incoming = [Incoming(message, message.usernames) for message in group]
            for processed in intake.handle_group(incoming, now=now):
                watch.advance()
                occurrence = processed.message_id if rule.repeatable else ""
                for given in processed.given:
                    if given.badge.slug == rule.slug:  # badges in Python hear messages too
                        moment = sent[processed.message_id]
                        name = given.person.username
                        yield Hit(name, processed.message_id, moment, occurrence)
