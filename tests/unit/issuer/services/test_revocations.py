# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, ForbiddenError
from issuer.models import AuditEntry, Award, BadgeTotal, EmailIdentity, OutboxMessage
from issuer.services import awards, batches, persons, revocations
from issuer.services.revocations import Letters
from tests.issuing import NOW, make_badge
from tests.issuing import give as give_one
from tests.unit.issuer.services.batched import admin, give, member, show, states
from tests.unit.issuer.services.test_processing import EDIT, awarded, feed, load, message

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

LETTERS = Letters("Accolades", "https://badges.example.org", "badges@example.org")


def _revoke(session: Session, award: Award, **changes: Any) -> bool:
    values = {"letters": None, "now": NOW, **changes}
    return revocations.revoke(session, admin(session), award, "Not yours.", **values)


def test_a_rule_gives_a_revoked_badge_again_only_when_an_admin_says_so(
    session: Session, site: Site
) -> None:
    load(session, site, EDIT)
    (given,) = feed(session, message(1)).given
    award = session.scalars(select(Award).filter_by(uuid=given.award.uuid)).one()
    root = admin(session)
    with pytest.raises(ConflictError, match="nothing is in the way"):
        revocations.allow_again(session, root, award, now=NOW)
    assert _revoke(session, award)
    assert not _revoke(session, award)
    assert feed(session, message(2)).given == []
    assert not award.may_come_again
    revocations.allow_again(session, root, award, now=NOW)
    assert award.may_come_again
    with pytest.raises(ConflictError, match="nothing is in the way"):
        revocations.allow_again(session, root, award, now=NOW)
    session.flush()
    assert awarded(feed(session, message(3))) == [("badge-1", "asha")]
    assert feed(session, message(4)).given == []  # once
    with pytest.raises(ConflictError):
        revocations.allow_again(session, root, award, now=NOW)
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["award.revoke", "award.allow_again"]


def test_what_is_awarded_again_by_hand_is_not_given_by_a_rule_beside_it(
    session: Session, site: Site
) -> None:
    load(session, site, EDIT)
    feed(session, message(1))
    award = session.scalars(select(Award)).one()
    root = admin(session)
    _revoke(session, award)
    arguments = {"email_domain": "example.org", "now": NOW}
    first = revocations.award_again(session, root, award, **arguments)
    assert (first.created, first.award.occurrence) == (True, "again-1")
    assert not revocations.award_again(session, root, award, **arguments).created
    with pytest.raises(ConflictError, match="by another award"):
        revocations.allow_again(session, root, award, now=NOW)
    _revoke(session, first.award)
    revocations.allow_again(session, root, first.award, now=NOW)
    session.flush()
    second = revocations.award_again(session, root, award, **arguments)
    assert (second.created, second.award.occurrence) == (True, "")
    assert feed(session, message(2)).given == []
    assert second.award.awarded_by_id == root.person_id


def test_the_holder_is_told_why_by_letter_unless_they_want_nothing(
    session: Session, site: Site
) -> None:
    badge = make_badge(session, site)
    given = [give_one(session, badge, name).award for name in ("asha", "boris", "karl", "lena")]
    people = [award.person for award in given]
    session.add(
        EmailIdentity(
            person=people[0],
            address="asha@home.example",
            verified_at=NOW,
            is_default=True,
            created_at=NOW,
        )
    )
    people[1].email, people[1].locale = "boris@login.example", "de"
    people[2].email, people[2].opted_out = "karl@login.example", True  # and nobody knows Lena's
    session.flush()
    for award in given:
        assert _revoke(session, award, letters=LETTERS)
    letters = session.scalars(select(OutboxMessage).filter_by(kind="e-mail")).all()
    assert [each.body["to"] for each in letters] == ["asha@home.example", "boris@login.example"]
    assert [each.body["subject"] for each in letters] == [
        "Accolades: a badge was taken back",
        "Accolades: ein Abzeichen wurde dir entzogen",
    ]
    german = letters[1].body["text"]
    assert german.startswith("Hallo boris,\n\ndas Abzeichen „First Steps“, das Accolades dir ")
    assert "\n\nNot yours.\n\nAuch seine Seite sagt es: " in german
    text = letters[0].body["text"]
    assert "Not yours." in text
    assert given[0].assertions[0].document_id in text


def test_somebody_of_another_issuer_takes_nothing_back(session: Session, site: Site) -> None:
    award = give_one(session, make_badge(session, site), "asha").award
    dora = member(session, "dora")
    for act in (
        lambda: revocations.revoke(session, dora, award, "no", letters=None, now=NOW),
        lambda: revocations.allow_again(session, dora, award, now=NOW),
        lambda: revocations.undo_one(session, dora, award, now=NOW),
    ):
        with pytest.raises(ForbiddenError):
            act()
    assert not award.is_revoked


def test_a_list_is_undone_within_ten_minutes_and_may_be_given_anew(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "CHUNK", 2)
    root = admin(session)
    make_badge(session, site)
    names = [(name, "first-steps") for name in ("asha", "boris", "karl")]
    batch = show(session, root, *names, make_accounts=True)
    give(session, root, batch)
    with pytest.raises(ConflictError, match="ten minutes"):
        revocations.undo(session, root, batch, now=NOW + batches.UNDO + timedelta(seconds=1))
    with pytest.raises(ForbiddenError):
        revocations.undo(session, admin(session, "rita"), batch, now=NOW)
    assert revocations.undo(session, root, batch, now=NOW + batches.UNDO)
    # What was begun in time goes on.
    assert not revocations.undo(session, root, batch, now=NOW + 2 * batches.UNDO)
    assert states(session, batch) == [("undone", "")] * 3
    reasons = set(session.scalars(select(Award.revocation_reason)))
    assert reasons == {revocations.BY_MISTAKE}
    assert session.scalars(select(BadgeTotal.holders)).one() == 0
    again = show(session, root, *names)
    give(session, root, again)
    assert states(session, again) == [("done", "")] * 3


def test_one_award_is_undone_by_who_gave_it_and_soon(session: Session, site: Site) -> None:
    root = admin(session)
    badge = make_badge(session, site)
    cause = awards.Cause(source="admin", awarded_by=root.person_id)
    award = give_one(session, badge, "asha", cause=cause).award
    with pytest.raises(ForbiddenError):
        revocations.undo_one(session, admin(session, "rita"), award, now=NOW)
    late = NOW + batches.UNDO + timedelta(seconds=1)
    with pytest.raises(ConflictError):
        revocations.undo_one(session, root, award, now=late)
    assert revocations.undo_one(session, root, award, now=NOW + batches.UNDO)
    assert not revocations.undo_one(session, root, award, now=NOW)


def test_two_who_revoke_at_once_count_it_out_once(site: Site) -> None:
    with site.database.writing() as session:
        badge = make_badge(session, site)
        uuid = give_one(session, badge, "asha").award.uuid
        give_one(session, badge, "boris")
        root = admin(session)
    barrier, changed = threading.Barrier(4), []

    def work() -> None:
        barrier.wait()
        with site.database.writing() as session:
            award = awards.find(session, str(uuid))
            changed.append(revocations.revoke(session, root, award, "no", letters=None, now=NOW))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(changed) == [False, False, False, True]
    with site.database.reading() as session:
        assert session.scalars(select(BadgeTotal.holders)).one() == 1


def test_an_erased_name_stands_in_no_list(session: Session, site: Site) -> None:
    root = admin(session)
    make_badge(session, site)
    batch = show(
        session,
        root,
        ("asha", "first-steps", "https://x.example/asha", "Asha!"),
        make_accounts=True,
    )
    give(session, root, batch)
    batches.forget_person(session, persons.find(session, "asha").id)
    line = batches.lines(session, batch).items[0]
    assert (line.name, line.account, line.narrative, line.evidence) == ("", "", "", [])
