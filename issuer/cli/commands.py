# SPDX-License-Identifier: AGPL-3.0-or-later
"""All commands of the issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.cli.awards import award, revoke
from issuer.cli.backfill import backfill
from issuer.cli.badges import badges
from issuer.cli.baking import bake, unbake
from issuer.cli.db import db
from issuer.cli.demo import demo
from issuer.cli.keys import keys
from issuer.cli.outbox import outbox
from issuer.cli.quarantine import quarantine
from issuer.cli.replay import replay
from issuer.cli.rules import rules
from issuer.cli.serve import serve
from issuer.cli.verify import verify
from issuer.cli.worker import worker

if TYPE_CHECKING:
    import click

COMMANDS: list[click.Command] = [
    award,
    backfill,
    badges,
    bake,
    db,
    demo,
    keys,
    outbox,
    quarantine,
    replay,
    revoke,
    rules,
    serve,
    unbake,
    verify,
    worker,
]
