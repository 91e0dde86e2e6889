# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site that has nothing but the login, for the tests of the login."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Flask, render_template_string
from werkzeug.serving import make_server

from issuer import limits
from issuer.services import schema
from issuer.site import EXTENSION, Site
from issuer.web import errors, security
from issuer.web.login import init_login
from tests import prepared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.config import Settings

PAGE = (
    "{{ login_enabled }} {{ current_person.username if current_person else None }} "
    "{% if current_person %}<input name='csrf_token' value='{{ csrf_token() }}'>{% endif %}"
)


def build_site(settings: Settings) -> Flask:
    app = Flask("site")
    site = Site.of(settings)
    prepared.make(site.database, schema.upgrade)
    app.extensions[EXTENSION] = site
    security.init_app(app, settings)
    limits.init_app(app, settings)
    errors.init_app(app)
    init_login(app, settings)
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE))
    app.add_url_rule("/badges", "badges", lambda: render_template_string(PAGE))
    return app


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
