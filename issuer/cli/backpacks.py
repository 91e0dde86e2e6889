# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades backpacks``: what operators do about the tokens of people for their backpacks."""

from __future__ import annotations

import click

from issuer.adapters.vault import Vault
from issuer.cli.main import Context, pass_context
from issuer.services import backpacks as service


@click.group()
def backpacks() -> None:
    """Backpacks of people: what opens them is sealed."""


@backpacks.command()
@pass_context
def reseal(context: Context) -> None:
    """Seal all tokens with the first of backpack_keys, so that former keys can be removed."""
    vault, count = Vault(context.settings), 0
    with context.site.database.writing() as session:
        for number in service.renew_seals(session, vault):
            count += number
    click.echo(f"{count} sealed")
