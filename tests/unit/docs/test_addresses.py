# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reference of addresses lists what the application routes, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.app import create_app
from issuer.config import Settings

if TYPE_CHECKING:
    from flask import Flask

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "addresses.md"
HEALTH = "/healthz/<name>"


def test_the_page_lists_every_address_and_no_other(tmp_path: Path) -> None:
    app = create_app(_with_login(tmp_path))
    assert listed(PAGE.read_text("utf-8")) == sorted(routed(app))


def test_the_addresses_of_a_login_are_listed_as_such(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    section = text.partition("## Login\n")[2].partition("\n## ")[0]
    with_login = routed(create_app(_with_login(tmp_path)))
    without = routed(create_app(Settings(home=tmp_path)))
    assert listed(section) == sorted(with_login - without)
    assert listed(section)


def listed(text: str) -> list[str]:
    """Return what the first columns of the tables hold, such as ``GET /verify``."""
    cells = re.findall(r"(?m)^\| (`(?:GET|POST|PUT|DELETE) /[^|]*`) \|", text)
    return sorted(address for cell in cells for address in re.findall(r"`([^`]*)`", cell))


def routed(app: Flask) -> set[str]:
    """Return the method and path of every route; HEAD and OPTIONS go without saying."""
    found: set[str] = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<\w+(\([^)]*\))?:", "<", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            names = app.config["HEALTHZ"] if path == HEALTH else ["<name>"]
            found.update(f"{method} {path.replace('<name>', name)}" for name in names)
    return found


def _with_login(home: Path) -> Settings:
    return Settings(home=home, oidc_issuer="https://id.example.org", oidc_client_id="accolades")
