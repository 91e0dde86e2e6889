# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lock pins all that we ask for, and neither it nor any other file knows one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

PIN = re.compile(r"(?P<name>[a-z0-9-]+)(\[[a-z,-]+\])?==(?P<version>[0-9a-z.]+) \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")
# Written so that no pattern finds itself.
FOREIGN = {
    "a home folder": r"(^|[^A-Za-z0-9_.])/(roo[t]|home/[a-z]+|User[s])/",
    "a folder of one machine": r"(^|[^A-Za-z0-9_.])/(wor[k]|opt/(wheel[s]|pyp[i]))/",
    "an address of a registry": r"pyp[i]\.org|pythonhoste[d]|registry\.npmj[s]|index-ur[l]",
}


def requirements() -> Iterator[Requirement]:
    """Every requirement of the project, of its groups, its build, and the extras that are locked.

    Those of ``fasjson`` are built with the headers of Kerberos, which not everybody has.
    """
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    project = pyproject["project"]
    lists = [
        pyproject["build-system"]["requires"],
        project["dependencies"],
        *(more for name, more in project["optional-dependencies"].items() if name != "fasjson"),
        *pyproject["dependency-groups"].values(),
    ]
    for wanted in lists:
        yield from map(Requirement, wanted)


def pins() -> dict[str, str]:
    """The name and version of each package in the lock."""
    found = map(PIN.fullmatch, (CHECKOUT / "requirements.lock").read_text().splitlines())
    return {match["name"]: match["version"] for match in found if match}


@pytest.mark.parametrize("wanted", list(requirements()), ids=str)
def test_what_we_ask_for_is_pinned_to_a_version_that_fits(wanted: Requirement) -> None:
    pinned = pins().get(canonicalize_name(wanted.name))
    assert pinned is not None, f"{wanted.name} is not in requirements.lock: type make lock"
    assert wanted.specifier.contains(pinned), f"{pinned} does not fit {wanted}: type make lock"


@pytest.mark.parametrize("lock", ["requirements.lock", "tools/fuzz.lock"])
def test_a_lock_holds_pins_and_hashes_and_nothing_else(lock: str) -> None:
    lines = (CHECKOUT / lock).read_text().splitlines()
    assert any(map(PIN.fullmatch, lines))
    assert [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []
    unhashed = [pin for pin, below in pairwise(lines) if PIN.match(pin) and PIN.match(below)]
    assert unhashed == []


@pytest.mark.parametrize("pattern", FOREIGN.values(), ids=FOREIGN.keys())
def test_no_file_knows_the_machine_it_was_written_on(pattern: str) -> None:
    found = subprocess.run(
        ["git", "grep", "-nIE", "-e", pattern],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode > 1:
        pytest.skip(f"git cannot list the files of this checkout: {found.stderr.strip()}")
    assert found.stdout == ""
