# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from issuer.errors import ConflictError, ForbiddenError, InvalidInputError
from issuer.models import AuditEntry, Award, BadgeTotal, BatchKind
from issuer.services import awards, batches, persons, withdrawing
from tests.issuing import NOW, give, make_badge
from tests.unit.issuer.services.batched import admin, member, states

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def test_a_list_names_awards_in_any_way(session: Session, site: Site) -> None:
    root = admin(session)
    badge, other = make_badge(session, site), make_badge(session, site, "Second")
    for name in ("asha", "boris", "karl", "lena", "mei"):
        give(session, badge, name)
    given = {award.person.key: award for award in session.scalars(select(Award))}
    awards.revoke(session, given["lena"], "before", now=NOW)
    persons.ensure(session, "nobody", now=NOW)
    address = given["asha"].assertions[0].document_id
    cases = [
        (address, ""),
        (f"{address}.json", "repeated"),
        (str(given["boris"].uuid), ""),
        (str(given["karl"].assertions[0].uuid), ""),
        ("mei", ""),
        ("lena", "revoked-before"),
        ("nobody", "no-award"),
        ("stranger", "no-award"),
        (str(uuid4()), "no-award"),
        ("https://elsewhere.example/assertions/1", "no-award"),
    ]
    names = [case[0] for case in cases]
    found = withdrawing.prepare(session, root, names, badge, now=NOW)
    assert [line.reason for line in found] == [case[1] for case in cases]
    bare = withdrawing.prepare(session, root, ["mei"], None, now=NOW)
    assert [line.reason for line in bare] == ["needs-badge"]
    none = withdrawing.prepare(session, root, ["mei"], other, now=NOW)
    assert [line.reason for line in none] == ["no-award"]
    alien = withdrawing.prepare(session, member(session, "dora"), names[:1], badge, now=NOW)
    assert [line.reason for line in alien] == ["forbidden"]


def test_what_was_shown_is_revoked_and_nothing_else(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "CHUNK", 2)
    root = admin(session)
    badge = make_badge(session, site)
    for name in ("asha", "boris", "karl", "lena"):
        give(session, badge, name)
    names = ["asha", "boris", "karl"]
    found = withdrawing.prepare(session, root, names, badge, now=NOW)
    batch = batches.make(session, root, BatchKind.REVOKE, found, now=NOW)
    with pytest.raises(InvalidInputError, match="reason"):
        withdrawing.confirm(batch, " ")
    withdrawing.confirm(batch, "Not yours.")
    session.flush()
    with pytest.raises(ForbiddenError):
        withdrawing.take_back(session, admin(session, "rita"), batch, letters=None, now=NOW)
    awards.revoke(session, _award(session, "asha"), "quicker", now=NOW)
    assert withdrawing.take_back(session, root, batch, letters=None, now=NOW)
    assert not withdrawing.take_back(session, root, batch, letters=None, now=NOW)
    assert states(session, batch) == [("refused", "revoked-before"), ("done", ""), ("done", "")]
    with pytest.raises(ConflictError, match="revoked before"):
        withdrawing.take_back(session, root, batch, letters=None, now=NOW)
    assert session.scalars(select(BadgeTotal.holders)).one() == 1
    numbers = session.scalars(select(AuditEntry.after).filter_by(action="award.revoke")).all()
    assert sum(each["awards"] for each in numbers if each) == 2


def test_all_of_a_badge_are_those_that_were_shown(
    session: Session, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "CHUNK", 2)
    root = admin(session)
    badge, other = make_badge(session, site), make_badge(session, site, "Second")
    for name in ("asha", "boris", "karl"):
        give(session, badge, name)
    give(session, other, "asha")
    number, upto = withdrawing.number_of(session, badge)
    assert number == 3
    kind, options = BatchKind.REVOKE_BADGE, {"upto": upto, "number": number}
    batch = batches.make(session, root, kind, now=NOW, badge_id=badge.id, options=options)
    withdrawing.confirm(batch, "Retired.")
    give(session, badge, "lena")  # meanwhile
    while withdrawing.take_back(session, root, batch, letters=None, now=NOW):
        pass
    left = select(func.count()).select_from(Award).where(Award.revoked_at.is_(None))
    assert session.scalar(left) == 2
    assert batch.options["revoked"] == 3


def _award(session: Session, name: str) -> Award:
    person = persons.find(session, name)
    return session.scalars(select(Award).filter_by(person_id=person.id)).one()
