# SPDX-License-Identifier: AGPL-3.0-or-later
"""Builds rules of the dialect of 2014."""

from __future__ import annotations

from typing import Any

import yaml

from tests.unit.rules.builders import BASE


def asked(
    criteria_filter: dict[str, Any] | None = None,
    operation: Any = "count",
    condition: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "datanommer": {
            "filter": criteria_filter or {"topics": ["%(topic)s"]},
            "operation": operation,
            "condition": condition or {"greater than": 1},
        }
    }


def old_text(criteria: dict[str, Any] | None = None, **more: Any) -> str:
    return yaml.safe_dump({**BASE, "criteria": criteria or asked(), **more}, sort_keys=False)
