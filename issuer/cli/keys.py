# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades keys``: what signs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click
from sqlalchemy import select

from issuer.addresses import Addresses
from issuer.cli.main import Context, pass_context
from issuer.models import SigningKey
from issuer.services import setup


@click.group()
def keys() -> None:
    """Make and list signing keys."""


@keys.command()
@pass_context
def generate(context: Context) -> None:
    """Make the issuer with its first signing key; where there is one, nothing changes."""
    site = context.site
    stores = setup.Stores(site.keys, site.objects)
    with site.database.writing() as session:
        setup.ensure_issuer(session, site.settings, stores, now=datetime.now(UTC))
    _list(context, as_json=False)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_keys(context: Context, *, as_json: bool) -> None:
    """List all keys, the oldest first."""
    _list(context, as_json=as_json)


def _list(context: Context, *, as_json: bool) -> None:
    with context.site.database.reading() as session:
        for key in session.scalars(select(SigningKey).order_by(SigningKey.id)):
            facts = {
                "kid": key.kid,
                "state": str(key.state),
                "algorithm": key.algorithm,
                "valid_from": key.valid_from.isoformat(timespec="seconds"),
                "url": Addresses(key.issuer.base_url).key(key.kid),
            }
            click.echo(json.dumps(facts) if as_json else "  ".join(facts.values()))
