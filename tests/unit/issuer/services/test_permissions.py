# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.errors import ForbiddenError
from issuer.models import Badge, Grant
from issuer.services import permissions, persons
from issuer.services.permissions import NOBODY, Policy, Right, Role
from tests.issuing import NOW, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.services.permissions import Actor
    from issuer.site import Site

POLICY = Policy(
    admins=frozenset({"admins"}),
    reviewers=frozenset({"reviewers"}),
    managers={"managers": frozenset({"*"}), "others": frozenset({"another"})},
)
ALL = frozenset(Right)
MANAGED = permissions.RIGHTS[Role.MANAGER]


def somebody(*groups: str, name: str = "asha") -> Actor:
    return permissions.actor(POLICY, name, groups)


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (somebody("admins"), ALL),
        (somebody("managers"), MANAGED),
        (somebody("others"), frozenset()),  # manages the badges of another issuer
        (somebody("reviewers"), {Right.REVIEW}),
        (somebody("reviewers", "managers"), MANAGED),
        (somebody("strangers"), frozenset()),
        (somebody("designers"), {Right.AWARD, Right.INVITE}),  # a group that holds a grant
        (somebody(name="Ines"), {Right.AWARD, Right.INVITE}),  # a person who holds one
        (somebody(name="karl"), frozenset()),  # whose grant has ended
        (NOBODY, frozenset()),
    ],
)
def test_roles_and_grants_give_rights_for_a_badge(
    session: Session, site: Site, actor: Actor, expected: frozenset[Right]
) -> None:
    badge = make_badge(session, site)
    make_badge(session, site, "Second Steps")
    ines, karl = (persons.ensure(session, name, now=NOW) for name in ("ines", "karl"))
    ended = NOW - timedelta(seconds=1)
    for grant in (
        {"person_id": ines.id, "expires_at": NOW + timedelta(days=1)},
        {"person_id": karl.id, "expires_at": ended},
        {"group_name": "designers"},
    ):
        session.add(Grant(badge_id=badge.id, created_at=ended, **grant))
    session.flush()
    held = {right for right in Right if permissions.may(session, actor, right, badge, now=NOW)}
    assert held == expected
    lists = {
        right: set(
            session.scalars(select(Badge.slug).where(permissions.within(actor, right, now=NOW)))
        )
        for right in Right
    }
    assert {right for right, slugs in lists.items() if badge.slug in slugs} == expected
    if not actor.roles:  # a grant is for its badge alone
        assert all("second-steps" not in slugs for slugs in lists.values())
    assert expected <= {
        right for right in Right if permissions.holds(session, actor, right, now=NOW)
    }
    for right in Right:
        if right in expected:
            permissions.require(session, actor, right, badge, now=NOW)
        else:
            with pytest.raises(ForbiddenError, match=f"no right to {right}"):
                permissions.require(session, actor, right, badge, now=NOW)


def test_a_page_stays_closed_to_whoever_holds_nothing(session: Session) -> None:
    for actor in (NOBODY, somebody("strangers")):
        assert not any(permissions.holds(session, actor, right, now=NOW) for right in Right)
    assert permissions.granted_groups(session) == frozenset()
