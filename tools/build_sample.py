# SPDX-License-Identifier: AGPL-3.0-or-later
"""Build the bundled sample of bus messages: ``python -m tools.build_sample``.

The same code makes the same bytes. It needs the extra ``schemas``: every message is checked by the
class of its schema, which also tells its user names and packages.
"""

from __future__ import annotations

from pathlib import Path

from tools.sample.announcements import Announcer
from tools.sample.envelopes import envelope, lines
from tools.sample.examples import examples
from tools.sample.people import ANONYMOUS, CAST, SERVICE_USERS, UNKNOWN
from tools.sample.plan import drafts

CATALOG = Path(__file__).resolve().parent.parent / "rules" / "catalog"


def build() -> dict[str, str]:
    """Return the text of each file of the sample by its name."""
    announcer = Announcer(CATALOG)
    stream = [message for draft in drafts() for message in (draft, *announcer.after(draft))]
    stream.sort(key=lambda draft: draft.at)
    people = [
        {"username": person.username, "name": person.name, "joined": person.joined}
        for person in CAST
    ]
    others = [{"username": name, "service": True} for name in SERVICE_USERS]
    others += [{"username": name, "service": False} for name in (ANONYMOUS, UNKNOWN)]
    return {
        "messages.jsonl": lines(envelope(draft, n) for n, draft in enumerate(stream)),
        "examples.jsonl": lines(examples(announcer.unreached())),
        "people.jsonl": lines([*people, *others]),
    }


def main() -> None:
    """Write the files of the sample beside the rules."""
    for name, text in build().items():
        (CATALOG / "sample" / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
