# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of rules as a browser sends them, and what becomes of them."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from issuer.adapters.messages import Incoming
from issuer.intake import Intake, policy_of
from issuer.models import AuditEntry, Award, Person, Rule
from issuer.services import archive
from rules.model import Message
from tests.issuing import make_rule
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from issuer.site import Site
    from tests.browsing import Browser

HERE = "/admin/rules/of/first-steps"


NOW = datetime.now(UTC)


EDIT = "trigger: {topic: wiki.edit}\n"


TWICE = (
    EDIT + "previous: {filter: {users: [recipient], topics: [message.topic]}, operation: count}\n"
    "condition: {greater than or equal to: 2}\n"
)


def text_of(rule: str) -> str:
    return make_rule(rule).text


def message(number: int, name: str, **body: Any) -> Message:
    return Message(
        id=f"m-{number}",
        topic="org.example.prod.wiki.edit",
        body=body,
        sent_at=NOW - timedelta(days=3, minutes=-number),
        agent_name=name,
        usernames=(name,),
    )


def arrive(site: Site, *messages: Message) -> None:
    """Let messages come as they come to the consumer."""
    intake = Intake(site, policy_of(site.settings))
    for each in messages:
        intake.handle(Incoming(each, each.usernames), now=NOW)


def keep(site: Site, *messages: Message) -> None:
    with site.database.writing() as session:
        for each in messages:
            archive.store(session, each, each.usernames, now=NOW)


def text_in(page: str) -> str:
    """Return what stands in the field of the text."""
    found = re.search(r'<textarea[^>]* id="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).replace("\r\n", "\n").removeprefix("\n")


def sent(page: str) -> dict[str, str]:
    """Return what a browser would send with the form of a page."""
    parsed = Page(page)
    values = {
        each["name"]: each.get("value", "on")
        for each in parsed.all("input")
        if each.get("name") and (each.get("type") != "checkbox" or "checked" in each)
    }
    for found in re.finditer(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        options = re.findall(r'<option( selected)? value="([^"]*)"', found[2])
        values[found[1]] = next((value for mark, value in options if mark), options[0][1])
    for found in re.finditer(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.S):
        values[found[1]] = html.unescape(found[2]).replace("\r\n", "\n").removeprefix("\n")
    del values["csrf_token"]
    return values


def rule_of(site: Site) -> Rule:
    with site.database.session() as session:
        rule = session.scalars(select(Rule)).one()
        assert rule.revisions is not None
        return rule


def awarded(site: Site) -> set[str]:
    with site.database.session() as session:
        names = select(Person.username).join(Award, Award.person_id == Person.id)
        return set(session.scalars(names)) - {"asha"}


def audited(site: Site) -> list[str]:
    with site.database.session() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def save(browser: Browser, text: str, *, status: int = 303, **more: str) -> str:
    values = {**sent(browser.get(HERE).text), "text": text, **more}
    answer = browser.post(f"{HERE}/save", **values)
    assert answer.status_code == status
    return answer.text


BUILT = {
    "join": "all",
    "lines-0-level": "0",
    "lines-0-kind": "topic",
    "lines-0-text": "wiki.edit",
    "lines-1-level": "0",
    "lines-1-negated": "y",
    "lines-1-kind": "any",
    "lines-2-level": "1",
    "lines-2-kind": "lambda",
    "lines-2-text": 'message.body.get("minor")',
    "lines-3-level": "1",
    "lines-3-kind": "category",
    "lines-3-text": "sandbox: #1",
    "who": "agent",
    "counting": "messages",
    "asked-0-key": "users",
    "asked-0-kind": "recipient",
    "asked-0-values": "",
    "asked-1-key": "topics",
    "asked-1-kind": "texts",
    "asked-1-values": 'org.example.prod.wiki.edit\r\nit\'s "quoted"',
    "comparison": "greater than or equal to",
    "number": "2",
}
