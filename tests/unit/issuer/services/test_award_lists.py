# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from issuer.errors import ForbiddenError, NotFoundError
from issuer.models import OldName
from issuer.services import award_lists, awards, permissions, persons
from issuer.services.award_lists import Asked
from issuer.services.permissions import Right
from tests.issuing import NOW, give, make_badge
from tests.unit.issuer.services.batched import admin

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site


def test_awards_are_found_by_person_badge_source_and_state(session: Session, site: Site) -> None:
    root = admin(session)
    first, second = make_badge(session, site), make_badge(session, site, "Second Wind")
    given = give(session, first, "asha").award
    give(session, second, "asha", cause=awards.Cause(source="rule"))
    give(session, first, "boris")
    awards.revoke(session, given, "no", now=NOW)
    asha = persons.find(session, "asha")
    asha.display_name, asha.opted_out = "Asha Raman", True  # an admin sees who is hidden
    session.add(OldName(key="asha-before", person_id=asha.id, changed_at=NOW))
    session.flush()
    others = permissions.actor(
        permissions.Policy(managers={"others": frozenset({"another"})}), "otto", ["others"]
    )

    def found(**asked: str) -> int:
        statement = award_lists.listed(session, root, Right.REVOKE, Asked(**asked), now=NOW)
        return len(session.execute(statement).all())

    cases: list[tuple[dict[str, str], int]] = [
        ({}, 3),
        ({"query": "raman"}, 2),
        ({"query": "ASHA-before"}, 2),
        ({"query": "wind"}, 1),
        ({"query": "second-wind"}, 1),
        ({"query": "%"}, 0),
        ({"badge": "first-steps"}, 2),
        ({"badge": "no-such"}, 0),
        ({"source": "rule"}, 1),
        ({"state": "revoked"}, 1),
        ({"state": "valid", "query": "asha"}, 1),
    ]
    assert [found(**asked) for asked, _ in cases] == [number for _, number in cases]
    own = award_lists.listed(session, others, Right.REVOKE, Asked(), now=NOW)
    assert session.execute(own).all() == []
    with pytest.raises(ForbiddenError):
        award_lists.one(session, others, Right.REVOKE, given.uuid, now=NOW)
    with pytest.raises(NotFoundError):
        award_lists.one(session, root, Right.REVOKE, given.assertions[0].uuid, now=NOW)
    suggested = award_lists.suggested_badges(session, root, Right.AWARD, "wi", now=NOW)
    assert suggested == [("second-wind", "Second Wind")]
    assert award_lists.suggested_badges(session, others, Right.AWARD, "wi", now=NOW) == []
