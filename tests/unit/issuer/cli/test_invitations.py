# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import AuditEntry, Invitation

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


def test_a_link_and_codes_are_made_and_printed(call: Call, site: Site) -> None:
    outcome = call("invite", "first-steps", "--expires", "7d", "--uses", 30, "--note", "Flock")
    codes = call("invite", "first-steps", "--expires", "2999-12-31", "--number", 3, "--json").lines
    with site.database.reading() as session:
        link, *batch = session.scalars(select(Invitation).order_by(Invitation.id)).all()
        audits = session.scalars(select(AuditEntry)).all()
        base = site.settings.base_url
        assert outcome.out == f"{base}/invitations/{link.token}\n"
        assert (link.maximum_uses, link.note, link.batch) == (30, "Flock", "")
        assert link.expires_at is not None
        assert (link.expires_at - link.created_at).days == 7
        assert [each["url"] for each in codes] == [
            f"{base}/invitations/{one.token}" for one in batch
        ]
        assert codes[0]["expires"] == "2999-12-31T00:00:00+00:00"
        assert [(each.actor, each.action) for each in audits] == [("cli", "invitation.make")] * 2
        assert not any(link.token in str(each.after) for each in audits)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("first-steps", "--expires", "soon"), "must be like 7d"),
        (("first-steps", "--expires", "2020-01-01"), "lies in the past"),
        (("first-steps", "--expires", "never", "--uses", 2, "--number", 2), "about one link"),
        (("first-steps", "--expires", "never", "--number", 501), "501"),
        (("nothing", "--expires", "1h"), "there is none"),
        (("first-steps",), "--expires"),
    ],
)
def test_what_nobody_could_use_is_refused(
    call: Call, site: Site, arguments: tuple[object, ...], error: str
) -> None:
    outcome = call("invite", *arguments)
    assert outcome.code == 2
    assert error in outcome.err
    with site.database.reading() as session:
        assert session.scalars(select(Invitation)).all() == []
