# SPDX-License-Identifier: AGPL-3.0-or-later
"""Badges that are granted by lists in files: to those who were here before anybody counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    from consumer.jobs.work import Work

MAX_BYTES = 8 << 20
NO_ACCOUNT = "have no account"


class OldSchool:
    """Reads one file of user names for each badge that the settings name."""

    name = "old-school"
    summary = "Badges granted by lists in files."

    def run(self, work: Work) -> None:
        """Award each badge to those who are on its list and have an account."""
        lists = work.settings.grant_lists
        for badge in work.each(lists):
            try:
                names = _read(lists[badge])
            except InvalidInputError as error:
                work.problem(str(error))
                continue
            wanted = set(work.without(badge, names))
            for username in names:
                with work.looking_at(username):
                    if username not in wanted or work.accounts.exists(username):
                        work.award(badge, username)
                    else:
                        work.tally.skip(NO_ACCOUNT)


def _read(path: Path) -> list[str]:
    """Return the names of a file, one a line; what follows a number sign is for people."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidInputError(f"{path}: larger than {MAX_BYTES} bytes: not a list of names")
        lines = path.read_text("utf-8-sig").splitlines()  # editors begin a file with a mark
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path}: not a list of names: not UTF-8") from error
    names = (line.partition("#")[0].strip() for line in lines)
    return list(dict.fromkeys(name for name in names if name))
