# SPDX-License-Identifier: AGPL-3.0-or-later
"""A person's badges on their way out: signed a few at a time, each time in a short transaction.

Nobody waits for whoever reads slowly: while a part is sent, no transaction is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.services import certifying, exporting, minting, persons

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from issuer.services.exporting import Exported
    from issuer.site import Site

#: So many badges are signed in one transaction; half a second of work on a small machine.
PART = 25


def exported(
    site: Site, username: str, award_ids: Sequence[int], address: int | None, *, now: datetime
) -> Iterator[Exported]:
    """Yield the badges of a person for one of their addresses, or as the public pages show them.

    What is taken back meanwhile is left out. Raises `NotFoundError`, `InvalidInputError` and
    `KeyUnavailableError` as `minting.for_address` and `exporting.collect` do.
    """
    for start in range(0, len(award_ids), PART):
        with site.database.writing() as session:
            person = persons.find(session, username)
            part = award_ids[start : start + PART]
            rows = minting.for_address(session, person, part, address, now=now)
            badges = exporting.collect(session, rows, site.keys, now=now)
        yield from badges


def certifier(
    site: Site, name: str, words: certifying.Words | None = None
) -> Callable[[Exported], bytes]:
    """Return what draws the certificates of whoever is called by that name."""
    words = words or certifying.Words()

    def certify(badge: Exported) -> bytes:
        picture = site.objects.get(badge.png)
        return certifying.certificate(badge, name, picture, words, site.settings.font_folder)

    return certify
