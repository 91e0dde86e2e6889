# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg import errors
from sqlalchemy.exc import OperationalError

from consumer import callback
from tests import prepared
from tests.unit.consumer.taking import Clock, consuming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from consumer.callback import AccoladesConsumer
    from issuer.site import Site


@pytest.fixture(autouse=True)
def _reused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make keys, pictures and templates once: no test here asks how they are made."""
    prepared.reuse(monkeypatch)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(callback, "time", made)
    return made


@pytest.fixture
def taken(
    tmp_path: Path, database_url: str, clock: Clock
) -> Iterator[tuple[Site, AccoladesConsumer]]:
    with consuming(tmp_path, database_url, clock) as both:
        yield both


@pytest.fixture
def site(taken: tuple[Site, AccoladesConsumer]) -> Site:
    return taken[0]


@pytest.fixture
def consumer(taken: tuple[Site, AccoladesConsumer]) -> AccoladesConsumer:
    return taken[1]


@pytest.fixture
def failing(taken: tuple[Site, AccoladesConsumer], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the codes with which the database answers next, one a message."""
    codes: list[str] = []
    intake = taken[1]._intake
    handle = intake.handle

    def handling(*arguments: Any, **named: Any) -> Any:
        if codes:
            code = codes.pop(0)
            raise OperationalError("UPDATE", {}, errors.lookup(code)(f"code {code}"))
        return handle(*arguments, **named)

    monkeypatch.setattr(intake, "handle", handling)
    return codes
