# SPDX-License-Identifier: AGPL-3.0-or-later
"""Goes through all pages of a site, gathers the forms, and fills them with nonsense."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode, urlsplit

from issuer.web.security import POLICY_HEADER
from tests.browsing import HTML
from tests.issuing import BASE_URL

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from tests.browsing import Browser

#: As they stand in the body of a form: bytes, so that a half of a pair can be said, too.
TEXTS = (
    "a%00b",
    "a%ED%A0%80b",  # half of a pair
    "%ff%fe",  # no UTF-8
    "x" * 70_000,
    quote_plus('"><script>alert(1)</script>{{7*7}}\u202e'),
    quote_plus('=HYPERLINK("https://evil.example")'),
)
NUMBERS = ("9" * 400, str(2**63), str(2**31), "-1", "NaN", "1e999", "%D9%A3")
DATES = ("0001-01-01", "9999-12-31", "0001-01-01T00:00", "9999-12-31T23:59", "2026-02-30")
KINDS_OF_FIELDS = {"number": NUMBERS, "date": DATES, "datetime-local": DATES}
EVERYTHING = (*TEXTS, *NUMBERS, *DATES)
UUID = "00000000-0000-4000-8000-000000000000"
KINDS = {"int": "1", "uuid": UUID}
#: More is refused as a whole, and says nothing of single fields.
MOST_SENT = 1 << 20
TOO_MUCH = 10 << 20
#: It would end the session that the others need.
LEFT_OUT = {"login.logout"}
FORM_TYPE = "application/x-www-form-urlencoded"
TOKEN = "csrf_token"  # noqa: S105 (the name of a field)


@dataclass
class Form:
    """A form as it stands on a page."""

    action: str
    method: str
    enctype: str
    fields: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = known.get("method", "get").lower()
            self.forms.append(Form(known.get("action", ""), method, known.get("enctype", "")))
        elif tag == "a" and "href" in known:
            self.links.append(known["href"])
        elif self.forms and known.get("name") and tag in {"input", "textarea", "select", "button"}:
            form, name = self.forms[-1], known["name"]
            form.fields.setdefault(name, known.get("value", ""))
            form.kinds[name] = known.get("type", tag)


class Crawler:
    """Goes wherever links lead, a few times to each route, and gathers the forms."""

    def __init__(self, app: Flask, browser: Browser, names: dict[str, str]) -> None:
        self.app, self.browser, self.names = app, browser, names
        self.router = app.url_map.bind("")
        self.forms: dict[tuple[str, str, frozenset[str]], Form] = {}
        self.broken: list[str] = []

    def walk(self, limit: int) -> None:
        """Open each route at most ``limit`` times."""
        waiting = [self.address(rule) for rule in self.rules("GET")]
        opened: dict[str, int] = {}
        seen: set[str] = set()
        while waiting:
            address = waiting.pop(0)
            endpoint = self.endpoint(address, "GET")
            if address in seen or not endpoint or opened.get(endpoint, 0) >= limit:
                continue
            seen.add(address)
            opened[endpoint] = opened.get(endpoint, 0) + 1
            answer = self.ask("GET", address)
            if answer.mimetype == "text/html" and answer.status_code == 200:
                page = Forms(answer.text)
                waiting += [link for link in page.links if link.startswith("/")]
                for form in page.forms:
                    self.keep(form, address)

    def keep(self, form: Form, page: str) -> None:
        form.action = urlsplit(form.action).path or urlsplit(page).path
        endpoint = self.endpoint(form.action, form.method.upper())
        assert endpoint, f"{page}: its form leads nowhere: {form}"
        if endpoint not in LEFT_OUT:
            self.forms.setdefault((endpoint, form.method, frozenset(form.fields)), form)

    def rules(self, method: str) -> list[Rule]:
        found = [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]
        return [rule for rule in found if not rule.endpoint.endswith("static")]

    def address(self, rule: Rule) -> str:
        return re.sub(
            r"<(?:([a-z]+)(?:\('?([a-z-]*)[^)]*\))?:)?([a-z_]+)>",
            lambda at: at[2] or self.names.get(at[3]) or KINDS.get(at[1] or "", "none"),
            rule.rule,
        )

    def endpoint(self, address: str, method: str) -> str:
        path = urlsplit(address).path
        return self.router.match(path, method)[0] if self.router.test(path, method) else ""

    def ask(self, method: str, address: str, body: str = "", **more: object) -> TestResponse:
        answer = self.browser.client.open(
            address,
            method=method,
            data=body.encode() if body else None,
            content_type=FORM_TYPE if body else None,
            headers=HTML,
            **more,
        )
        assert answer.mimetype != "text/html" or "CSRF" not in answer.text, address
        self.look(address, answer)
        is_away = answer.status_code == 503 and address.startswith("/login")
        if answer.status_code >= 500 and not is_away:
            self.broken.append(f"{method} {address} {body[:300]}: {answer.status_code}")
        return answer

    def look(self, address: str, answer: TestResponse) -> None:
        """Note what no answer may do, whatever it was asked."""
        headers = answer.headers
        place = headers.get("Location", "").removeprefix(BASE_URL)
        wrong = {
            "leads away": not re.fullmatch(r"/([^/\\].*)?|", place),
            "is kept": address.startswith(("/admin", "/settings", "/award", "/claims"))
            and answer.status_code == 200
            and "no-store" not in headers.get("Cache-Control", ""),
            "has no policy": POLICY_HEADER not in headers,
            "is guessed": headers.get("X-Content-Type-Options") != "nosniff",
        }
        self.broken += [f"{address[:300]}: {what}" for what, is_so in wrong.items() if is_so]

    def send(self, form: Form, values: dict[str, str]) -> None:
        """Send a form; ``values`` are encoded already."""
        plain = {name: quote_plus(value) for name, value in form.fields.items() if name != TOKEN}
        body = "&".join(f"{quote_plus(k)}={v}" for k, v in {**plain, **values}.items())
        if form.method == "get":
            self.ask("GET", f"{form.action}?{body[:100_000]}")
        else:
            self.ask("POST", form.action, f"{body}&{urlencode({TOKEN: self.browser.token})}")

    def attack(self, form: Form, *, alone: bool = True) -> None:
        """Fill all fields with each kind of nonsense, and then each field ``alone``."""
        fields = [name for name in form.fields if name != TOKEN]
        for value in EVERYTHING:
            if len(value) * len(fields) < MOST_SENT:
                self.send(form, dict.fromkeys(fields, value))
        for name in fields if alone else ():
            for value in KINDS_OF_FIELDS.get(form.kinds.get(name, ""), TEXTS[:1]):
                self.send(form, {name: value})
