# SPDX-License-Identifier: AGPL-3.0-or-later
"""The contexts of version 3.0, from the package that brings them; none of them is ever fetched.

A signature covers what a credential means, and the contexts decide that. So the text of each is
known by its hash: another text would let other words pass under the same signature.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from openbadges.errors import OpenBadgesError, UnsupportedError

_PACKAGE: Final = "openbadgeslib"
_FOLDERS: Final = {
    _PACKAGE: Path("ob3", "contexts"),
    "pyld": Path("documentloader", "frozen", "bundled"),
}
_OB: Final = "https://purl.imsglobal.org/spec/ob/v3p0/"
#: URL, file, SHA-256.
_FILES: Final = {
    "https://www.w3.org/ns/credentials/v2": (
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "security-data-integrity-v2.json",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    f"{_OB}context-3.0.1.json": (
        "ob-v3p0-context-3.0.1.json",
        "5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571",
    ),
    f"{_OB}context-3.0.2.json": (
        "ob-v3p0-context-3.0.2.json",
        "00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
    f"{_OB}context-3.0.3.json": (
        "ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    f"{_OB}extensions.json": (
        "ob-v3p0-extensions.json",
        "87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93",
    ),
}
#: What wallets write beside them where they prove a name; no credential of ours is of these words.
_WALLET_FILES: Final = {
    "https://www.w3.org/2018/credentials/v1": (
        "credentials-v1.jsonld",
        "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8",
    ),
    "https://w3id.org/security/suites/ed25519-2020/v1": (
        "security-ed25519-2020-v1.jsonld",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
}


def known_context(url: str) -> dict[str, Any]:
    """Return a context of version 3.0.

    Raises `UnsupportedError`: it is none of those that are built in.
    """
    if url not in _FILES:
        raise UnsupportedError(f"context {url[:120]!r} is not one of those that are built in")
    return _read(_PACKAGE, *_FILES[url])


def wallet_context(url: str) -> dict[str, Any]:
    """Return a context of version 3.0, or one that wallets use in presentations.

    Raises `UnsupportedError`: it is none of those that are built in.
    """
    return _read("pyld", *_WALLET_FILES[url]) if url in _WALLET_FILES else known_context(url)


@cache
def _read(package: str, name: str, expected: str) -> dict[str, Any]:
    # Only its data is wanted: the package itself is not imported.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise OpenBadgesError(f"contexts of version 3.0 are missing: install {package}")
    content = Path(spec.submodule_search_locations[0], _FOLDERS[package], name).read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise OpenBadgesError(f"{package}: {name} is not the text that is known: reinstall it")
    document: dict[str, Any] = json.loads(content)
    return document
