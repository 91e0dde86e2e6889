# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs that award nothing: expiry, clean-ups, the outbox, the age of keys."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from consumer.jobs import housekeeping
from consumer.jobs.expiry import Expiry
from consumer.jobs.housekeeping import (
    AppCleanUp,
    ClaimCleanUp,
    ExportCleanUp,
    InvitationCleanUp,
    KeyAge,
    LoginCleanUp,
    Outbox,
)
from consumer.jobs.retention import ArchiveRetention
from issuer.errors import BrokerAwayError, MessageRefusedError
from issuer.models import (
    App,
    AppAccess,
    Award,
    Badge,
    Claim,
    ClaimState,
    Invitation,
    InvitationUse,
    Login,
    OutboxMessage,
    Person,
    SigningKey,
)
from issuer.preparing import EXPORTS
from issuer.services import app_tokens, apps, browsers, clearing, expiring, exports, persons
from issuer.services.apps import Registration
from tests.issuing import NOW, give, make_issuer
from tests.unit.issuer.services.counting import feed, load
from tests.unit.issuer.test_sending import FakeBus, announce

if TYPE_CHECKING:
    from tests.unit.consumer.jobs.community import Community

DAY = timedelta(days=1)


@pytest.fixture
def ending(community: Community, monkeypatch: pytest.MonkeyPatch) -> Community:
    """A site with a badge that lasts ten days."""
    monkeypatch.setattr(expiring, "BATCH", 2)
    community.settings["mail_host"] = "mail.example.org"
    community.badges("pass", expires_after=10 * DAY)
    for name, days in (("asha", 11), ("ben", 9), ("chidi", 100), ("dora", 12), ("eve", 13)):
        with community.base.database.writing() as session:
            badge = session.scalars(select(Badge)).one()
            give(session, badge, name, issued_at=NOW - days * DAY)
            if name == "eve":
                give(session, badge, name, occurrence="again-1")
    community.people(["dora"], opted_out=True)
    community.people(["ben"], locale="es")
    return community


def letters(community: Community) -> list[dict[str, str]]:
    with community.base.database.reading() as session:
        found = session.scalars(select(OutboxMessage.body).where(OutboxMessage.kind == "e-mail"))
        return list(found)


def test_holders_are_told_once_of_what_ran_out(ending: Community) -> None:
    assert ending.run(Expiry(), dry_run=True).tally.looked_at == 4
    ended = ending.run(Expiry())
    assert ended.tally.skipped == {"told by a letter": 1, "noted without a letter": 3}
    (letter,) = letters(ending)
    assert letter["to"] == "asha@fedoraproject.org"
    assert letter["subject"] == "Accolades: your badge Pass has run out"
    assert "“Pass” was good until 2026-02-28" in letter["text"]
    assert ending.run(Expiry()).tally.looked_at == 0
    ending.now = NOW + 2 * DAY
    assert ending.run(Expiry()).tally.skipped == {"told by a letter": 1}
    assert letters(ending)[1]["subject"] == "Accolades: tu insignia Pass ha caducado"
    assert letters(ending)[1]["text"].startswith("Hola, ben:\n\ntu insignia «Pass» fue válida ")
    with ending.base.database.reading() as session:
        noted = select(Award.expiry_noted_at).order_by(Award.id)
        assert [moment is not None for moment in session.scalars(noted)] == [True] * 5 + [False]


def test_without_a_mail_server_it_is_only_noted(ending: Community) -> None:
    ending.settings["mail_host"] = ""
    assert ending.run(Expiry()).tally.skipped == {"noted without a letter": 4}
    assert letters(ending) == []


def test_one_letter_that_cannot_be_written_stops_no_other(
    ending: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = expiring.note

    def fails_for_asha(session: object, given: Award, **named: object) -> bool:
        if given.person.key == "asha":
            raise ValueError("no ink")
        return note(session, given, **named)

    monkeypatch.setattr(expiring, "note", fails_for_asha)
    ended = ending.run(Expiry())
    assert ended.tally.lines == ["pass of asha: ValueError: no ink"]
    assert (ended.tally.looked_at, ended.trouble) == (4, "")
    monkeypatch.undo()
    assert ending.run(Expiry()).tally.skipped == {"told by a letter": 1}


def test_invitations_that_are_over_go_unless_somebody_used_them(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearing, "BATCH", 1)
    community.badges("pass")
    community.settings["invitation_keep_days"] = 30
    with community.base.database.writing() as session:
        badge = session.scalars(select(Badge)).one()
        given = give(session, badge, "asha").award
        for called, expires, revoked in (
            ("old", NOW - 31 * DAY, None),
            ("used", NOW - 31 * DAY, None),
            ("revoked", None, NOW - 31 * DAY),
            ("recent", NOW - 29 * DAY, None),
            ("open", None, None),
        ):
            made = Invitation(
                token=called, badge=badge, created_at=NOW, expires_at=expires, revoked_at=revoked
            )
            session.add(made)
            session.flush()
            if called == "used":
                use = {"person_id": given.person_id, "award_id": given.id, "used_at": NOW}
                session.add(InvitationUse(invitation_id=made.id, **use))
    assert community.run(InvitationCleanUp(), dry_run=True).tally.looked_at == 2
    assert community.run(InvitationCleanUp()).tally.looked_at == 2
    with community.base.database.reading() as session:
        assert set(session.scalars(select(Invitation.token))) == {"used", "recent", "open"}


def test_claims_that_nobody_can_accept_are_declined(community: Community) -> None:
    community.badges("pass", "gone")
    community.people(["asha", "ben"])
    community.people(["ben"], opted_out=True)
    with community.base.database.writing() as session:
        badges = {row.slug: row for row in session.scalars(select(Badge))}
        badges["gone"].retired_at = NOW
        people = {row.key: row.id for row in session.scalars(select(Person))}
        for badge, person, state in (
            ("pass", "asha", ClaimState.OPEN),
            ("gone", "asha", ClaimState.ASKED_BACK),
            ("pass", "ben", ClaimState.OPEN),
            ("gone", "ben", ClaimState.ACCEPTED),
        ):
            claim = Claim(badge=badges[badge], person_id=people[person], state=state)
            claim.created_at = NOW
            session.add(claim)
    assert community.run(ClaimCleanUp()).tally.looked_at == 2
    with community.base.database.reading() as session:
        states = session.scalars(select(Claim.state).order_by(Claim.id))
        assert list(states) == ["open", "declined", "declined", "accepted"]


def test_what_waits_in_the_outbox_is_sent(community: Community) -> None:
    announce(community.base, "asha", "ben", "chidi")
    refused = MessageRefusedError("message: is too large")
    bus = FakeBus(trouble={1: [refused], 2: [BrokerAwayError("broker: is away")]})
    job = Outbox(make_bus=lambda: bus)
    ended = community.run(job)
    assert (ended.trouble, bus.numbers, bus.closed) == ("broker: is away", [0], 1)
    ended = community.run(job)
    assert (ended.trouble, bus.numbers) == ("", [0, 2])
    assert ended.tally.looked_at == 1


def test_letters_in_the_outbox_are_sent_too(
    ending: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending.run(Expiry())
    sent = []

    class Mailer:
        def __init__(self, *_: object) -> None:
            self.send = sent.append

    monkeypatch.setattr(housekeeping, "SmtpMailer", Mailer)
    with ending.base.database.writing() as session:
        session.execute(
            update(OutboxMessage).where(OutboxMessage.kind == "message").values(sent_at=NOW)
        )
    ended = ending.run(Outbox(make_bus=FakeBus))
    assert ([mail.to for mail in sent], ended.tally.looked_at) == (["asha@fedoraproject.org"], 1)


def test_a_key_that_is_old_or_ends_soon_is_named(small: Community) -> None:
    with small.base.database.writing() as session:
        make_issuer(session, small.base)
    assert small.run(KeyAge()).tally.errors == 0
    small.settings["key_max_days"] = 365
    small.now = NOW + 366 * DAY
    (line,) = small.run(KeyAge()).tally.lines
    assert line.endswith("of accolades: is in use for 366 days, 365 are enough")
    with small.base.database.writing() as session:
        session.execute(update(SigningKey).values(valid_until=small.now + DAY))
    (line,) = small.run(KeyAge()).tally.lines
    assert "ends on 2027-03-03" in line


def test_old_messages_go_where_the_settings_say_how_old(community: Community) -> None:
    with community.base.database.writing() as session:
        ruleset = load(session, community.base, [])
        feed(session, ruleset, 1)
    assert community.run(ArchiveRetention()).tally.looked_at == 0
    community.settings["archive_keep_days"] = 30
    community.now = NOW + 31 * DAY
    assert community.run(ArchiveRetention(), dry_run=True).tally.looked_at == 1
    assert community.run(ArchiveRetention()).tally.looked_at == 1
    assert community.run(ArchiveRetention()).tally.looked_at == 0
    community.settings["history"] = "datagrepper"
    assert "every message is needed" in community.run(ArchiveRetention()).trouble


def test_apps_that_nobody_lets_in_go_and_what_holds_stays(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps, "BATCH", 2)
    community.people(["asha"])
    said = Registration(name="", redirect_uris=(), scopes=(), auth_method="none", renews=False)
    ages = {"new": 29, "unused": 31, "old": 300, "left": 401, "let in": 401, "over": 401}
    with community.base.database.writing() as session:
        person = session.scalars(select(Person)).one()
        for name, days in ages.items():
            app, _ = apps.register(session, replace(said, name=name), now=NOW - days * DAY)
            if name not in {"new", "unused"}:
                app.last_used_at = NOW - days * DAY
            if name in {"let in", "over"}:
                access = app_tokens.allow(
                    session,
                    app,
                    person,
                    (),
                    redirect_uri="",
                    challenge="",
                    code=name,
                    address=None,
                    now=NOW,
                )
                access.ends_at = NOW + DAY if name == "let in" else NOW
                app.last_used_at = NOW - days * DAY
    assert community.run(AppCleanUp(), dry_run=True).tally.looked_at
    assert community.run(AppCleanUp()).tally.looked_at == 4
    with community.base.database.reading() as session:
        assert set(session.scalars(select(App.name))) == {"new", "old", "let in"}
        assert len(session.scalars(select(AppAccess)).all()) == 1
    assert community.run(AppCleanUp()).tally.looked_at == 0


def test_what_was_noted_of_logins_goes_when_they_are_over(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsers, "BATCH", 2)
    span = browsers.Span(lasts=DAY, idle=DAY)
    with community.base.database.writing() as session:
        person = persons.ensure(session, "asha", now=NOW)
        for mark in "abc":
            browsers.begin(session, person, mark, span, agent=browsers.Agent(), now=NOW - DAY)
        for row in browsers.listed(session, person, now=NOW - DAY):
            row.ends_at = NOW + DAY if row.mark_hash == browsers.hash_of("b") else NOW
    assert community.run(LoginCleanUp(), dry_run=True).tally.looked_at
    assert community.run(LoginCleanUp()).tally.looked_at == 2
    with community.base.database.reading() as session:
        assert set(session.scalars(select(Login.mark_hash))) == {browsers.hash_of("b")}


def test_large_zips_go_when_their_time_is_over_and_halves_when_nobody_writes_them(
    community: Community,
) -> None:
    objects, now = community.base.objects, community.now
    with community.base.database.writing() as session:
        person = persons.ensure(session, "asha", now=now)
        for name, age in (("over", 7), ("kept", 6)):
            made = now - age * DAY
            asked = {"planned": 1, "address": None, "with_certificates": False, "words": {}}
            exports.ask(session, person, **asked, now=made)
            job = exports.take(session, now=made)
            assert job is not None
            exports.finish(session, job, name, 1, 1, now=made)
    folder = objects.folder / EXPORTS / "aa"
    names = {"over": 7, "kept": 6, "aalost": 1, ".aahalf.x": 1, ".aayoung.x": 0}
    for name, age in names.items():
        path = folder / name if "aa" in name else objects.folder / EXPORTS / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PK")
        os.utime(path, ((now - age * DAY).timestamp(),) * 2)

    def left() -> list[str]:
        return sorted(path.name for path in (objects.folder / EXPORTS).glob("*/*"))

    assert community.run(ExportCleanUp(), dry_run=True).tally.looked_at == 3
    assert left() == sorted(names)
    assert community.run(ExportCleanUp()).tally.looked_at == 4  # rows, and files without one
    assert left() == [".aayoung.x", "kept"]
    assert community.run(ExportCleanUp()).tally.looked_at == 0
