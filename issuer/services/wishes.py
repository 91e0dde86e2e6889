# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lines of a list, read: who, which badge, why and when; what is wrong is noted on its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from issuer.errors import InvalidInputError
from issuer.models import Badge, BatchLine, LineState
from issuer.services import batches, standings
from issuer.services.badges import UNSEEN
from issuer.services.links import address_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from issuer.services.naming import Names
    from issuer.services.sheets import Sheet
    from issuer.services.standings import Holder

MAX_LINKS = 10
MAX_LINK = 2000
MAX_NARRATIVE = 5000
MAX_TEXT = 10 << 20  # of all lines together: each award keeps its own
_SOME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A line as it was written."""

    number: int
    name: str
    badge: str
    evidence: str = ""
    narrative: str = ""
    date: str = ""


def of_names(
    names: Iterable[str], *, badge: str, evidence: str, narrative: str, day: str
) -> list[Wish]:
    """Return a wish for each name, all with the same badge and the same reasons.

    Raises `InvalidInputError` for more text than so many awards should hold.
    """
    names = list(names)
    if len(names) * (len(evidence) + len(narrative)) > MAX_TEXT:
        raise InvalidInputError("list: holds too many people for such long texts: shorten or split")
    return [
        Wish(
            number=number, name=name, badge=badge, evidence=evidence, narrative=narrative, date=day
        )
        for number, name in enumerate(names, 1)
    ]


def of_sheet(sheet: Sheet, columns: Mapping[str, int], *, headed: bool, badge: str) -> list[Wish]:
    """Return the wishes of a file by what its columns hold; ``badge`` where no cell names one."""

    def cell(cells: Sequence[str], kind: str) -> str:
        place = columns.get(kind, -1)
        return cells[place] if 0 <= place < len(cells) else ""

    return [
        Wish(
            number=number,
            name=cell(cells, "user").lstrip("@"),
            badge=cell(cells, "badge") or badge,
            evidence=cell(cells, "evidence"),
            narrative=cell(cells, "narrative"),
            date=cell(cells, "date"),
        )
        for number, cells in sheet.rows[1 if headed else 0 :]
    ]


def read(
    session: Session,
    wishes: Sequence[Wish],
    names: Names,
    *,
    make_accounts: bool,
    now: datetime,
) -> list[BatchLine]:
    """Return the lines of wishes: which badge and person each means, or what is wrong with it."""
    badges = find_badges(session, {wish.badge for wish in wishes})
    people = _people(session, {name.lower() for name in names.accounts.values()})
    lines = []
    seen: dict[tuple[int | None, str, str], int] = {}
    for wish in wishes:
        line = BatchLine(
            number=wish.number,
            name=wish.name[:300],
            badge_name=wish.badge[:200],
            account="",
            evidence=[],
            narrative="",
            state=LineState.READY,
            reason="",
            detail="",
        )
        _read_badge(line, wish, badges)
        _read_person(line, wish, names, people, make_accounts=make_accounts)
        _read_reasons(line, wish)
        _read_date(line, wish, now)
        if line.state == LineState.READY:
            _note_repeated(line, wish, badges[wish.badge], seen)
        lines.append(line)
    return lines


def find_badges(session: Session, names: Iterable[str]) -> dict[str, Badge]:
    """Return the badges that are meant by slugs, by ids of the old systems, or by names."""
    wanted = sorted({name for name in names if name})
    found: dict[str, Badge] = {}
    for start in range(0, len(wanted), _SOME):
        some = [name.replace("\0", "\ufffd") for name in wanted[start : start + _SOME]]
        lower = [name.lower() for name in some]
        statement = select(Badge).where(
            or_(
                Badge.slug.in_(lower),
                Badge.legacy_id.in_(some),
                func.lower(Badge.name).in_(lower),
            )
        )
        rows = session.scalars(statement).all()
        by_slug = {badge.slug: badge for badge in rows}
        by_id = {badge.legacy_id: badge for badge in rows}
        by_name: dict[str, list[Badge]] = {}
        for badge in rows:
            by_name.setdefault(badge.name.lower(), []).append(badge)
        for name in some:
            same = by_name.get(name.lower(), [])
            meant = by_slug.get(name.lower()) or by_id.get(name)
            if meant or len(same) == 1:
                found[name] = meant or same[0]
    return found


def links_of(text: str) -> list[dict[str, str]] | None:
    """Return evidence from addresses, or from words; None for an address that is none of the web.

    Words are what has more than one word and no address.
    """
    tokens = text.split()
    if len(tokens) > 1 and "://" not in text:
        return [{"narrative": text}] if len(text) <= MAX_NARRATIVE else None
    addresses = [address_of(token, MAX_LINK) for token in tokens]
    if len(tokens) > MAX_LINKS or not all(addresses):
        return None
    return [{"id": address} for address in addresses]


def is_web_address(text: str) -> bool:
    """Whether a text is an address of the web that others can follow."""
    return bool(address_of(text, MAX_LINK))


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text in the form 2026-03-01 names, or one with a time."""
    try:
        if len(text) == len("2026-03-01"):
            return datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _people(session: Session, keys: set[str]) -> dict[str, Holder]:
    wanted = sorted(keys)
    found: dict[str, Holder] = {}
    for start in range(0, len(wanted), _SOME):
        found.update(standings.find_people(session, wanted[start : start + _SOME]))
    return found


def _read_badge(line: BatchLine, wish: Wish, badges: dict[str, Badge]) -> None:
    badge = badges.get(wish.badge)
    if badge is not None:
        line.badge_id = badge.id
    else:
        batches.refuse(line, "unknown-badge" if wish.badge else "no-badge", wish.badge)


def _read_person(
    line: BatchLine, wish: Wish, names: Names, people: dict[str, Any], *, make_accounts: bool
) -> None:
    account = names.accounts.get(wish.name, "")
    if not account:
        batches.refuse(line, "not-a-name" if wish.name else "no-name", wish.name)
    elif holder := people.get(account.lower()):
        line.person_id = holder.id
    elif not names.is_open and account.lower() not in names.existing:
        batches.refuse(line, "no-account", account)
    elif names.is_open and not make_accounts:
        batches.refuse(line, "unknown-person", account)
    else:
        line.account = account


def _read_reasons(line: BatchLine, wish: Wish) -> None:
    evidence = links_of(wish.evidence)
    if evidence is None or UNSEEN.search(wish.evidence):
        batches.refuse(line, "bad-evidence", wish.evidence)
    else:
        line.evidence = evidence
    if len(wish.narrative) > MAX_NARRATIVE or UNSEEN.search(wish.narrative):
        batches.refuse(line, "bad-narrative")
    else:
        line.narrative = wish.narrative


def _read_date(line: BatchLine, wish: Wish, now: datetime) -> None:
    if not wish.date:
        return
    moment = moment_of(wish.date)
    if moment is None:
        batches.refuse(line, "bad-date", wish.date)
    elif moment > now:
        batches.refuse(line, "future", wish.date)
    else:
        line.issued_at = moment


def _note_repeated(
    line: BatchLine,
    wish: Wish,
    badge: Badge,
    seen: dict[tuple[int | None, str, str], int],
) -> None:
    """Note a line that says what an earlier one says; a repeatable badge has a day of its own."""
    if line.issued_at is not None and line.issued_at.date() < badge.created_at.date():
        batches.refuse(line, "before-badge", wish.date)
        return
    who = str(line.person_id or line.account.lower())
    key = (line.badge_id, who, wish.date if badge.repeatable else "")
    if key in seen:
        batches.refuse(line, "repeated", str(seen[key]))
    else:
        seen[key] = line.number
