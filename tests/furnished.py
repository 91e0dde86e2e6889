# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site with something in every list, for tests that look at all of its pages.

Root is an admin, Rita reviews, Dora may award one badge, Asha has much, and Chen little.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import select

from issuer.adapters.backpacks.results import Kind
from issuer.models import (
    Assertion,
    Award,
    BackpackConnection,
    Badge,
    Counter,
    Export,
    Grant,
    Invitation,
    JobRun,
    Milestone,
    OldName,
    Push,
    PushState,
    Series,
    Source,
    Tag,
)
from issuer.services import emails, outbox, persons, quarantine, recounting
from issuer.services.awards import Cause
from tests.browsing import ADMINS, Browser
from tests.issuing import BASE_URL, give, make_badge
from tests.unit.issuer.admin import rule_pages
from tests.wallet import Wallet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from sqlalchemy.orm import Session
    from werkzeug.test import TestResponse

    from issuer.models import Person
    from issuer.site import Site

NOW = datetime.now(UTC)
REVIEWERS = "badge-reviewers"
#: What a site must have been told so that its people find what they may do.
SETTINGS: dict[str, Any] = {
    "oidc_issuer": "http://127.0.0.1:9",
    "oidc_client_id": "accolades",
    "reviewer_groups": (REVIEWERS,),
    "avatar_url": "",
    "demo": True,
}
#: What breaks a page that says it without care.
AWKWARD = "<b>\"Söhne\" & 'Töchter'</b> ]]> -->"
RULE = rule_pages.text_of(rule_pages.TWICE)
BROKEN = "name: First Steps\ntrigger: {topc: wiki.edit}\ncondition: {greater than: x}\n"
WHY = Cause(
    source=Source.ADMIN,
    narrative="Ten **tests**, and\n\n* one\n* two\n\n> said\n\n[more](https://example.org/a)",
    url="https://bus.example.org/1",
    evidence=({"id": "https://evidence.example.org/1", "name": AWKWARD, "narrative": "A *log*."},),
)


@dataclass
class Furnished:
    """A filled site and who uses it."""

    app: Flask
    #: Pages to which no link leads, by whose they are.
    addresses: dict[str, list[str]] = field(default_factory=dict)

    def browser(self, name: str) -> Browser:
        """Return the browser of one of them; of nobody where there is no name."""
        groups = {"root": (ADMINS,), "rita": (REVIEWERS,)}.get(name, ())
        return Browser(self.app, name, *groups)


def furnish(site: Site, app: Flask) -> Furnished:
    """Fill a site that has its tables: with rows, and by the forms that people send."""
    site.database.on_left = lambda _tasks: None  # whatever a worker would do stays undone
    with site.database.writing() as session:
        badges = _badges(session, site)
        asha = _people(session, badges)
        _ways_out(session, asha)
        _operations(session)
        recounting.recount(session)
    made = Furnished(app)
    made.addresses["root"] = list(_sent_by_root(made.browser("root")))
    with site.database.reading() as session:
        links = session.scalars(select(Invitation.token))
        awards = session.scalars(select(Assertion.uuid))
        made.addresses[""] = [f"/invitations/{token}" for token in links]
        made.addresses["chen"] = [*made.addresses[""], "/claims", "/badges/first-steps/claim"]
        made.addresses[""] += [f"/assertions/{uuid}" for uuid in awards]
    made.addresses[""] += ["/people/removed", "/leaderboard?by=height"]
    rule_pages.arrive(site, *(rule_pages.message(number, "ella") for number in (1, 2, 3)))
    _sent_by_others(made)
    return made


def _badges(session: Session, site: Site) -> list[Badge]:
    quality = [Tag(name="quality"), Tag(name='release "engineering" & more')]
    changes: dict[str, Any] = {"criteria_text": "Do **it**, [here](https://example.org/)."}
    made = [make_badge(session, site, f"Tester {number}", **changes) for number in range(1, 4)]
    series = Series(slug="tester", name="Tester", description="One by one.", created_at=NOW)
    for position, badge in enumerate(made, 1):
        session.add(Milestone(series=series, badge=badge, position=position))
        badge.tags = list(quality)
    first = make_badge(session, site)
    first.claimable = True
    awkward = make_badge(session, site, AWKWARD, slug="awkward", description=AWKWARD)
    return [*made, first, awkward, make_badge(session, site, "Retired")]


def _people(session: Session, badges: list[Badge]) -> Person:
    """Return Asha, who has much."""
    for badge in badges:
        give(session, badge, "asha", cause=WHY, now=NOW - timedelta(days=badge.id))
    badges[-1].retired_at = NOW
    asha = persons.find(session, "asha")
    asha.display_name, asha.bio, asha.website = AWKWARD, AWKWARD, "https://asha.example.org/"
    asha.pinned = [badges[0].id]
    expired = give(session, badges[1], "dora", cause=WHY).award
    expired.expires_at = NOW
    revoked = give(session, badges[2], "dora", cause=WHY).award
    revoked.revoked_at, revoked.revocation_reason = NOW, AWKWARD
    for name in ("root", "rita", "chen"):
        give(session, badges[0], name)
    dora = persons.find(session, "dora")
    session.add(Grant(badge_id=badges[0].id, person_id=dora.id, quota=9, created_at=NOW))
    session.add(Grant(badge_id=badges[0].id, group_name="designers", created_at=NOW))
    session.add(OldName(key="asha-before", person_id=asha.id, changed_at=NOW))
    persons.ensure(session, "hidden", now=NOW).opted_out = True
    persons.ensure(session, "removed", now=NOW).erased_at = NOW
    session.flush()
    return asha


def _ways_out(session: Session, asha: Person) -> None:
    """Let Asha have addresses, backpacks and archives, in the states that they can have."""
    emails.add(session, asha, "asha@example.net", now=NOW).verified_at = NOW
    emails.add(session, asha, "asha@example.com", now=NOW)
    facts: dict[str, Any] = {"person_id": asha.id, "created_at": NOW}
    places = [
        BackpackConnection(
            protocol=kind, base_url=f"https://{kind}.example", account="a@b", **facts
        )
        for kind in Kind
    ]
    places[0].tokens = "sealed"
    places[1].last_error, places[1].failures = AWKWARD, 3
    session.add_all(places)
    session.flush()
    awards = session.scalars(select(Award.id).filter_by(person_id=asha.id))
    for number, state in zip(awards, PushState, strict=True):
        push = Push(connection_id=places[0].id, award_id=number, state=state, created_at=NOW)
        push.answer = AWKWARD
        session.add(push)
    words: dict[str, Any] = {}
    done = Export(words=words, name="x.zip", size=99, done=3, planned=3, finished_at=NOW, **facts)
    session.add_all([done, Export(words=words, planned=3, due_at=NOW, **facts)])


def _operations(session: Session) -> None:
    """Let there be what operators mend."""
    message = outbox.announce(session, "badges.refused", {}, stream="asha", now=NOW)
    message.refused_at, message.last_error = NOW, AWKWARD
    message = outbox.announce(session, "badges.waits", {"a": [AWKWARD]}, stream="asha", now=NOW)
    message.due_at, message.last_error, message.attempts = NOW, AWKWARD, 2
    for number in (1, 2):
        quarantine.put(
            session,
            message_id=f"m{number}",
            topic="wiki.edit",
            content={"text": AWKWARD},
            reason=AWKWARD,
            now=NOW,
        )
    facts: dict[str, Any] = {"name": "mirror", "looked_at": 12_345, "report": {"hosts": [AWKWARD]}}
    session.add(JobRun(started_at=NOW, errors=2, **facts))
    session.add(JobRun(started_at=NOW, finished_at=NOW + timedelta(seconds=3), **facts))
    for number in (1, 2, 3):
        counter = Counter(key=f"c{number}", filter="tests", person_key="asha", facts={}, value=17)
        counter.updated_at = NOW
        session.add(counter)


def _sent_by_root(root: Browser) -> Iterator[str]:
    """Make by forms what has a history, and return to which pages they led."""
    here = rule_pages.HERE
    rule_pages.save(root, RULE)
    yield _led_to(root.post(f"{here}/revisions/1/activate"))
    rule_pages.save(root, RULE + "# again\n")
    yield _led_to(root.post(f"{here}/backfill"))
    link = {"badge": "first-steps", "lasts": "week", "note": AWKWARD}
    yield _led_to(root.post("/admin/invitations/new", kind="link", maximum_uses=30, **link))
    yield _led_to(root.post("/admin/invitations/new", kind="codes", codes=3, **link))
    offer = {"claimable": "y", "instructions": "Show *it*.", "maximum_awards": "5"}
    yield _led_to(root.post("/admin/bounties/first-steps", **offer))
    people = {"badge": "tester-2", "people": "chen, rita nobody", "action": "preview"}
    yield _led_to(root.post("/admin/award/", **people, narrative="Thanks"))
    file = io.BytesIO(b"who,what\nchen,tester-3\n"), "list.csv"
    yield _led_to(root.post("/admin/award/file", file=file))
    reason = {"badge": "tester-1", "reason": AWKWARD}
    yield _led_to(root.post("/admin/awards/revoke/list", names="rita nobody", **reason))
    about = {"issuer": "accolades", "comment": f"Worth **having**. {AWKWARD}"}
    for badge in ("tester-1", "first-steps"):
        said = {**about, "about": f"{BASE_URL}/badges/{badge}"}
        yield _led_to(root.post("/admin/endorsements/new", **said))
    yield _led_to(root.post("/admin/series/-/new", name="Empty", team=""))
    yield _led_to(root.post("/admin/teams/-/new", name="QA"))
    root.follow(root.post("/admin/teams/qa/people", names="asha, dora"))


def _sent_by_others(made: Furnished) -> None:
    """Claim, answer, let a wallet in, and make a token."""
    asha, chen, rita = map(made.browser, ("asha", "chen", "rita"))
    dora = made.browser("dora")
    claim = {"text": f"**Done**. {AWKWARD}", "links": "https://evidence.example.org/1"}
    for each in (chen, rita, dora):
        each.follow(each.post("/badges/first-steps/claim", **claim))
    rita.follow(rita.post("/admin/claims/1/ask-back", sending=1, text=AWKWARD))
    rita.follow(rita.post("/admin/claims/3/decline", sending=1, text=AWKWARD))
    day = (NOW.date() + timedelta(days=30)).isoformat()
    asha.post("/settings/tokens", name="laptop", scope=["awards:read"], day=day)
    wallet = Wallet(made.app)
    wallet.code(asha)
    request = urlencode(wallet.request())
    made.addresses["asha"] = [f"/oauth/authorize?{request}", f"/oauth/authorize?{request}&scope=x"]


def _led_to(answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
