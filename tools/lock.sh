#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Writes requirements.lock: every package that pyproject.toml asks for in any extra or group, pinned, with the hashes of
# all its files. Pins that still fit stay; options go to pip-compile (--upgrade, --upgrade-package NAME).
# Where packages come from is pip's own configuration and never part of the lock.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly home=.cache/lock
mkdir -p "$home"
if ! "$home/venv/bin/python" -m piptools --version >/dev/null 2>&1; then
    .venv/bin/python -m venv --clear "$home/venv"
    "$home/venv/bin/python" -m pip --disable-pip-version-check --quiet install pip-tools
fi

.venv/bin/python - >"$home/requirements.in" <<'PYTHON'
import tomllib
from pathlib import Path

pyproject = tomllib.loads(Path("pyproject.toml").read_text())
project = pyproject["project"]
wanted = [*pyproject["build-system"]["requires"], *project["dependencies"]]
for more in (project["optional-dependencies"], pyproject["dependency-groups"]):
    for requirements in more.values():
        wanted += requirements
print("\n".join(sorted(set(wanted))))
PYTHON

cp requirements.lock "$home/requirements.lock"
"$home/venv/bin/python" -m piptools compile --quiet --no-config --generate-hashes --allow-unsafe \
    --no-strip-extras --no-header --no-annotate --no-emit-options \
    --output-file "$home/requirements.lock" "$@" "$home/requirements.in"
mv "$home/requirements.lock" requirements.lock
