# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import Assertion
from tests.unit.issuer.cli.conftest import program

if TYPE_CHECKING:
    from issuer.site import Site


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff" * 50, b"[" * 100_000], ids=["empty", "binary", "deep"]
)
def test_what_is_no_badge_is_a_negative_answer(site: Site, content: bytes) -> None:
    outcome = program("verify", "-", "--json", stdin=content)
    assert outcome.code == 1
    assert outcome.lines[0]["verdict"] == "not a badge"


def test_a_pipe_is_read_as_a_file(site: Site) -> None:
    with site.database.reading() as session:
        text = session.scalars(select(Assertion.document)).one()
    outcome = program("verify", "/dev/stdin", stdin=text.encode())
    assert outcome.code == 0
