# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from issuer.models import AuditEntry
from issuer.services import awards, grants, permissions, persons
from issuer.services.grants import Terms
from issuer.services.permissions import Right
from tests.issuing import NOW, give, make_badge
from tests.unit.issuer.services.batched import admin, member

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site

DAY = timedelta(days=1)


def test_a_grant_is_given_changed_ended_and_given_again(session: Session, site: Site) -> None:
    root, badge = admin(session), make_badge(session, site)
    dora = member(session, "dora")
    terms = Terms(username="DORA", quota=2, expires_at=NOW + DAY)
    grant, is_new = grants.put(session, root, badge, terms, now=NOW)
    assert is_new
    assert permissions.may(session, dora, Right.AWARD, badge, now=NOW)
    assert not permissions.may(session, dora, Right.AWARD, badge, now=NOW + DAY)
    assert grants.put(session, root, badge, Terms(username="dora", quota=3), now=NOW) == (
        grant,
        False,
    )
    grants.put(session, root, badge, Terms(username="dora", quota=3), now=NOW)  # nothing changed
    grants.end(session, root, grant.id, now=NOW)
    with pytest.raises(ConflictError):
        grants.end(session, root, grant.id, now=NOW)
    assert not grants.holds_any(session, dora, now=NOW)
    assert grants.put(session, root, badge, Terms(username="dora"), now=NOW + DAY)[1]
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [each.action for each in entries] == [
        "grant.give",
        "grant.change",
        "grant.end",
        "grant.give",
    ]
    assert (entries[1].before, entries[1].after) == (
        {"quota": 2, "until": (NOW + DAY).isoformat()},
        {"quota": 3, "until": None},
    )


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        (Terms(), InvalidInputError),
        (Terms(username="dora", group="designers"), InvalidInputError),
        (Terms(username="nobody"), NotFoundError),
        (Terms(username="gone"), InvalidInputError),
        (Terms(username="dora", quota=0), InvalidInputError),
        (Terms(username="dora", expires_at=NOW), InvalidInputError),
        (Terms(group="x" * 101), InvalidInputError),
        (Terms(group="a\nb"), InvalidInputError),
    ],
)
def test_terms_that_cannot_be_are_refused(
    session: Session, site: Site, terms: Terms, error: type[Exception]
) -> None:
    """predecessors 1.2: authorize says success for an unknown badge or person."""
    root, badge = admin(session), make_badge(session, site)
    member(session, "dora")
    persons.ensure(session, "gone", now=NOW).erased_at = NOW
    with pytest.raises(error):
        grants.put(session, root, badge, terms, now=NOW)


def test_grants_are_for_badges_of_ones_own(session: Session, site: Site) -> None:
    root, badge = admin(session), make_badge(session, site)
    others = permissions.actor(
        permissions.Policy(managers={"others": frozenset({"another"})}), "otto", ["others"]
    )
    with pytest.raises(ForbiddenError):
        grants.put(session, others, badge, Terms(username="root"), now=NOW)
    grant = grants.put(session, root, badge, Terms(group="designers"), now=NOW)[0]
    with pytest.raises(ForbiddenError):
        grants.end(session, others, grant.id, now=NOW)
    assert len(session.execute(grants.listed(root, now=NOW)).all()) == 1
    assert session.execute(grants.listed(others, now=NOW)).all() == []
    badge.retired_at = NOW
    with pytest.raises(ConflictError):
        grants.put(session, root, badge, Terms(username="root"), now=NOW)


def test_what_is_left_counts_each_member_and_what_still_stands(
    session: Session, site: Site
) -> None:
    root, badge = admin(session), make_badge(session, site)
    dora, mei = (member(session, name, "designers") for name in ("dora", "mei"))
    grants.put(session, root, badge, Terms(group="designers", quota=2), now=NOW)
    cause = awards.Cause(source="invitation", awarded_by=dora.person_id)
    given = give(session, badge, "asha", cause=cause).award
    assert [grants.left(session, each, badge, now=NOW) for each in (dora, mei)] == [1, 2]
    (held,) = grants.held(session, dora, now=NOW)
    assert (held.badge, held.quota, held.left, held.expires_at) == (badge, 2, 1, None)
    awards.revoke(session, given, "no", now=NOW)
    assert grants.left(session, dora, badge, now=NOW) == 2
    assert grants.left(session, root, badge, now=NOW) is None
    assert grants.left(session, member(session, "karl"), badge, now=NOW) == 0
    grants.put(session, root, badge, Terms(username="dora"), now=NOW)  # the wider of two counts
    assert grants.left(session, dora, badge, now=NOW, lock=True) is None
