# SPDX-License-Identifier: AGPL-3.0-or-later
"""The well-known JSON-LD contexts and extension schemas, built in: none of them is ever fetched."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any, Final

V2_URLS: Final = frozenset(
    {
        "https://w3id.org/openbadges/v2",
        "http://w3id.org/openbadges/v2",
        "https://openbadgespec.org/v2/context.json",
    }
)
V1_URLS: Final = frozenset(
    {
        "https://w3id.org/openbadges/v1",
        "http://w3id.org/openbadges/v1",
        "https://openbadgespec.org/v1/context.json",
    }
)
# The contexts of 1.1 and 2.0 give the terms they share the same meaning; this one has a new name.
_V1_TERMS: Final = {"IssuerOrg": "obi:Issuer"}
_EXTENSION = re.compile(
    r"https?://(?:w3id\.org/openbadges|openbadgespec\.org)/extensions/(\w+)/(context|schema)\.json",
    re.ASCII,
)
_SCHEMA_URL: Final = "https://w3id.org/openbadges/extensions/{}/schema.json"


def core_terms() -> dict[str, Any]:
    """Return a copy of what the context of version 2.0 defines, by term."""
    return dict(_core())


def well_known(url: str) -> dict[str, Any] | None:
    """Return the document of a well-known context or schema, or None where it is not known.

    The core terms are protected: a context that follows may add terms and redefine none
    (JSON-LD 1.1, Protected Term Definitions).
    """
    if url in V2_URLS:
        return {"@context": {**_core(), "@protected": True}}
    if url in V1_URLS:
        return {"@context": {**_core(), **_V1_TERMS, "@protected": True}}
    named = _EXTENSION.fullmatch(url)
    found = _extensions().get(named[1]) if named else None
    if not named or found is None:
        return None
    if named[2] == "schema":
        return dict(found["schema"])
    schema = _SCHEMA_URL.format(named[1])
    return {
        "@context": found["context"],
        "obi:validation": [
            {"obi:validatesType": name, "obi:validationSchema": schema} for name in found["types"]
        ],
    }


def extension_names() -> tuple[str, ...]:
    """Return the names of the extensions whose contexts and schemas are built in."""
    return tuple(sorted(_extensions()))


@cache
def _core() -> dict[str, Any]:
    file = resources.files(__name__) / "openbadges-v2.json"
    terms: dict[str, Any] = json.loads(file.read_bytes())["@context"]
    return terms


@cache
def _extensions() -> dict[str, dict[str, Any]]:
    files = (resources.files(__name__) / "extensions").iterdir()
    return {file.name.removesuffix(".json"): json.loads(file.read_bytes()) for file in files}
