# SPDX-License-Identifier: AGPL-3.0-or-later
"""The set-up in a bare checkout, with stand-ins for Python and the system's own commands."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

REAL = [
    *("bash", "cat", "chmod", "cp", "cut", "dirname", "env", "flock", "grep", "mkdir", "mktemp"),
    *("rm", "sh", "sha256sum", "tail", "touch"),
]

# A Python that makes environments which hold itself, and notes what it was asked to do.
PYTHON = """\
#!/bin/sh
case "$*" in
*version_info*) exit ${OLD:-0} ;;
--version) echo Python 3.11.0 ;;
"-c import ensurepip"*) exit ${NO_ENSUREPIP:-0} ;;
"-c import sys; print(sys.prefix)") echo "$PWD/.venv" ;;
"-m venv --clear "*)
    echo venv >>"$NOTES"
    rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo "$PWD/$4" >"$4/bin/pip" ;;
*install*)
    echo "${*#*install }" >>"$NOTES"
    echo noise of pip
    exit ${PIP_FAILS:-0} ;;
esac
"""
APT = """\
#!/bin/sh
echo "apt-get $*" >>"$NOTES"
if [ -e "$POLICY_RC_D" ]; then echo "starts forbidden" >>"$NOTES"; fi
exit ${APT_FAILS:-0}
"""


@dataclass(frozen=True, slots=True)
class World:
    """One bare checkout and the commands its set-up can see."""

    folder: Path
    name: str = "a checkout"

    @property
    def checkout(self) -> Path:
        return self.folder / self.name

    @property
    def policy(self) -> Path:
        return self.folder / "policy-rc.d"

    def command(self, name: str, text: str) -> None:
        file = self.folder / "bin" / name
        file.write_text(text)
        file.chmod(0o755)

    def set_up(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the set-up that the demo needs."""
        known = {
            "PATH": str(self.folder / "bin"),
            "NOTES": str(self.folder / "notes"),
            "POLICY_RC_D": str(self.policy),
        }
        return subprocess.run(
            [self.checkout / "tools" / "setup.sh", "run"],
            env=known | environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def notes(self) -> list[str]:
        """What was done since the last question."""
        file = self.folder / "notes"
        text = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)
        return text.splitlines()


@pytest.fixture
def world(tmp_path: Path) -> World:
    new = World(tmp_path)
    (tmp_path / "bin").mkdir()
    for name in REAL:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    new.command("python3", PYTHON)
    new.command("id", "#!/bin/sh\necho ${USER_ID:-1000}\n")
    (new.checkout / "tools").mkdir(parents=True)
    shutil.copy(CHECKOUT / "tools" / "setup.sh", new.checkout / "tools")
    (new.checkout / "requirements.lock").write_text("flask==1\n")
    (new.checkout / "pyproject.toml").write_text("[project]\n")
    return new


INSTALLS = ["--quiet --require-hashes -r requirements.lock"]
INSTALLS += ["--quiet --no-deps --no-build-isolation -e ."]


def test_the_first_run_makes_everything_without_noise(world: World) -> None:
    done = world.set_up()
    assert done.returncode == 0, done.stderr
    assert world.notes() == ["venv", *INSTALLS]
    assert "noise" not in done.stdout + done.stderr


def test_the_second_run_does_nothing(world: World) -> None:
    world.set_up()
    world.notes()
    done = world.set_up()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert world.notes() == []


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_what_is_wanted_installs_again(world: World, changed: str) -> None:
    world.set_up()
    world.notes()
    (world.checkout / changed).write_text("changed\n")
    world.set_up()
    assert world.notes() == INSTALLS


def test_a_checkout_that_moved_gets_a_new_environment(world: World) -> None:
    world.set_up()
    world.notes()
    world.checkout.rename(world.folder / "elsewhere")
    assert World(world.folder, "elsewhere").set_up().returncode == 0
    assert world.notes() == ["venv", *INSTALLS]


def test_an_environment_made_by_hand_is_kept_and_completed(world: World) -> None:
    world.set_up()
    world.notes()
    (world.checkout / ".venv" / ".installed").unlink()
    assert world.set_up().returncode == 0
    assert world.notes() == INSTALLS


def test_a_failure_of_pip_shows_its_words_and_the_next_run_begins_anew(world: World) -> None:
    failed = world.set_up(PIP_FAILS="1")
    assert failed.returncode == 2
    assert "noise of pip" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("set-up: pip failed")
    world.notes()
    assert world.set_up().returncode == 0
    assert world.notes() == ["venv", *INSTALLS]


def test_an_environment_without_its_python_is_made_again(world: World) -> None:
    world.set_up()
    world.notes()
    (world.checkout / ".venv" / "bin" / "python").unlink()
    assert world.set_up().returncode == 0
    assert world.notes() == ["venv", *INSTALLS]


def test_a_wrong_python_given_by_hand_is_refused(world: World) -> None:
    done = world.set_up(PYTHON="python2")
    assert done.returncode == 2
    assert done.stderr == "set-up: PYTHON=python2 is not Python 3.11 or newer\n"


@pytest.mark.parametrize(
    ("lacking", "system", "advice"),
    [
        ("OLD", "apt-get", "sudo apt-get install python3 python3-venv"),
        ("OLD", "dnf", "sudo dnf install python3"),
        ("NO_ENSUREPIP", "dnf", "sudo dnf install python3"),
    ],
)
def test_a_user_who_may_not_install_reads_one_line_to_type(
    world: World, lacking: str, system: str, advice: str
) -> None:
    world.command(system, APT)
    done = world.set_up(**{lacking: "1"})
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.endswith(f"Type:  {advice}\n")
    assert world.notes() == []


@pytest.mark.parametrize("apt_fails", ["0", "1"])
def test_root_installs_what_is_missing_and_nothing_starts(world: World, apt_fails: str) -> None:
    world.command("apt-get", APT)
    done = world.set_up(OLD="1", USER_ID="0", APT_FAILS=apt_fails)
    notes = world.notes()
    assert notes[0].endswith(" update")
    assert "starts forbidden" in notes
    installed = [note for note in notes if " install " in note]
    assert [note.split(" install ")[1] for note in installed] == (
        ["-y --no-install-recommends python3 python3-venv"] if apt_fails == "0" else []
    )
    assert not world.policy.exists()
    assert done.returncode == 2
    assert "set-up:" in done.stderr


def test_a_policy_of_the_system_stays_as_it_is(world: World) -> None:
    world.command("apt-get", APT)
    world.policy.write_text("#!/bin/sh\nexit 101\n")
    world.set_up(OLD="1", USER_ID="0")
    assert world.policy.read_text() == "#!/bin/sh\nexit 101\n"
