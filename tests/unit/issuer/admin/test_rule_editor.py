# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rule editor: two faces of a rule, its mistakes, and nothing typed is lost."""

from __future__ import annotations

import html
import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from issuer.admin.rules.building import data_of, digest
from issuer.models import Rule
from rules.building import Counted, Counting, Fields, Part
from tests.issuing import make_rule
from tests.unit.issuer.admin.rule_pages import (
    BUILT,
    EDIT,
    HERE,
    TWICE,
    keep,
    message,
    rule_of,
    save,
    sent,
    text_in,
    text_of,
)
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser


def test_fields_and_yaml_are_two_faces_and_the_one_that_was_changed_is_meant(
    root: Browser, site: Site
) -> None:
    save(root, text_of(TWICE))
    values = sent(root.get(HERE).text)
    assert (values["lines-0-text"], values["asked-0-key"], values["number"]) == (
        "wiki.edit",
        "users",
        "2",
    )
    # Only fields: the YAML follows them.
    root.follow(root.post(f"{HERE}/save", **{**values, "number": "7"}))
    assert "greater than or equal to: 7" in text_in(root.get(HERE).text)
    # Only YAML: the fields follow it.
    values = sent(root.get(HERE).text)
    shown = sent(root.post(f"{HERE}/check", **{**values, "text": text_of(TWICE)}).text)
    assert (shown["number"], shown["text"]) == ("2", text_of(TWICE))
    # Both: nobody can tell, and nothing is lost.
    values = sent(root.get(HERE).text)
    both = {**values, "number": "8", "text": text_of(EDIT)}
    answer = root.post(f"{HERE}/save", **both)
    assert answer.status_code == 422
    assert "Fields and YAML say different things" in answer.text
    assert (sent(answer.text)["number"], text_in(answer.text)) == ("8", text_of(EDIT))
    filled = sent(root.post(f"{HERE}/fill", **both).text)
    assert (filled["counting"], "asked-0-key" in filled) == ("nothing", False)
    # What fields cannot show stays as it is.
    odd = text_of("trigger: {category: {any: [wiki, git]}}\n")
    answer = root.post(f"{HERE}/fill", **{**filled, "text": odd})
    assert answer.status_code == 422
    assert "The fields do not show the YAML" in answer.text
    assert text_in(answer.text) == odd
    root.follow(root.post(f"{HERE}/save", **sent(answer.text)))
    assert text_in(root.get(HERE).text) == odd
    assert "The fields do not show the YAML" in root.get(HERE).text


INCOMPLETE: list[tuple[dict[str, str], str]] = [
    ({"lines-1-kind": "topic", "lines-1-text": "x"}, "stands below a line that is no group"),
    ({"lines-2-text": "", "lines-3-text": ""}, "the group is empty"),
    ({"lines-0-level": "3"}, "stands below a line that is no group"),
    ({"lines-0-kind": "magic"}, "Not a valid choice"),
    ({"number": ""}, "say how many"),
    ({"number": "-1"}, "between 0 and 2147483647"),
    ({"counting": "nothing"}, "a filter is filled in"),
    ({"recipient": "message.agent_name"}, "an expression is filled in"),
    ({"who": "expression"}, "write an expression"),
    ({"asked-1-key": "users"}, "this is asked twice"),
    ({"asked-1-values": " "}, "write one value a line"),
    ({"comparison": "lambda"}, "write an expression"),
]


def test_fields_that_are_not_complete_say_so_and_lose_nothing(root: Browser) -> None:
    blank = sent(root.get(HERE).text)
    for changes, said in INCOMPLETE:
        answer = root.post(f"{HERE}/write", **{**blank, **BUILT, **changes, "text": "kept: yes"})
        assert answer.status_code == 422, changes
        assert said in html.unescape(answer.text), changes
        assert text_in(answer.text) == "kept: yes"
        assert 'value="wiki.edit"' in answer.text


def test_lines_are_added_moved_and_removed_without_a_script(root: Browser) -> None:
    values = {**sent(root.get(HERE).text), **BUILT}
    for button, expected in [
        ("lines-0-down", ["any", "topic", "lambda", "category"]),
        ("lines-3-remove", ["topic", "any", "lambda"]),
        ("lines-add", ["topic", "any", "lambda", "category", "topic"]),
        ("lines-0-up", ["topic", "any", "lambda", "category"]),
        ("lines-99-remove", ["topic", "any", "lambda", "category"]),
        ("nonsense-1-remove", ["topic", "any", "lambda", "category"]),
        ("asked-0-remove", ["topic", "any", "lambda", "category"]),
    ]:
        answer = root.post(f"{HERE}/lines", **values, change=button)
        assert answer.status_code == 200
        after = sent(answer.text)
        kinds = [value for name, value in after.items() if re.fullmatch(r"lines-\d+-kind", name)]
        assert kinds == expected, button
    assert after["asked-0-key"] == "topics"
    assert "asked-1-key" not in after


NOT_RULES = {
    # attacks R1
    "import": EDIT + "recipient: \"__import__('os').system('id')\"\n",
    "dunder": EDIT + 'recipient: "().__class__.__bases__[0].__subclasses__()"\n',
    "format": EDIT + "recipient: \"'{0.__class__}'.format(message)\"\n",
    "power": EDIT + 'recipient: "9**9**9"\n',
    "repeat": EDIT + "recipient: \"'a'*10**10\"\n",
    "range": EDIT + 'recipient: "[i for i in range(10**9)]"\n',
    "join": EDIT + "recipient: \"','.join(['a'*10000]*100000)\"\n",
    "walrus": EDIT + 'recipient: "(x := 1)"\n',
    "nested": EDIT + f'recipient: "{"(" * 5000}1{")" * 5000}"\n',
    "f-string": EDIT + "recipient: \"f'{message.__class__}'\"\n",
    "called lambda": EDIT + 'recipient: "(lambda: 1)()"\n',
    "star": EDIT + 'recipient: "max(*[1, 2])"\n',
    "frame": EDIT + 'recipient: "(x for x in [1]).gi_frame"\n',
    # attacks R2
    "tag": EDIT + "recipient: !!python/object/apply:os.system [id]\n",
    "bomb": EDIT
    + "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefg")),
    "twice": EDIT + EDIT,
    "tab": EDIT + "recipient:\t\tx\n\t- y\n",
    # attacks R3
    "redos": 'trigger: {lambda: \'re.match("(a+)+$", "a" * 30 + "b")\'}\n',
}


def test_an_attack_is_refused_with_its_line_at_once_and_never_run(root: Browser) -> None:
    """attacks R1, R2, R3."""
    head = make_rule(EDIT).text.removesuffix(EDIT)
    for name, text in NOT_RULES.items():
        start = time.process_time()
        answer = root.post(f"{HERE}/lint", text=head + text).get_json()
        assert time.process_time() - start < 1, name
        assert answer["loads"] is False, name
        (first, *_) = [mark for mark in answer["marks"] if mark["severity"] == "error"]
        assert first["line"] > len(head.splitlines()), name
        assert first["text"], name
    assert "too long" in root.post(f"{HERE}/lint", text="x" * 60_001).text
    assert "too long" in root.post(f"{HERE}/lint", text="x" * 5_000_000).text
    assert root.post(f"{HERE}/lint", text="x" * 7_000_000).status_code == 413


def test_a_text_with_errors_is_kept_as_a_draft_and_cannot_be_activated(
    root: Browser, site: Site
) -> None:
    broken = text_of(EDIT) + "recipient: 'message.'\n"
    save(root, broken)
    page = root.get(HERE).text
    assert text_in(page) == broken
    assert "1 error: the rule cannot be activated." in page
    answer = root.follow(root.post(f"{HERE}/revisions/1/activate"))
    assert "revision 1: line 8: recipient" in html.unescape(answer)
    assert not rule_of(site).active
    for path in ("try", "explain"):
        answer = root.post(f"{HERE}/{path}", **sent(page))
        assert answer.status_code == 422
        assert "A rule that has errors cannot be tried." in answer.text


def test_what_cannot_be_kept_is_refused_with_all_that_was_typed(root: Browser) -> None:
    for text in ("", "x" * 60_001):
        answer = save(root, text, status=422)
        assert "needs a text of 1 to" in answer
        assert text_in(answer) == text


def test_a_rule_for_another_badge_is_an_error_and_another_name_a_warning(root: Browser) -> None:
    other = make_rule(EDIT, name="Second Steps").text
    marks = root.post(f"{HERE}/lint", text=other).get_json()["marks"]
    assert marks[0]["text"] == (
        "this is a rule for the badge 'second-steps': write `slug: first-steps`"
    )
    assert (marks[0]["line"], marks[0]["severity"]) == (1, "error")
    answer = root.post(f"{HERE}/lint", text=f"slug: first-steps\n{other}").get_json()
    assert answer["loads"]
    assert "the badge is called 'First Steps'" in answer["marks"][0]["text"]


def test_whoever_saves_after_somebody_else_is_told_and_nothing_is_lost(
    root: Browser, boris: Browser, site: Site
) -> None:
    save(root, text_of(EDIT))
    mine, theirs = sent(root.get(HERE).text), sent(boris.get(HERE).text)
    boris.follow(boris.post(f"{HERE}/save", **{**theirs, "text": text_of(TWICE)}))
    third = text_of("trigger: {topic: wiki.new}\n")
    answer = root.post(f"{HERE}/save", **{**mine, "text": third})
    assert answer.status_code == 422
    assert "somebody saved another text meanwhile" in answer.text
    assert text_in(answer.text) == third
    endless = {**mine, "text": third, "base": "9" * 5000}
    assert root.post(f"{HERE}/save", **endless).status_code == 422
    root.follow(root.post(f"{HERE}/save", **sent(answer.text)))
    assert len(rule_of(site).revisions) == 3
    again = sent(root.get(HERE).text)
    assert "Nothing was changed" in root.follow(root.post(f"{HERE}/save", **again))


EXPLAINED: list[tuple[dict[str, str], str, int]] = [
    ({"message": "m-1"}, "Would not award: the condition does not hold", 200),
    ({"message": "m-2"}, "Would award: it earns the badge for chen", 200),
    (
        {
            "said": '{"topic": "org.example.prod.wiki.edit", "body": {}, "agent_name": "chen",'
            ' "usernames": ["chen"], "packages": []}'
        },
        "messages found: 3",
        200,
    ),
    ({"said": '{"topic": "other", "body": {}}'}, "the trigger does not hold", 200),
    ({"message": "m-99"}, "no message of the archive", 422),
    ({}, "Name a message of the archive, or paste one.", 422),
    ({"said": "[" * 100_000}, "not JSON", 422),
    ({"said": '{"topic": "t", "body": ' + '{"a":' * 100 + "1" + "}" * 101}, "deeper than", 422),
    ({"said": "x" * 200_001}, "cannot be longer than 200000", 422),
]


def test_a_message_is_explained(root: Browser, site: Site) -> None:
    keep(site, message(1, "chen"), message(2, "chen"))
    text = {**sent(root.get(HERE).text), "text": text_of(TWICE)}
    for values, said, status in EXPLAINED:
        answer = root.post(f"{HERE}/explain", **{**text, **values})
        assert answer.status_code == status, said
        assert said in Page(answer.text).text
    with site.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Rule)) == 0


def test_fields_in_the_form_and_back_are_the_same() -> None:
    fields = Fields(
        join="any",
        trigger=(
            Part("topic", "a"),
            Part("all", "", (Part("category", "b", (), negated=True), Part("lambda", "1 < 2"))),
        ),
        recipient="message.usernames",
        conversion="recipient_nick2fas",
        keeping=True,
        counting=Counting.MESSAGES,
        filter=(
            Counted("users", ("recipient",)),
            Counted("topics", ("message.topic",)),
            Counted("packages", ('"a b"', '"c"')),
            Counted("agents", ("message.usernames",), whole=True),
            Counted("contains", ("recipient", '"x"')),
        ),
        operation="len(results)",
        expression="value in (1, 2)",
    )
    data = data_of(fields)
    kinds = [each["kind"] for each in data["asked"]]
    assert kinds == ["recipient", "topic", "texts", "list", "expressions"]
    assert data["who"] == "usernames"
    assert digest(data) != digest({**data, "join": "all"})


#: Triggers that are wrong or never hold, and what somebody reads who reads German.
IN_GERMAN = {
    "{topc: wiki.edit}": "trigger: „topc“ ist nicht bekannt: meintest du topic?",
    "{lambda: mesage.body}": "lambda: den Namen „mesage“ gibt es hier nicht: meintest du message?",
    "{lambda: '2 ** 3'}": "lambda: nicht erlaubt: eine Potenz (**): schreibe die Zahl",
    '{lambda: \'re.search("(a+)+", "a")\'}': (
        "lambda: das Muster kann zu lange brauchen: es wiederholt eine Wiederholung oder eine "
        "Auswahl: nimm ein einfacheres Muster oder startswith(), endswith() oder in"
    ),
    "{all: []}": (
        "der Auslöser trifft nie zu: die Liste unter `all` ist leer: keine Nachricht kann dieses "
        "Abzeichen einbringen: berichtige es"
    ),
    "{topic: no.such}": "kein bekanntes Thema endet auf „no.such“: verglichen mit ",
    "[": "kein YAML: ",
}


def test_what_is_wrong_is_said_in_the_language_of_the_reader(root: Browser) -> None:
    root.client.set_cookie("language", "de")
    head = text_of(EDIT).partition("trigger:")[0]
    for trigger, expected in IN_GERMAN.items():
        text = f"{head}trigger: {trigger}\n"
        (mark,) = root.post(f"{HERE}/lint", text=text).get_json()["marks"]
        assert mark["text"].startswith(expected), trigger
        page = root.post(f"{HERE}/check", text=text).text
        assert mark["text"] in Page(page).text, trigger
        marks = page.partition('class="marks-list"')[2].partition("</ul>")[0]
        assert 'lang="en"' not in marks
