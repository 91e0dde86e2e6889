# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import re
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from issuer.cli import progress

if TYPE_CHECKING:
    import pytest


def test_a_terminal_sees_number_rate_and_the_time_that_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.StringIO()
    terminal = partial(Console, file=shown, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", terminal)
    with progress.bar("Messages", 3) as advance:
        for _ in range(3):
            advance()
    last = shown.getvalue().rstrip().rpartition("Messages")[2]
    assert "3/3" in last
    assert re.search(r"[0-9,]+/s", last)
    assert re.search(r"0:00:00", last)


def test_elsewhere_it_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.bar("Messages", None) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
