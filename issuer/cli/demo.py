# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades demo``: a whole site with real awards in one process, from nothing."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from werkzeug.serving import make_server

from issuer.adapters.accounts import ListedAccounts
from issuer.adapters.demo_provider import DemoPermit, DemoUser, start
from issuer.adapters.messages import from_record
from issuer.adapters.objects import write_whole
from issuer.cli.main import Context, pass_context
from issuer.cli.ports import ensure_free
from issuer.cli.progress import bar
from issuer.config import Settings, load_settings
from issuer.errors import InvalidInputError
from issuer.intake import Intake, policy_of
from issuer.services import sample, schema, setup
from issuer.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
CONFIGURATION = """\
# The demo site. Its addresses are inside every badge it issued: another port is another site.
demo = true
base_url = "http://{host}:{port}"
allow_loopback = true
site_name = "Accolades"
issuer_name = "Accolades Demo Community"
issuer_email = "badges@example.org"
email_domain = "example.org"
"""
CONTRIBUTOR = DemoUser("asha", "Asha Raman", "asha@example.org", ("packager",), "contributor")
ADMIN = DemoUser("ines", "Inês Carvalho", "ines@example.org", ("sysadmin-badges",), "admin")


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    default=DEFAULT_PORT,
    show_default=True,
    help="Where the site is served.",
)
@click.option("--no-serve", is_flag=True, help="Do all but serve.")
@pass_context
def demo(context: Context, *, port: int, no_serve: bool) -> None:
    """Set up and serve a site with sample data: SQLite, no broker, no outside login."""
    if not no_serve:
        ensure_free(HOST, port)
        ensure_free(HOST, port + 1)  # of the login provider
    settings = _settings(port)
    site = Site.of(settings)
    schema.upgrade(site.database)
    _load_rules(site)
    _load_sample(site)
    if no_serve:
        _tell(site, "run 'accolades demo' to serve it")
        return
    with contextlib.ExitStack() as stack:
        provider = start(DemoPermit(settings), [CONTRIBUTOR, ADMIN])
        stack.callback(provider.stop)
        site.database.dispose()
        app = context.create_app(provider.configure(settings))
        server = make_server(HOST, port, app, threaded=True)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # what is told stays the last
        _tell(site, "press Ctrl+C")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
        server.server_close()


def _settings(port: int) -> Settings:
    """Return the settings of the demo at ``port``; at its first start, write them down."""
    home = Path(os.environ.get("ACCOLADES_HOME") or "var")
    for name in ("ACCOLADES_CONFIG", "ACCOLADES_DATABASE_URL", "ACCOLADES_BASE_URL"):
        if os.environ.get(name):
            raise InvalidInputError(f"demo: {name} names a site of yours: unset it for the demo")
    settings = _settings_in(home, port)
    if settings.base_url.endswith(f":{port}"):
        return settings
    return _settings_in(home / f"port-{port}", port)


def _settings_in(home: Path, port: int) -> Settings:
    path = home / "accolades.toml"
    if not path.exists():
        if (home / "accolades.sqlite").exists():
            raise InvalidInputError(
                f"demo: {home} holds a site that is no demo: set ACCOLADES_HOME to another folder"
            )
        write_whole(path, CONFIGURATION.format(host=HOST, port=port).encode())
    settings = load_settings({**os.environ, "ACCOLADES_HOME": str(home)})
    if not settings.demo:
        raise InvalidInputError(
            f"demo: {home} holds a site that is no demo: set ACCOLADES_HOME to another folder"
        )
    return settings


def _load_rules(site: Site) -> None:
    loaded = setup.load_collections(site.settings)
    stores = setup.Stores(site.keys, site.objects)
    with site.database.writing() as session, bar("Badges", len(loaded.rules)) as advance:
        report = setup.sync_rules(
            session, loaded, site.settings, stores, now=datetime.now(UTC), progress=advance
        )
    for problem in (*map(str, loaded.problems), *report.problems):
        click.echo(problem, err=True)


def _load_sample(site: Site) -> None:
    """Replay the bundled messages, once; what an interrupted start left out is done now."""
    with site.database.writing() as session:
        state = sample.begin(session, now=datetime.now(UTC))
        if state.finished:
            return
        sample.add_people(session, state.shift)
    accounts = ListedAccounts(sample.directory())
    intake = Intake(site, policy_of(site.settings, accounts))
    messages = sample.messages(state.shift)
    with bar("Messages", len(messages)) as advance:
        for record in messages:
            intake.handle(from_record(record), now=datetime.now(UTC))
            advance()
    with site.database.writing() as session:
        sample.finish(session, now=datetime.now(UTC))


def _tell(site: Site, stop: str) -> None:
    for line in _lines(site, stop):
        click.echo(line)


def _lines(site: Site, stop: str) -> Iterator[str]:
    base = site.settings.base_url
    with site.database.reading() as session:
        username, assertion = sample.showcase(session)
    yield f"Site:       {base}/"
    yield f"Logins:     {CONTRIBUTOR.username} (contributor), {ADMIN.username} (admin), no password"
    yield f"A person:   {base}/people/{username}"
    yield f"To verify:  {assertion}"
    yield f"To stop:    {stop}"
