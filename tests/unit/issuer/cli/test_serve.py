# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.issuer.cli.conftest import Outcome


def test_a_site_without_tables_is_not_served(call: Callable[..., Outcome], home: Path) -> None:
    outcome = call("serve")
    assert outcome.code == 2
    assert "accolades db upgrade" in outcome.error
