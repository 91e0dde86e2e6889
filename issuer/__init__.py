# SPDX-License-Identifier: AGPL-3.0-or-later
"""The issuer: data, services, public documents, pages and command line."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """Give ``issuer:create_app()`` to web servers without loading the web for everybody else."""
    if name == "create_app":
        return import_module("issuer.app").create_app
    raise AttributeError(f"module 'issuer' has no attribute {name!r}")
