# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from issuer.adapters import fasjson as adapter
from issuer.adapters.fasjson import FasJson, kerberos
from issuer.errors import (
    AccountsAwayError,
    AccountUnclearError,
    ConfigurationError,
    NotFoundError,
)
from tests.services.fasjson import FasJsonSimulator, Fault, fasjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def simulator() -> Iterator[FasJsonSimulator]:
    with fasjson() as made:
        made.add(
            "asha",
            emails=["asha@home.example"],
            ircnicks=["irc:/asha", "matrix://home.example/asha"],
            github_username="Asha-D",
        )
        made.add("7of9", emails=["seven@home.example"])
        made.groups = {"packagers": ["asha", "7of9"], "artists": ["asha"], "empty": []}
        made.sponsors = {"packagers": ["asha"]}
        yield made


@pytest.fixture
def client(simulator: FasJsonSimulator) -> FasJson:
    return FasJson(simulator.url, back_off=0)


@pytest.mark.parametrize(
    ("name", "account"),
    [("asha", "asha"), ("Asha", "asha"), ("boris", None), ("7of9", "7of9"), ("9of7", None)],
)
def test_who_exists(client: FasJson, name: str, account: str | None) -> None:
    assert client.username(name) == account


@pytest.mark.parametrize(
    ("term", "value", "account"),
    [
        ("email", "asha@home.example", "asha"),
        ("email", "asha@home.exampl", None),
        ("ircnick__exact", "irc:/asha", "asha"),
        ("ircnick__exact", "irc:/ash", None),  # part of a nick is another nick
        ("github_username__exact", "Asha-D", "asha"),
        ("email", "*", None),  # that would be everybody
        ("ircnick__exact", "irc:/*", None),
        ("email", "a\0b@home.example", None),
        ("email", "a&b=c@home.example", None),
    ],
)
def test_whose_a_value_is(client: FasJson, term: str, value: str, account: str | None) -> None:
    assert client.search(term, value) == account


def test_nothing_private_is_asked_for(client: FasJson, simulator: FasJsonSimulator) -> None:
    client.username("asha")
    client.search("email", "asha@home.example")
    client.groups_of("asha")
    assert [headers["X-Fields"] for headers in simulator.headers] == [
        "username",
        "username",
        "groupname",
    ]


def test_groups_are_read_to_their_end(
    client: FasJson, simulator: FasJsonSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 3)
    simulator.groups["many"] = [f"user{number}" for number in range(10)]
    assert client.members_of("many") == tuple(simulator.groups["many"])
    assert simulator.asked_for("members") == 4
    assert client.members_of("empty") == ()
    assert client.groups_of("asha") == ("packagers", "artists")
    assert client.sponsors_of("packagers") == ("asha",)
    assert client.sponsors_of("artists") == ()


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.members_of("nobody"),
        lambda client: client.sponsors_of("nobody"),
        lambda client: client.groups_of("nobody"),
        lambda client: client.members_of("../users"),
        lambda client: client.groups_of("a/b"),
    ],
)
def test_a_group_that_is_none_is_not_an_empty_one(
    client: FasJson, ask: Callable[[FasJson], object]
) -> None:
    with pytest.raises(NotFoundError):
        ask(client)


def test_part_of_a_list_is_no_list(
    client: FasJson, simulator: FasJsonSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 1)
    simulator.changes = lambda document: document["result"].clear()
    with pytest.raises(AccountsAwayError, match="tells 0 of 2 from groups/packagers/members/"):
        client.members_of("packagers")
    with pytest.raises(AccountsAwayError, match="tells only part of search/users/"):
        client.search("email", "asha@home.example")
    simulator.changes = lambda _: None
    whole = client.members_of("packagers")
    assert whole == ("asha", "7of9")


def test_a_list_that_changes_while_it_is_read_is_read_again(
    client: FasJson, simulator: FasJsonSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 1)

    def leave(_: object) -> None:
        if simulator.asked_for("members") == 1:
            simulator.groups["packagers"] = ["7of9", "asha", "carla"]

    simulator.changes = leave
    assert client.members_of("packagers") == ("7of9", "asha", "carla")


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(500), Fault(503)],
        [Fault(429), Fault(502)],
        [Fault(hang_up=True), Fault(hang_up=True)],
    ],
    ids=["errors", "too-many", "cut"],
)
def test_what_passes_is_asked_again(
    client: FasJson, simulator: FasJsonSimulator, faults: list[Fault | None]
) -> None:
    simulator.faults["users/asha"] = faults
    assert client.username("asha") == "asha"
    assert simulator.asked_for("users/asha") == 3


def test_in_haste_it_is_asked_once(client: FasJson, simulator: FasJsonSimulator) -> None:
    simulator.lasting["v1"] = Fault(500)
    with pytest.raises(AccountsAwayError):
        client.username("asha", hasty=True)
    assert simulator.asked_for("users/asha") == 1


NOT_FASJSON = [
    pytest.param(Fault(500), "with 500", id="broken"),
    pytest.param(Fault(401, b"{}"), "check the Kerberos ticket", id="no-ticket"),
    pytest.param(Fault(403, b"{}"), "check the Kerberos ticket", id="forbidden"),
    pytest.param(Fault(302, b"", location="http://evil.example/"), "fasjson_url", id="moved"),
    pytest.param(Fault(404, b"<h1>Not here</h1>"), "fasjson_url", id="somebody-elses-404"),
    pytest.param(Fault(404, b'{"message": "no"}'), "fasjson_url", id="no-such-address"),
    pytest.param(Fault(200, b"<h1>Hello</h1>"), "fasjson_url", id="a-page"),
    pytest.param(Fault(200, b"{}"), "fasjson_url", id="another-document"),
    pytest.param(Fault(200, b'{"result": []}'), "fasjson_url", id="another-shape"),
    pytest.param(Fault(200, b'{"result": {"username": 7}}'), "fasjson_url", id="another-type"),
    pytest.param(Fault(200, b"[" * 100_000), "fasjson_url", id="deep"),
    pytest.param(Fault(hang_up=True), "cannot be reached", id="cut"),
    pytest.param(Fault(drip=True), "cannot be reached", id="drips"),
    pytest.param(Fault(200, b" " * (5 << 20)), "cannot be reached", id="endless"),
    pytest.param(Fault(200, after=0.5), "cannot be reached", id="slow"),
]


@pytest.mark.parametrize(("fault", "said"), NOT_FASJSON)
def test_what_is_no_answer_makes_nobody_a_stranger(
    client: FasJson,
    simulator: FasJsonSimulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    said: str,
) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT", (0.2, 0.2))
    monkeypatch.setattr(adapter, "BODY_SECONDS", 0.3)
    simulator.lasting["v1"] = fault
    for ask in (lambda: client.username("asha"), lambda: client.search("email", "a@home.example")):
        with pytest.raises(AccountsAwayError, match=said):
            ask()


def test_nobody_there_is_away() -> None:
    with fasjson() as gone:
        url = gone.url
    with pytest.raises(AccountsAwayError, match="check fasjson_url"):
        FasJson(url, back_off=0).username("asha")


@pytest.mark.parametrize("status", [400, 500])
def test_a_question_that_it_cannot_answer_is_told_from_a_directory_that_is_away(
    client: FasJson, simulator: FasJsonSimulator, status: int
) -> None:
    simulator.lasting["odd"] = Fault(status)
    for ask in (lambda: client.username("odd"), lambda: client.search("email", "odd@x.example")):
        with pytest.raises(AccountUnclearError, match=f"{status}, though it answers about others"):
            ask()


def test_a_path_of_its_own_is_kept(simulator: FasJsonSimulator) -> None:
    simulator.changes = lambda document: document.update(result={"username": "asha"})
    with pytest.raises(AccountsAwayError):
        FasJson(f"{simulator.url}fasjson", back_off=0).username("asha")
    assert simulator.asked[0] == "/fasjson/v1/users/asha/"


def test_threads_take_turns(client: FasJson, simulator: FasJsonSimulator) -> None:
    found: list[str | None] = []
    work = [threading.Thread(target=lambda: found.append(client.username("asha"))) for _ in "1234"]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert found == ["asha"] * 4


def test_without_the_package_for_kerberos_the_start_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"extra 'fasjson'.*or set it to none"):
        kerberos()


def test_what_shows_the_ticket_is_used_for_each_request(simulator: FasJsonSimulator) -> None:
    def ticket(request: Any) -> Any:
        request.headers["Authorization"] = "Negotiate dGlja2V0"
        return request

    simulator.challenge = "Negotiate dGlja2V0"
    assert FasJson(simulator.url, auth=ticket).username("asha") == "asha"
    with pytest.raises(AccountsAwayError, match="401: check the Kerberos ticket"):
        FasJson(simulator.url).username("asha")


def test_all_accounts_are_read_page_by_page_with_the_moments_they_were_made(
    client: FasJson, simulator: FasJsonSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 2)
    simulator.add("boris", creation="2020-01-01T00:00:00+00:00", emails=["b@home.example"])
    pages = list(client.accounts())
    assert [(page.number, page.total, page.accounts) for page in pages] == [
        (1, 3, (("7of9", None), ("asha", None))),
        (2, 3, (("boris", "2020-01-01T00:00:00+00:00"),)),
    ]
    assert [page.number for page in client.accounts(first=2)] == [2]
    assert [page.accounts for page in client.accounts(first=9)] == [()]
    assert {headers["X-Fields"] for headers in simulator.headers} == {"username,creation"}
    simulator.changes = lambda document: document.update(result=[])
    with pytest.raises(AccountsAwayError, match="only part"):
        list(client.accounts())
    monkeypatch.setattr(adapter, "MAX_ACCOUNT_PAGES", 1)
    simulator.changes = lambda _: None
    with pytest.raises(AccountsAwayError, match="more pages than are read"):
        list(client.accounts())
