# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a report in JSON, which programs may rely on."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def report_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) that every `Report.to_dict` fits.

    A change that breaks readers gets another ``$id``; a member may be added without one.
    """
    file = resources.files("openbadges.verification") / "report.schema.json"
    schema: dict[str, Any] = json.loads(file.read_bytes())
    return schema
