#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Makes everything this checkout needs: setup.sh run (a working .venv) or setup.sh test (and what only tests need).
# It may be run at any time: what is there already costs a fraction of a second, what is half made is made again.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly venv=.venv
readonly unfinished=$venv/.unfinished stamp=$venv/.installed
readonly policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d} policy_mark='# made by accolades for one installation'

say() { printf '%s\n' "$*" >&2; }
give_up() { say "set-up: $*"; exit 2; }

# ---- system packages ------------------------------------------------------------------------------------------------

as_root() { [ "$(id -u)" = 0 ]; }

# A fresh package would start its server on the standard port; we only want the programs. This file forbids it, if the
# system does not forbid it itself, and goes again whatever happens.
forbid_starts() {
    if [ -e "$policy" ] && ! grep -qF "$policy_mark" "$policy"; then return; fi
    trap 'rm -f -- "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 755 "$policy"
}

# install_packages WHAT-FOR DEBIAN-NAMES FEDORA-NAMES
install_packages() {
    if ! command -v apt-get >/dev/null; then
        give_up "$1 missing. Type:  sudo dnf install $3"
    elif ! as_root; then
        give_up "$1 missing. Type:  sudo apt-get install $2"
    fi
    say "Installing $2 ..."
    (
        forbid_starts
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086  # the names are words on purpose
        quietly "apt-get could not install $2; mend that, or install them by hand" sh -c '
            apt-get -o DPkg::Lock::Timeout=300 update &&
            apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"' sh $2
    )
}

# quietly ADVICE COMMAND...: hide the noise of a long command unless it fails, then show its end and the advice.
quietly() {
    local advice=$1 log status=0
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    [ "$status" = 0 ] || tail -n 15 -- "$log" >&2
    rm -f -- "$log"
    [ "$status" = 0 ] || give_up "$advice"
}

any_exists() { compgen -G "$1" >/dev/null; }

install_for_tests() {
    local debian=() fedora=()
    want() { debian+=("$1"); fedora+=("$2"); }
    if [ -z "${ACCOLADES_TEST_POSTGRES_URL:-}" ] && ! command -v initdb >/dev/null &&
        ! any_exists '/usr/lib/postgresql/*/bin/initdb'; then
        want postgresql postgresql-server
    fi
    if [ -z "${ACCOLADES_TEST_AMQP_URL:-}" ] &&
        ! any_exists '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server'; then
        want rabbitmq-server rabbitmq-server
    fi
    command -v chromium >/dev/null || want chromium chromium
    command -v softhsm2-util >/dev/null || want softhsm2 softhsm
    any_exists '/usr/share/fonts/*/*ejavu*' || want fonts-dejavu-core dejavu-sans-fonts
    any_exists '/usr/share/fonts/*/*iberation*' || want fonts-liberation liberation-fonts
    [ ${#debian[@]} = 0 ] || install_packages "programs the tests need are" "${debian[*]}" "${fedora[*]}"
}

# ---- Python ---------------------------------------------------------------------------------------------------------

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local each
    for each in ${PYTHON:+"$PYTHON"} python3 python3.11 python3.12 python3.13 python3.14; do
        if new_enough "$each"; then
            printf '%s\n' "$each"
            return
        fi
        [ "$each" != "${PYTHON:-}" ] || give_up "PYTHON=$PYTHON is not Python 3.11 or newer"
    done
    return 1
}

make_venv() {
    local python version
    if ! python=$(find_python); then
        [ -z "${PYTHON:-}" ] || exit 2
        install_packages "Python 3.11 or newer is" "python3 python3-venv" python3
        python=$(find_python) || give_up "this system has no Python 3.11 or newer: install one and type  make PYTHON=/path/to/python3"
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "the venv module of $python is" "python$version-venv" python3
        "$python" -c 'import ensurepip, venv' || give_up "$python has no ensurepip: type  make PYTHON=/path/to/another/python3"
    fi
    say "Making $venv with $("$python" --version) ..."
    mkdir -p "$venv"
    touch "$unfinished"
    quietly "could not make $venv; remove it and try again" "$python" -m venv --clear "$venv"
    touch "$unfinished"
}

# What is installed, in one word: the lock, the project's own metadata, and the place (an environment cannot move).
wanted() {
    { cat requirements.lock pyproject.toml && pwd -P; } | sha256sum | cut -d ' ' -f 1
}

install_project() {
    if [ ! -e "$unfinished" ] && [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted)" ] &&
        "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    # An environment that moved, that was interrupted or whose Python is gone is made again from nothing.
    if [ -e "$unfinished" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 || moved; then
        make_venv
    fi
    touch "$unfinished"
    rm -f "$stamp"
    say "Installing the packages of requirements.lock (about a minute the first time) ..."
    pip_install --require-hashes -r requirements.lock
    pip_install --no-deps --no-build-isolation -e .
    wanted >"$stamp"
    rm -f "$unfinished"
}

moved() {
    [ "$("$venv/bin/python" -c 'import sys; print(sys.prefix)')" != "$(pwd -P)/$venv" ] ||
        ! grep -qF -- "$(pwd -P)/$venv" "$venv/bin/pip"
}

pip_install() {
    quietly "pip failed (its last lines are above); look at the network and pip's configuration, then try again" \
        "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --quiet "$@"
}

# ---- what to do -----------------------------------------------------------------------------------------------------

# Two terminals may start at once: the second waits for the first.
mkdir -p .cache
if command -v flock >/dev/null; then
    exec 9>.cache/setup.lock
    flock 9
fi
case ${1:-} in
run) install_project ;;
test)
    install_for_tests
    install_project
    ;;
*) give_up "usage: tools/setup.sh run|test" ;;
esac
