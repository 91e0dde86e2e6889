# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site whose people have badges, and a Badgr."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import delete

from issuer.models import BackpackConnection
from tests.simulators import BadgrSimulator
from tests.simulators.site import Sender, sending_site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    with sending_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def sender(served: Sender) -> Iterator[Sender]:
    """The site that all tests here share; each has a person and a backpack of its own."""
    served.clock.now = datetime.now(UTC)
    yield served
    with served.site.database.writing() as session:
        session.execute(delete(BackpackConnection))


@pytest.fixture
def name() -> str:
    """Somebody of whom no other test knows."""
    return f"p{uuid4().hex[:12]}"


@pytest.fixture
def badgr() -> Iterator[BadgrSimulator]:
    simulated = BadgrSimulator()
    with simulated.running():
        yield simulated
