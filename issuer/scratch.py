# SPDX-License-Identifier: AGPL-3.0-or-later
"""A site that is empty and gone afterwards, to try rules on."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from issuer.adapters.keystores import KeyFolder
from issuer.services import schema
from issuer.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from issuer.config import Settings


@contextmanager
def scratch_site(settings: Settings) -> Iterator[Site]:
    """Give a site with an empty database that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="accolades-") as folder:
        # Its archive is all that it counts: whoever tries rules brings the messages.
        own = {"home": Path(folder), "database_url": "", "history": "archive"}
        # Whatever it signs nobody will see, so that its keys are not those of the site.
        made = Site.of(settings.model_copy(update=own))
        site = replace(made, keys=KeyFolder(Path(folder) / "keys"))
        schema.upgrade(site.database)
        try:
            yield site
        finally:
            site.database.dispose()
