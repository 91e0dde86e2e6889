# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades keys``: what signs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click
from sqlalchemy import select

from issuer.adapters.keystores import key_folder, printed
from issuer.addresses import Addresses
from issuer.cli.main import Context, pass_context
from issuer.models import SigningKey
from issuer.services import issuers, setup, signing_keys
from issuer.services.permissions import Actor
from openbadges.keys import ED25519_SIGNATURE, RSA_SIGNATURE

#: Who changes keys here, for the audit log.
ACTOR = Actor(username="cli", origin="accolades keys")


@click.group()
def keys() -> None:
    """Make, list, rotate, retire and revoke signing keys."""


@keys.command()
@pass_context
def generate(context: Context) -> None:
    """Make the issuer with its first signing key; where there is one, nothing changes."""
    site = context.site
    stores = setup.Stores(site.keys, site.objects)
    with site.database.writing() as session:
        setup.ensure_issuer(session, site.settings, stores, now=datetime.now(UTC))
    _list(context, as_json=False)


@keys.command("print")
@click.option(
    "--algorithm",
    type=click.Choice([RSA_SIGNATURE, ED25519_SIGNATURE]),
    help="Of which kind; by default one of each.",
)
@pass_context
def print_keys(context: Context, *, algorithm: str | None) -> None:
    """Print new private keys as the lines that set them in the environment; keep nothing.

    They are encrypted where there is a key_passphrase.
    """
    algorithms = [algorithm] if algorithm else [RSA_SIGNATURE, ED25519_SIGNATURE]
    for each in algorithms:
        click.echo(printed(each, datetime.now(UTC).year, context.settings.key_passphrase))


@keys.command()
@pass_context
def reseal(context: Context) -> None:
    """Encrypt the private keys in the folder with the key_passphrase of now.

    Those that lie unencrypted, and those of key_passphrase_former. It may run at any time.
    """
    number = key_folder(context.settings).reseal()
    click.echo(f"{number} encrypted anew" if number else "nothing to do")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@pass_context
def list_keys(context: Context, *, as_json: bool) -> None:
    """List all keys, the oldest first."""
    _list(context, as_json=as_json)


@keys.command()
@click.option("--issuer", "slug", help="Whose key; by default that of the site.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def rotate(context: Context, slug: str | None, *, yes: bool) -> None:
    """Make a new key that signs from now on; badges of the one before go on verifying."""
    site = context.site
    slug = slug or site.settings.issuer_slug
    with site.database.reading() as session:
        issuers.find(session, slug)
    _ask(f"Every badge of {slug} gets an edition under a new key. Go on?", yes=yes)
    with site.database.writing() as session:
        found = issuers.find(session, slug)
        made = signing_keys.rotate(session, ACTOR, found, site.keys, now=datetime.now(UTC))
        kid, editions = made.key.kid, made.editions
    click.echo(f"{kid} signs now, badges with a new edition: {editions}")


@keys.command()
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def retire(context: Context, kid: str, *, yes: bool) -> None:
    """End the key KID without another in its place; its badges go on verifying.

    A key of proofs (EdDSA) is followed by another at the same moment.
    """
    site = context.site
    with site.database.reading() as session:
        proofs = signing_keys.is_for_proofs(session, signing_keys.find(session, kid))
    then = "another makes proofs" if proofs else "its issuer issues nothing more"
    _ask(f"{kid} signs nothing new, and {then}. Go on?", yes=yes)
    with site.database.writing() as session:
        found = signing_keys.find(session, kid)
        made = signing_keys.retire(session, ACTOR, found, site.keys, now=datetime.now(UTC))
        successor = made.kid if made else ""
    click.echo(f"{kid} is retired" + (f", {successor} signs now" if successor else ""))


@keys.command()
@click.argument("kid")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def revoke(context: Context, kid: str, reason: str, *, yes: bool) -> None:
    """Take the key KID back, because others may have it; hosted badges go on verifying.

    Where it signs now, a new key takes its place at the same moment.
    """
    site = context.site
    with site.database.reading() as session:
        number = signing_keys.count(session, signing_keys.find(session, kid))
    told = f"{number.number}{'' if number.exact else ' and more'}"
    _ask(f"Signed forms and pictures of {told} assertions stop verifying. Go on?", yes=yes)
    with site.database.writing() as session:
        found = signing_keys.find(session, kid)
        now = datetime.now(UTC)
        made = signing_keys.revoke(session, ACTOR, found, reason, site.keys, now=now)
        successor = made.key.kid if made else ""
    click.echo(f"{kid} is revoked" + (f", {successor} signs now" if successor else ""))


def _ask(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)


def _list(context: Context, *, as_json: bool) -> None:
    for warning in context.site.keys.warnings():
        click.echo(f"warning: {warning}", err=True)
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
