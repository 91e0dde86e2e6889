# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from issuer.models import AuditEntry, Grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


def test_a_grant_is_given_changed_and_ended(call: Call, site: Site) -> None:
    assert call("grant", "first-steps", "asha").out == "first-steps: asha: granted\n"
    changed = call("grant", "first-steps", "asha", "--quota", "3", "--until", "2099-12-31")
    assert changed.out == "first-steps: asha: changed\n"
    assert call("grant", "first-steps", "--group", "designers").code == 0
    assert call("grant", "first-steps", "asha", "--end").out == "first-steps: asha: ended\n"
    with site.database.reading() as session:
        assert len(session.scalars(select(Grant)).all()) == 2
        assert set(session.scalars(select(AuditEntry.actor))) == {"cli"}
    for wrong, said in (
        (("no-such", "asha"), "there is none"),
        (("first-steps", "nobody"), "not known here"),
        (("first-steps",), "either a person or a group"),
        (("first-steps", "boris", "--end"), "not known here"),
        (("first-steps", "--group", "others", "--end"), "there is none"),
        (("first-steps", "asha", "--until", "2020-01-01"), "in the past"),
    ):
        outcome = call("grant", *wrong)
        assert outcome.code == 2
        assert said in outcome.error
