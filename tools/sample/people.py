# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cast of the sample: who they are, when they came, and how often they do what."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """One invented contributor: ``joined`` is a day of the sample, ``hour`` their noon in UTC."""

    username: str
    name: str
    joined: int
    hour: int
    does: dict[str, int] = field(default_factory=dict)
    meetings: int = 0


def _person(
    username: str, name: str, joined: int, hour: int, does: str, meetings: int = 0
) -> Person:
    """Read ``"tests:4 wiki:1"`` as the number of times a person does each thing."""
    pairs = (part.split(":") for part in does.split())
    return Person(username, name, joined, hour, {k: int(n) for k, n in pairs}, meetings)


CAST = (
    # The tester who opens every box, and reports on each.
    _person("asha", "Asha Raman", 0, 9, "tests:45 brakes:3 night_tests:1 dawn_tests:1 issues:5"
            " bugs:2 kernels:5 forum:2 checkins:1 wiki:1 profile:1", meetings=6),
    # The packager with the hammer: builds by day, commits by night.
    _person("mjolnir", "Eirik Solheim", 3, 18, "builds:24 failures:2 pushes:25 tests:1 copr:10"
            " pulls:2 leap_builds:1 github:1 profile:1", meetings=3),
    # The wiki gardener.
    _person("beatriz", "Beatriz Falcão", 8, 14, "wiki:25 posts:5 docs:5 forum:2 candidacies:1"
            " checkins:1", meetings=5),
    # The meeting regular, who also keeps the calendar.
    _person("tadeusz", "Tadeusz Wrona", 1, 13, "calendar:2 wiki:5 posts:1 candidacies:1 tests:1",
            meetings=14),
    # The blogger with opinions and the manners to go with them.
    _person("nkechi", "Nkechi Obi", 20, 12, "posts:5 forum:3 docs:1 wiki:1 checkins:1", meetings=1),
    _person("yuki-h", "Yuki Hayama", 15, 8, "tests:24 kernels:2 issues:1 night_tests:1"),
    _person("oskari", "Oskari Lehto", 40, 16, "pushes:5 builds:5 pulls:4 weekend_pulls:1 merges:2"
            " forgejo:1 copr:1", meetings=1),
    _person("lucia", "Lucía Ferrer", 60, 15, "wallpapers:1 wiki:1 forum:1 issues:1 checkins:1"),
    _person("kwame", "Kwame Asante", 30, 11, "forum:10 posts:1 bugs:1"),
    # Infrastructure: rarely seen, always there.
    _person("sigrun", "Sigrún Jónsdóttir", 2, 17, "playbooks:3 pulls:1 mappings:1 merges:1",
            meetings=6),
    _person("dmitar", "Dmitar Kolev", 90, 16, "copr:2 builds:1 pushes:1 gitlab:1 failures:1"),
    _person("priya-n", "Priya Nair", 70, 10, "tests:9 bugs:1 docs:1 dawn_tests:1"),
    _person("hamza", "Hamza Belkacem", 120, 14, "docs:3 wiki:5 forum:1"),
    _person("ines", "Inês Carvalho", 50, 13, "calendar:1 checkins:1 posts:1", meetings=5),
    _person("tomoko", "Tomoko Ishii", 110, 9, "kernels:1 tests:5"),
    _person("brannigan", "Nora Brannigan", 100, 19, "pulls:4 weekend_pulls:1 merges:1 issues:5"),
    _person("eszter", "Eszter Varga", 45, 12, "builds:5 pushes:5 tests:1", meetings=2),
    _person("wamanu", "Wamanu Quispe", 200, 20, "posts:1 forum:1"),
    _person("leifur", "Leifur Arnason", 210, 10, "tests:4 dawn_tests:1"),
    _person("xochitl", "Xóchitl Rangel", 150, 21, "wiki:2 wallpapers:1"),
    _person("farid", "Farid Haddad", 80, 11, "builds:1 failures:1 pushes:1 leap_builds:1"),
    _person("malin", "Malin Åkerlund", 260, 12, "mappings:1 bugs:1"),
    _person("joaquim", "Joaquim Serra", 300, 15, "forgejo:1 pulls:1"),
    _person("noor", "Noor Aziz", 320, 9, "tests:2 forum:1"),
    _person("pavlina", "Pavlína Malá", 170, 16, "pushes:1 builds:1"),
    _person("teuila", "Teuila Faleolo", 240, 22, "checkins:1 forum:1"),
    _person("gwendal", "Gwendal Le Goff", 400, 13, "tests:1 wiki:1"),
    _person("ruza", "Ruža Babić", 430, 14, "docs:1 profile:1"),
    _person("cormac", "Cormac Daly", 450, 18, "issues:1 pulls:1"),
    _person("zainab", "Zainab Bello", 380, 12, "posts:1", meetings=2),
    _person("ondrej", "Ondřej Klíma", 500, 17, "kernels:1 tests:1"),
    _person("mei-lin", "Mei-Lin Koh", 520, 8, "copr:1 builds:1"),
    _person("rashid", "Rashid Karimov", 560, 11, "forum:1"),
    _person("alva", "Alva Nyström", 600, 12, "profile:1"),
    _person("kaito", "Kaito Mori", 640, 9, "checkins:1"),
    _person("dalia", "Dalia Katz", 660, 14, "tests:2 bugs:1"),
)  # fmt: skip

CHAIRS = ("tadeusz", "sigrun", "tadeusz", "eszter")
# Who gave how many cookies to whom.
COOKIES = (
    ("asha", "mjolnir", 3), ("yuki-h", "mjolnir", 3), ("beatriz", "mjolnir", 2),
    ("ines", "mjolnir", 2), ("teuila", "asha", 2), ("tadeusz", "beatriz", 1), ("kwame", "ruza", 1),
)  # fmt: skip
# Who liked how many posts of whom.
LIKES = (
    ("noor", "kwame", 2),
    ("rashid", "kwame", 1),
    ("beatriz", "kwame", 3),
    ("lucia", "nkechi", 2),
)
# Who brought whom into which group.
SPONSORSHIPS = (("sigrun", "dmitar", "infra-apprentices"), ("eszter", "pavlina", "packagers"))

# Nobody awards these: machines, visitors without an account, and a name that no directory knows.
SERVICE_USERS = ("bodhi", "koji", "packit", "koschei")
ANONYMOUS = "anonymous"
UNKNOWN = "stray-cat"
