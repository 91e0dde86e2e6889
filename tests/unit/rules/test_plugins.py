# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from rules import plugins
from rules.errors import DefinitionError, EvaluationError
from rules.plugins import collect, installed, read_badge


class Helper:
    slug = "helper"
    levels = ("Helper", ("Great Helper", "Helped ten times."))
    events = ("help.given",)

    def award(self, state: dict[str, Any]) -> object:
        return state.get("level")


def kind(**members: Any) -> type:
    return type("Made", (Helper,), members)


def test_a_class_becomes_a_badge_for_each_level() -> None:
    badge = read_badge(Helper)
    assert [(level.slug, level.name, level.description) for level in badge.levels] == [
        ("helper-1", "Helper", "Helper"),
        ("helper-2", "Great Helper", "Helped ten times."),
    ]
    assert (badge.name, badge.multiple, badge.background) == ("Helper", False, False)
    assert badge.source.endswith("test_plugins:Helper")


def test_a_single_level_has_the_slug_itself() -> None:
    (level,) = read_badge(kind(levels=["Once"], description="Once is enough.")).levels
    assert (level.slug, level.description) == ("helper", "Once is enough.")


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        ("help.given", True),
        ("org.example.prod.help.given", True),
        ("xhelp.given", False),
        ("help.given.twice", False),
    ],
)
def test_an_event_is_heard_by_its_name_or_the_end_of_a_topic(event: str, *, heard: bool) -> None:
    assert read_badge(Helper).hears(event) is heard


@pytest.mark.parametrize(
    ("answer", "number"), [(None, None), (False, None), (1, 1), (2, 2), ("Great Helper", 2)]
)
def test_award_gives_a_level_or_nothing(answer: object, number: int | None) -> None:
    level = read_badge(Helper).decide({"level": answer})
    assert (level.number if level else None) == number


@pytest.mark.parametrize(
    "answer", [0, 3, "Nobody", [], object()], ids=["zero", "three", "name", "list", "object"]
)
def test_a_level_that_is_not_there_is_a_failure(answer: object) -> None:
    with pytest.raises(EvaluationError, match="level of 1 to 2"):
        read_badge(Helper).decide({"level": answer})


def test_a_class_that_raises_is_a_failure_of_its_own() -> None:
    def award(_self: object, state: dict[str, Any]) -> int:
        return state["missing"]

    with pytest.raises(EvaluationError, match=r"award\(\): KeyError: 'missing'"):
        read_badge(kind(award=award)).decide({})


def test_a_class_cannot_change_what_the_next_one_is_told() -> None:
    def award(_self: object, state: dict[str, Any]) -> None:
        state.clear()

    state = {"level": 1}
    read_badge(kind(award=award)).decide(state)
    assert state == {"level": 1}


def test_without_freeze_the_whole_state_is_kept() -> None:
    assert read_badge(Helper).freeze({"level": 2}) == {"level": 2}


def test_freeze_chooses_what_is_kept() -> None:
    def freeze(_self: object, state: dict[str, Any]) -> dict[str, Any]:
        return {"level": state["level"], "pair": (1, 2)}

    frozen = read_badge(kind(freeze=freeze)).freeze({"level": 2, "more": object()})
    assert frozen == {"level": 2, "pair": [1, 2]}


@pytest.mark.parametrize(
    ("frozen", "reason"),
    [
        ("text", "must give a dictionary"),
        ({"a": object()}, "JSON cannot hold"),
        ({"a": float("nan")}, "JSON cannot hold"),
        ({"a": "x" * 70_000}, "more than"),
        ({"a": "\0"}, "a NUL"),
    ],
    ids=["no-dictionary", "an-object", "nan", "large", "nul"],
)
def test_what_cannot_be_kept_is_a_failure(frozen: object, reason: str) -> None:
    badge = read_badge(kind(freeze=lambda _self, _state: frozen))
    with pytest.raises(EvaluationError, match=reason):
        badge.freeze({})


def test_a_picture_lies_beside_the_module() -> None:
    image = read_badge(kind(image="__init__.py", __module__=__name__)).image
    assert image is not None
    assert image.name == "__init__.py"


def _broken(_self: object) -> None:
    raise RuntimeError("no")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"slug": "Not A Slug"}, "slug is 'Not A Slug'"),
        ({"slug": None}, "slug is None"),
        ({"levels": []}, "levels is a list"),
        ({"levels": "Bronze"}, "levels is 'Bronze'"),
        ({"levels": [""]}, "level 1 is ''"),
        ({"levels": [("a", "b", "c")]}, "level 1 is a tuple"),
        ({"levels": [("a", 1)]}, "level 1 is a tuple"),
        ({"levels": ["a", "a"]}, "two levels have the same name"),
        ({"events": ()}, "events is a tuple"),
        ({"events": "help.given"}, "events is 'help.given'"),
        ({"events": [1]}, "events is a list"),
        ({"tags": [""]}, "tags is a list"),
        ({"multiple": 1}, "multiple is 1"),
        ({"background": "yes"}, "background is 'yes'"),
        ({"points": -1}, "points is -1"),
        ({"points": True}, "points is True"),
        ({"name": ""}, "name is ''"),
        ({"award": None}, "no method award"),
        ({"__init__": _broken}, "cannot be made: RuntimeError: no"),
        ({"image": 1}, "image is 1"),
        ({"image": "absent.png"}, "no such file"),
        ({"image": "absent.png", "__module__": "builtins"}, "lies in no file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_class_that_is_no_badge_says_why(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason):
        read_badge(kind(**members))


def test_what_is_no_class_is_no_badge() -> None:
    with pytest.raises(DefinitionError, match="is no class"):
        read_badge(Helper())


def test_one_that_is_no_badge_stops_no_other() -> None:
    found = collect([("a", kind(slug="")), ("b", Helper), ("c", Helper)])
    assert [badge.source for badge in found.badges] == ["b"]
    assert found.problems == (
        "a: slug is '': it must be like 'a-slug-1'",
        "c: slug 'helper' is that of b",
    )


def test_badges_are_found_in_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("helper", f"{__name__}:Helper", plugins.GROUP),
        EntryPoint("absent", "there.is.no.such:Module", plugins.GROUP),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points if group else [])
    found = installed()
    assert [badge.slug for badge in found.badges] == ["helper"]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("there.is.no.such:Module: cannot be loaded")
