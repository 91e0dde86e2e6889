# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of backpacks: for their owner alone, and without a word of what opens them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from issuer.adapters.backpacks.results import Kind
from issuer.adapters.backpacks.tokens import Tokens
from issuer.models import Assertion, BackpackConnection, BackpackHost
from issuer.services import disclosing, persons
from tests.browsing import Browser
from tests.simulators import BadgrSimulator, ConnectSimulator, CredentialSimulator
from tests.simulators.site import sending_site
from tests.unit.issuer.web.html import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulators.hosts import HostSimulator
    from tests.simulators.site import Sender

pytestmark = pytest.mark.slow

EMAIL, SECRET = "asha@example.org", "token-that-nobody-sees"
HERE = "/my/backpacks"


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    with sending_site(tmp_path_factory.mktemp("site")) as made:
        made.award("asha", "First Steps", "Second Steps")
        made.award("boris", "First Steps")
        yield made


@pytest.fixture
def asha(sender: Sender) -> Browser:
    return Browser(sender.app, "asha")


@pytest.fixture(scope="module")
def number(sender: Sender) -> int:
    return sender.connect("asha", Kind.BADGR, "https://badgr.example", Tokens(SECRET), EMAIL)


def test_a_backpack_is_its_owners_alone(sender: Sender, number: int) -> None:
    boris = Browser(sender.app, "boris")
    assert boris.get(f"{HERE}/{number}").status_code == 404
    for action in ("send", "again", "options", "test", "remove"):
        answer = boris.post(f"{HERE}/{number}/{action}", which="all")
        assert answer.status_code == 404, action
    assert Browser(sender.app).get(HERE).headers["Location"].startswith("/login")
    assert sender.connection(number).account == EMAIL


def test_badges_of_others_are_never_sent(sender: Sender, asha: Browser, number: int) -> None:
    with sender.site.database.reading() as session:
        boris = persons.find(session, "boris")
        statement = select(Assertion).where(Assertion.award.has(person_id=boris.id))
        theirs = session.scalars(statement).one()
        asked = asha.post(f"{HERE}/{number}/send", badge=str(theirs.uuid))
        assert asked.status_code == 404
        asha.post(f"{HERE}/{number}/send", award=str(theirs.award_id))
    assert sender.states(number) == []


def test_what_opens_a_backpack_is_in_no_page_no_copy_and_no_table(
    sender: Sender, asha: Browser, number: int
) -> None:
    shown = asha.get(HERE).text + asha.get(f"{HERE}/{number}").text
    with sender.site.database.reading() as session:
        person = persons.find(session, "asha")
        copy = "".join(disclosing.everything(session, person, now=datetime.now(UTC)))
        kept = session.get_one(BackpackConnection, number).tokens or ""
    assert "https://badgr.example" in copy
    for text in (shown, copy, kept):
        assert SECRET not in text
    assert kept not in shown + copy


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("badgr", {"address": "http://badgr.example"}, "must begin with https://"),
        ("badgr", {"address": "ftp://badgr.example"}, "must begin with https://"),
        ("badgr", {"address": "https://a@badgr.example"}, "must be like"),
        ("badgr", {"address": "https://10.0.0.1", "token": "x"}, "not at a public address"),
        ("badgr", {"address": "https://badgr.example"}, "name and password"),
        ("badgr", {"address": "https://badgr.example", "token": "x\r\ny"}, "no token holds"),
        ("connect", {"address": "https://169.254.169.254"}, "not at a public address"),
        ("connect", {"address": ""}, "must be like"),
    ],
)
def test_what_is_no_backpack_is_said_on_the_page(
    asha: Browser, path: str, form: dict[str, str], words: str
) -> None:
    answer = asha.post(f"{HERE}/{path}", **{"username": "", "password": "", **form})
    assert answer.status_code == 422
    assert words in Page(answer.text).text


def test_a_wrong_password_is_told_and_kept_nowhere(sender: Sender, asha: Browser) -> None:
    badgr = BadgrSimulator()
    with badgr.running():
        badgr.account(EMAIL)
        form = {"address": badgr.url, "username": EMAIL, "password": "wrong-word"}
        answer = asha.post(f"{HERE}/badgr", **form)
        assert answer.status_code == 422
        assert "Invalid credentials" in answer.text
        assert "wrong-word" not in answer.text
        form["password"] = "pass"  # noqa: S105 (a test's own)
        assert "is connected" in asha.follow(asha.post(f"{HERE}/badgr", **form))


@pytest.mark.parametrize(
    ("language", "ours", "theirs"),
    [
        ("en", "the backpack broke (500)", "<h1>no & time</h1>"),
        ("de", "der Rucksack ist gescheitert (500)", "<h1>no & time</h1>"),
        ("es", "la mochila ha fallado (500)", "<h1>no & time</h1>"),
    ],
)
def test_why_a_backpack_waits_is_said_in_the_language_of_its_owner(
    sender: Sender, language: str, ours: str, theirs: str
) -> None:
    """What its host said stays as it is, as a quotation that brings no element into the page."""
    badgr = BadgrSimulator()
    with badgr.running():
        badgr.account(EMAIL)
        number = sender.connect("asha", Kind.BADGR, badgr.url, Tokens(badgr.token(EMAIL)), EMAIL)
        sender.queue(number, sender.award("asha", f"In {language}"))
        badgr.fail(500, body=theirs)
        sender.push()
        badgr.fail(503)
        sender.clock.move(hours=1)
        sender.push()
    asha = Browser(sender.app, "asha")
    asha.client.set_cookie("language", language)
    shown = asha.get(f"{HERE}/{number}").text
    assert ours in shown
    assert '<q lang="en">&lt;h1&gt;no &amp; time&lt;/h1&gt;</q>' in shown
    away = {"en": "asks to come later (503)", "de": "später zu kommen (503)", "es": "más tarde"}
    assert away[language] in shown
    assert away[language] in asha.get(HERE).text


def leave(asha: Browser, host: HostSimulator) -> str:
    """Return where the page leads after the address of a host was typed."""
    answer = asha.post(f"{HERE}/connect", address=host.url)
    page = Page(answer.text)
    return next(
        item["href"] for item in page.all("a") if str(item.get("href")).startswith(host.url)
    )


def allow(host: HostSimulator, target: str, choice: str = "yes") -> str:
    """Sign in there, and return where that leads back."""
    back = host.app.test_client().post(
        target.removeprefix(host.url), data={"email": EMAIL, "allow": choice}
    )
    parts = urlsplit(back.headers["Location"])
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize("kind", ["specification", "badgr", "version-3"])
def test_somebody_signs_in_at_a_host_and_is_registered_there_once(
    sender: Sender, asha: Browser, kind: str
) -> None:
    host: HostSimulator = (
        CredentialSimulator() if kind == "version-3" else ConnectSimulator(as_badgr=kind == "badgr")
    )
    with host.running():
        host.account(EMAIL)
        answer = asha.get(allow(host, leave(asha, host)))
        assert "is connected" in asha.follow(answer)
        leave(asha, host)
        assert host.asked.count("POST /register") == 1
        with sender.site.database.reading() as session:
            kept = session.scalars(select(BackpackHost.client).filter_by(base_url=host.url)).one()
        (client,) = host.clients.values()
        assert client["client_secret"] not in kept
        assert client["logo_uri"].endswith("/logo.png")


def test_an_answer_is_taken_once_and_only_by_the_browser_that_asked(
    sender: Sender, asha: Browser
) -> None:
    host = ConnectSimulator()
    with host.running():
        host.account(EMAIL)
        back = allow(host, leave(asha, host))
        other = Browser(sender.app, "boris")
        assert "another browser" in other.follow(other.get(back))
        assert "is connected" in asha.follow(asha.get(back))
        assert "another browser" in asha.follow(asha.get(back))
        refused = asha.get(allow(host, leave(asha, host), "no"))
        assert "access_denied" in asha.follow(refused)
        state = parse_qs(urlsplit(leave(asha, host)).query)["state"][0]
        forged = asha.get(f"{HERE}/return?{urlencode({'state': state, 'code': 'forged'})}")
        assert "invalid_grant" in asha.follow(forged)


def test_what_a_registration_names_is_there(sender: Sender) -> None:
    nobody = Browser(sender.app)
    assert nobody.get("/logo.png").mimetype == "image/png"
    for path in ("/about/terms", "/about/privacy"):
        assert nobody.get(path).status_code == 200
