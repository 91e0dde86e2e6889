#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Fuzzes what takes input from outside: fuzz.sh SECONDS [TARGET...], so many seconds each, by default every
# tests/fuzz/fuzz_*.py. Fails when an input raises what is not ours, takes too long or too much memory, and keeps it in
# .cache/fuzz. The fuzzer has no wheel for every machine: it is in no lock but its own and in a folder of its own.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly home=.cache/fuzz python=.venv/bin/python
readonly packages=$home/packages stamp=$home/packages/.installed
readonly seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls fuzz_*.py | sed 's/^fuzz_//; s/\.py$//')

wanted=$({ cat tools/fuzz.lock && "$python" --version; } | sha256sum)
if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    rm -rf "$packages"
    mkdir -p "$packages"
    if ! "$python" -m pip --disable-pip-version-check --no-input install --quiet --no-deps --only-binary :all: \
        --require-hashes --target "$packages" -r tools/fuzz.lock >"$home/install.log" 2>&1; then
        if grep -q 'No matching distribution' "$home/install.log"; then
            echo "fuzz: there is no wheel of atheris for $("$python" --version) on $(uname -sm): nothing was fuzzed"
            exit 0
        fi
        tail -n 15 "$home/install.log" >&2
        echo "fuzz: pip could not install tools/fuzz.lock" >&2
        exit 2
    fi
    printf '%s' "$wanted" >"$stamp"
fi

failed=0
for name in "$@"; do
    log=$home/$name.log
    mkdir -p "$home/$name"
    if PYTHONPATH=$packages "$python" -m tests.fuzz "$name" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 \
        -max_len=65536 -print_final_stats=1 "-artifact_prefix=$home/$name-" "$home/$name" >"$log" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
    else
        failed=1
        grep -v '^\(#\|INFO\|stat::\)' "$log" | tail -n 40 >&2
        echo "$name: FAILED, see $log and the input $home/$name-*" >&2
    fi
done
exit "$failed"
