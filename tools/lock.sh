#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Writes requirements.lock, every package that pyproject.toml asks for in any group or extra (but fasjson, which needs
# the headers of Kerberos to be built), and tools/fuzz.lock, the fuzzer: pinned, with the hashes of all their files. Pins that still fit stay; options go to pip-compile (--upgrade,
# --upgrade-package NAME).
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
extras = {name: more for name, more in project["optional-dependencies"].items() if name != "fasjson"}
for more in (extras, pyproject["dependency-groups"]):
    for requirements in more.values():
        wanted += requirements
print("\n".join(sorted(set(wanted))))
PYTHON

# compile INPUT LOCK OPTION...
compile() {
    local input=$1 lock=$2
    shift 2
    cp "$lock" "$home/new.lock"
    "$home/venv/bin/python" -m piptools compile --quiet --no-config --generate-hashes --allow-unsafe \
        --no-strip-extras --no-header --no-annotate --no-emit-options \
        --output-file "$home/new.lock" "$@" "$input"
    mv "$home/new.lock" "$lock"
}

compile "$home/requirements.in" requirements.lock "$@"
# The fuzzer has no wheel for every machine, so it stands apart (tools/fuzz.sh).
echo atheris >"$home/fuzz.in"
compile "$home/fuzz.in" tools/fuzz.lock "$@"
