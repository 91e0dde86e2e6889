# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Nu Html Checker, by which the W3C judges pages: a program of Java, had from npm."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.services.missing import MissingError
from tests.services.run import locked
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = "vnu-jar@26.9.27"
INSTALL_SECONDS, CHECK_SECONDS = 300, 300
#: A short run is not worth the second compiler of Java, nor a collector with threads of its own.
JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", "-Xss8m", "-jar")
OPTIONS = ("--format", "json", "--stdout", "--exit-zero-always")
KINDS = ("--also-check-css", "--also-check-svg")


@dataclass(frozen=True, slots=True)
class Finding:
    """What the checker says of something in one file or in several."""

    severity: str  # error, warning, info, or that the checker itself gave up
    message: str
    extract: str  # where it is, in the first file
    files: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(self.files[:5])
        return f"{self.severity}: {self.message}\n    {self.extract!r}\n    {named}"


@dataclass(frozen=True, slots=True)
class HtmlChecker:
    """The checker, ready."""

    archive: Path

    def check(self, folder: Path) -> list[Finding]:
        """Return what it finds in all pages, style sheets and drawings of a folder, each once."""
        done = subprocess.run(
            [*JAVA, self.archive, *OPTIONS, *KINDS, folder],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
        if "UnsupportedClassVersionError" in done.stderr:
            raise MissingError(f"Java is too old for {PACKAGE}")
        if done.returncode:
            raise AssertionError(f"the checker broke: {done.stderr[-2000:]}")
        return list(_together(json.loads(done.stdout)["messages"]))


def prepare() -> HtmlChecker:
    """Return the checker; raise `MissingError` where Java, npm or the package cannot be had."""
    for program, name in {"java": "Java", "npm": "npm"}.items():
        if shutil.which(program) is None:
            raise MissingError(f"{name} is not installed")
    folder = CHECKOUT / ".cache" / "html-checker" / PACKAGE.partition("@")[2]
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    with locked(folder / "lock"):
        if not (folder / "ready").exists():
            # Its script would fetch a Java of its own.
            command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                [*command, "--prefix", folder, PACKAGE],
                capture_output=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
            if done.returncode or not archive.exists():
                raise MissingError(f"npm cannot install {PACKAGE}")
            (folder / "ready").touch()
    return HtmlChecker(archive)


def _together(messages: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Join what is said of several files in the same words."""
    found = defaultdict(list)
    for each in messages:
        severity = each.get("subType", each["type"]) if each["type"] == "info" else each["type"]
        found[severity, each["message"]].append(each)
    for (severity, message), places in found.items():
        names = {Path(unquote(urlsplit(each.get("url", "")).path)).name: None for each in places}
        extract = places[0].get("extract", "")
        yield Finding(severity, message, extract, tuple(names))
