# SPDX-License-Identifier: AGPL-3.0-or-later
"""The wheel holds what runs and nothing else, and it runs far from any checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

# One worker builds and installs for all of these tests.
pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.timeout(600)]

PACKAGES = {"consumer", "issuer", "openbadges", "rules"}
SHIPPED = {
    "templates/**/*": "issuer/templates",
    "issuer/translations/*/LC_MESSAGES/*.po": "issuer/translations",
    "migrations/versions/*.py": "issuer/migrations/versions",
    "openbadges/verification/*.json": "openbadges/verification",
    "rules/catalog/*.yml": "rules/catalog",
    "rules/badges/*.yml": "rules/badges",
    "rules/artwork/*.svg": "rules/artwork",
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, CHECKOUT])
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and what it needs, at locked versions."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=True)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(locked_versions()))
    programs = folder / "venv" / "bin"
    run(
        [
            programs / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--no-compile",
            "-c",
            constraints,
            f"{wheel}[demo]",
        ]
    )
    return programs


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(("pattern", "folder"), SHIPPED.items())
def test_the_wheel_ships_every(pattern: str, folder: str, wheel: Path) -> None:
    root = CHECKOUT / re.split(r"/(?=[^/]*\*)", pattern)[0]
    files = [path for path in CHECKOUT.glob(pattern) if path.is_file()]
    assert files
    assert {f"{folder}/{path.relative_to(root).as_posix()}" for path in files} <= names(wheel)


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_the_wheel_holds_the_licence_and_no_tests(wheel: Path) -> None:
    found = names(wheel)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in found)
    assert not [name for name in found if "/tests/" in name or name.endswith(".pyc")]


def test_what_the_wheel_asks_for_fits_together(installed: Path) -> None:
    run([installed / "python", "-m", "pip", "check"])


def test_the_installed_demo_fills_a_site_in_any_folder(installed: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "a foreign folder"
    foreign.mkdir()
    run([installed / "accolades", "demo", "--no-serve"], cwd=foreign)
    assert (foreign / "var").is_dir()


def locked_versions() -> list[str]:
    """The pins of the lock as constraints, which know neither hashes nor extras."""
    lines = (CHECKOUT / "requirements.lock").read_text().splitlines()
    pins = [line.removesuffix(" \\") for line in lines if not line.startswith(" ")]
    return [re.sub(r"\[.*\]", "", pin) for pin in pins]


def run(command: list[str | Path], cwd: Path | None = None) -> None:
    """Run a command as a stranger to this checkout would; show its words when it fails."""
    ours = ("ACCOLADES_", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
