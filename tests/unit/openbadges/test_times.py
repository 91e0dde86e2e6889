# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from openbadges.errors import MalformedError
from openbadges.times import format_time, parse_time

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00.000000Z",
        "2026-01-31T13:00:00+01:00",
        "2026-01-31T20:00:00+0800",
        "2026-01-31T20:00:00+08",
    ],
)
@pytest.mark.requirement("A7")
def test_every_lawful_way_to_write_a_moment_is_read(text: str) -> None:
    assert parse_time(text) == NOON


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("2026-01-31", id="date-only"),
        pytest.param("2026-01-31T12:00:00", id="no-zone"),
        pytest.param("2026-01-31 12:00:00Z", id="space"),
        pytest.param("1403120715", id="unix"),
        pytest.param("2026-13-31T12:00:00Z", id="month-13"),
        pytest.param("2026-01-31T25:00:00Z", id="hour-25"),
        pytest.param("2026-W05-6T12:00:00Z", id="week"),
        pytest.param("2026-01-31T12:00:00Z\n", id="newline"),
        pytest.param("\u0662026-01-31T12:00:00Z", id="other-digits"),
    ],
)
@pytest.mark.requirement("A7")
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="is no time"):
        parse_time(text)


@pytest.mark.requirement("N7")
def test_a_moment_is_written_in_utc() -> None:
    assert format_time(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-01-31T12:00:00Z"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(MalformedError, match="carries no zone"):
        format_time(NOON.replace(tzinfo=None))
