# SPDX-License-Identifier: AGPL-3.0-or-later
"""One requirement case: what an issuer publishes, what is handed in, and what must come out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.openbadges.verification.changes import ASSERTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from _pytest.mark.structures import ParameterSet

    from openbadges.keys import PrivateKey
    from tests.unit.openbadges.verification.site import Site

    Source = Callable[[Site, PrivateKey], str | bytes | dict[str, Any]]

# The numbers of the requirements, joined by plus signs, and what is special about the case.
_NAME = re.compile(r"([A-N]\d+(?:\+[A-N]\d+)*)-[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Case:
    """What must come out of one verification.

    `name` begins with the numbers of the requirements. `changes` are the documents that differ
    from those of the example issuer; `source` makes what is handed in, by default the address of
    the assertion. `check` is the check that decides; a `note` is in the notes of the report.

    `forms` says whether the same must come out when the same is said in other lawful forms.
    """

    name: str
    changes: dict[str, Any] = field(default_factory=dict)
    verdict: str = "valid"
    check: str = ""
    source: Source | None = None
    recipients: tuple[str, ...] = ()
    note: str = ""
    forms: bool = True

    @property
    def numbers(self) -> list[str]:
        """The numbers of the requirements that the case proves."""
        match = _NAME.fullmatch(self.name)
        assert match, self.name
        return match[1].split("+")

    def handed_in(self, site: Site, key: PrivateKey) -> str | bytes | dict[str, Any]:
        """Change the site as the case wants it, and return what is handed in."""
        site.documents |= self.changes
        return self.source(site, key) if self.source else ASSERTION


def valid(name: str, changes: dict[str, Any] | None = None, **more: Any) -> Case:
    return Case(name, changes or {}, **more)


def invalid(name: str, changes: dict[str, Any], check: str = "data", **more: Any) -> Case:
    return Case(name, changes, "invalid", check, **more)


def parameters(cases: list[Case]) -> list[ParameterSet]:
    """Return the cases for `parametrize`: each is marked with the requirements it proves."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return [
        pytest.param(
            case, id=case.name, marks=[pytest.mark.requirement(number) for number in case.numbers]
        )
        for case in cases
    ]
