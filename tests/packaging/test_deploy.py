# SPDX-License-Identifier: AGPL-3.0-or-later
"""The examples in deploy/: each can be read, names jobs that there are, and forgets none."""

from __future__ import annotations

import re
from configparser import ConfigParser

import yaml

from consumer.jobs.registry import OURS
from tests.shared import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
NAMES = sorted(job.name for job in OURS)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
FIELD = re.compile(r"\*(/[0-9]+)?|[0-9]+(-[0-9]+)?(,[0-9]+)*")
MOMENT = re.compile(
    r"([A-Z][a-z]{2}(,[A-Z][a-z]{2})* )?\*-\*-\* (\*|[0-9]{2}(/[0-9]+)?):[0-9]{2}(/5)?"
)


def schedules() -> dict[str, str]:
    """Return the schedule of each job in the table of cron."""
    found = {}
    for line in (DEPLOY / "cron" / "accolades").read_text().splitlines():
        if line and not line.startswith("#") and not re.match(r"[A-Z_]+=", line):
            *fields, user, command = line.split(maxsplit=6)
            assert (len(fields), user) == (5, "accolades")
            program, *words = command.removesuffix(" >/dev/null").split()
            assert (program, words[:2], len(words)) == ("accolades", ["jobs", "run"], 3)
            found[words[2]] = " ".join(fields)
    return found


def test_cron_runs_every_job() -> None:
    found = schedules()
    assert sorted(found) == NAMES
    for schedule in found.values():
        for field, (low, high) in zip(schedule.split(), RANGES, strict=True):
            assert FIELD.fullmatch(field), schedule
            numbers = map(int, re.findall(r"(?<!/)\b[0-9]+", field))
            assert all(low <= number <= high for number in numbers), schedule


def test_systemd_has_a_timer_for_every_job_and_a_service_for_all() -> None:
    folder = DEPLOY / "systemd"
    service = unit("accolades-job@.service")
    assert service["Service"]["ExecStart"].endswith("/accolades jobs run %i")
    timers = {path.name: unit(path.name) for path in folder.glob("*.timer")}
    assert sorted(timers) == sorted(f"accolades-job@{name}.timer" for name in NAMES)
    for timer in timers.values():
        assert MOMENT.fullmatch(timer["Timer"]["OnCalendar"])
        assert timer["Install"]["WantedBy"] == "timers.target"


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # keys keep their case
    parser.read(DEPLOY / "systemd" / name)
    return parser


def test_kubernetes_runs_every_job_at_the_times_of_cron() -> None:
    text = (DEPLOY / "kubernetes" / "jobs.yaml").read_text()
    found = {}
    for document in yaml.safe_load_all(text):
        assert (document["apiVersion"], document["kind"]) == ("batch/v1", "CronJob")
        spec = document["spec"]
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert container["args"][:3] == ["accolades", "jobs", "run"]
        assert document["metadata"]["name"] == f"accolades-{container['args'][3]}"
        assert (spec["concurrencyPolicy"], pod["restartPolicy"]) == ("Forbid", "Never")
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
        found[container["args"][3]] = spec["schedule"]
    assert found == schedules()
