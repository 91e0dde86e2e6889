# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the database itself keeps current by triggers: search tables, and totals of badges and tags.

The migrations make them: no tables of the models alone are a site.
They also keep the audit log as it was written: rows are added to it, and nothing else.
Rows come from several places (one by one, in bulk, by an import), and none of them can forget what
a trigger does. A migration that makes `badges`, `persons`, `badge_tags`, `awards` or `audit_log`
anew on SQLite loses their triggers and has to make them again.
"""

from __future__ import annotations

#: Tables that are no models: they differ on each database.
SEARCH_TABLES = ("badge_search", "person_search")

#: Letters that are found without their accents; SQLite does the same by itself.
ACCENTED = "àáâãäåāăąçćčďđèéêëēęěğìíîïīıłñńňòóôõöøōőŕřśşšťţùúûüūůűýÿžźż"
BARE = "aaaaaaaaacccddeeeeeeegiiiiiilnnnoooooooorrsssttuuuuuuuyyzzz"


def is_search_table(name: str | None) -> bool:
    """Whether a table belongs to the search, or is a part of such a table."""
    return name is not None and name.startswith(SEARCH_TABLES)
