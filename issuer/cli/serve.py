# SPDX-License-Identifier: AGPL-3.0-or-later
"""``accolades serve``: the site, for development."""

from __future__ import annotations

import contextlib

import click
from werkzeug.serving import make_server

from issuer.cli.main import Context, pass_context
from issuer.cli.ports import ensure_free


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port."
)
@pass_context
def serve(context: Context, host: str, port: int) -> None:
    """Serve the site with a development server; in production run gunicorn (see the docs)."""
    ensure_free(host, port)
    app = context.create_app(context.site.settings)
    server = make_server(host, port, app, threaded=True)
    click.echo(f"serving {context.settings.base_url} on {host}:{port}, stop with Ctrl+C")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()
