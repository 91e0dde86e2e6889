# SPDX-License-Identifier: AGPL-3.0-or-later
"""What hosts answer, word for word as they were seen, and what each answer means."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from issuer.adapters.backpacks import badgr, oauth, open_backpack
from issuer.adapters.backpacks import calls as calls_module
from issuer.adapters.backpacks.badge_connect import LIST_SECONDS
from issuer.adapters.backpacks.calls import Calls, Reply
from issuer.adapters.backpacks.hosts import Host
from issuer.adapters.backpacks.results import Delivery, Kind, Outcome, Reason
from issuer.adapters.backpacks.tokens import Tokens
from issuer.adapters.exchanges import Answer
from issuer.errors import (
    AccoladesError,
    BackpackAwayError,
    BackpackBrokenError,
    BackpackLoginError,
    BackpackUnfitError,
)

if TYPE_CHECKING:
    from issuer.adapters.backpacks import Backpack

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ID = "https://badges.example.org/assertions/1"
BADGE = Delivery(
    document_id=ID,
    hosted=json.dumps({"id": ID}),
    proof='{"id":"urn:1"}',
    token="a.b.c",  # noqa: S106 (no secret)
)
PAGE = b"<!doctype html><title>Badgr</title><div id=app></div>"
CLOSED = {
    "status": {"success": False, "description": "entity not found or insufficient privileges"},
    "result": [],
}
DENIED = {"status": {"error": None, "statusCode": 401, "statusText": "PERMISSION_DENIED"}}
TAKEN = {"status": {"success": True}, "result": [{"entityId": "e1", "pending": False}]}


@dataclass
class Scripted:
    """Answers each request with the next of the answers to it; the last one again and again."""

    answers: dict[str, list[tuple[int, Any]]]
    asked: list[str] = field(default_factory=list)
    now: float = 0.0
    pace: float = 0.0

    def ask(self, method: str, url: str, **_content: Any) -> Reply:
        self.now += self.pace
        path = url.removeprefix("https://host.example")
        self.asked.append(f"{method} {path}")
        given = self.answers.get(f"{method} {path.partition('?')[0]}", [(404, PAGE)])
        status, body = given.pop(0) if len(given) > 1 else given[0]
        return Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())

    def clock(self) -> float:
        return self.now


def backpack(kind: Kind, calls: Scripted) -> Backpack:
    return open_backpack(kind, cast("Calls", calls), "https://host.example", "token")


def emails(*, verified: bool) -> dict[str, Any]:
    return {"result": [{"emails": [{"email": "Asha@Example.org", "verified": verified}]}]}


@pytest.mark.parametrize(
    ("kind", "request_", "status", "body"),
    [
        (Kind.BADGR, "POST /v2/backpack/import", 200, PAGE),
        (Kind.BADGE_CONNECT, "POST /assertions", 200, PAGE),
        (Kind.OB3, "POST /credentials", 200, PAGE),
    ],
)
def test_a_page_that_says_all_is_well_has_taken_no_badge(
    kind: Kind, request_: str, status: int, body: bytes
) -> None:
    """Web sites answer 200 to anything, and a badge that nobody took must not count as sent."""
    with pytest.raises(BackpackBrokenError):
        backpack(kind, Scripted({request_: [(status, body)]})).deliver(BADGE, again=False)


@pytest.mark.parametrize(
    ("kind", "request_", "status", "body", "expected"),
    [
        (Kind.BADGR, "POST /v2/backpack/import", 201, TAKEN, Outcome.SENT),
        (Kind.BADGE_CONNECT, "POST /assertions", 201, {"status": {"statusCode": 200}}, "sent"),
        (Kind.BADGE_CONNECT, "POST /assertions", 202, b"", Outcome.SENT),
        (Kind.BADGE_CONNECT, "POST /assertions", 204, b"", Outcome.SENT),
        (Kind.OB3, "POST /credentials", 201, {"id": "urn:1"}, Outcome.SENT),
        (Kind.OB3, "POST /credentials", 201, b"", Outcome.SENT),
        (Kind.OB3, "POST /credentials", 201, b"eyJhIjoxfQ.eyJhIjoxfQ.c2ln\n", Outcome.SENT),
        (Kind.OB3, "POST /credentials", 202, {"imsx_codeMajor": "processing"}, Outcome.SENT),
        (Kind.OB3, "POST /credentials", 200, {"id": "urn:1"}, Outcome.ALREADY_THERE),
        (Kind.OB3, "POST /credentials", 304, b"", Outcome.ALREADY_THERE),
    ],
)
def test_each_way_to_take_a_badge_is_understood(
    kind: Kind, request_: str, status: int, body: Any, expected: Outcome
) -> None:
    done = backpack(kind, Scripted({request_: [(status, body)]})).deliver(BADGE, again=False)
    assert done.outcome == expected


def failure(code: str, text: str = "no thanks") -> dict[str, Any]:
    fields = [
        {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": code},
    ]
    return {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": text,
        "imsx_CodeMinor": {"imsx_codeMinorField": fields},
    }


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, failure("invalid_data"), Reason.OTHER),
        (200, failure("invalid_data"), Reason.OTHER),
        (403, failure("forbidden"), Reason.FORBIDDEN),
        (403, PAGE, Reason.FORBIDDEN),
    ],
)
def test_a_host_of_version_3_refuses_in_its_own_words(
    status: int, body: Any, reason: Reason
) -> None:
    calls = Scripted({"POST /credentials": [(status, body)]})
    done = backpack(Kind.OB3, calls).deliver(BADGE, again=False)
    assert (done.outcome, done.reason) == (Outcome.REFUSED, reason)
    assert done.answer == ("" if body is PAGE else "no thanks")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, failure("unauthorizedrequest"), BackpackLoginError),
        (404, failure("not_found"), BackpackBrokenError),
        (405, failure("not_allowed"), BackpackBrokenError),
        (500, failure("internal_server_error"), BackpackBrokenError),
        (500, failure("server_busy"), BackpackAwayError),
        (400, failure("serverbusy"), BackpackAwayError),
    ],
)
def test_a_host_of_version_3_in_trouble_refuses_no_badge(
    status: int, body: Any, error: type[AccoladesError]
) -> None:
    calls = Scripted({"POST /credentials": [(status, body)]})
    with pytest.raises(error):
        backpack(Kind.OB3, calls).deliver(BADGE, again=False)


@pytest.mark.parametrize(
    ("verified", "reason"), [(True, Reason.FORBIDDEN), (False, Reason.ACCOUNT)]
)
def test_badgr_says_one_thing_of_a_missing_right_and_of_a_missing_address(
    verified: bool, reason: Reason
) -> None:
    calls = Scripted(
        {
            "POST /v2/backpack/import": [(404, CLOSED)],
            "GET /v2/backpack/assertions": [(404, CLOSED)],
            "GET /v2/users/self": [(200, emails(verified=verified))],
        }
    )
    there = backpack(Kind.BADGR, calls)
    assert there.deliver(BADGE, again=False).reason is reason
    words = "does not open" if verified else "no confirmed address"
    with pytest.raises(BackpackLoginError, match=words):
        there.account()


def test_where_there_is_no_badgr_nothing_is_connected() -> None:
    calls = Scripted({"GET /v2/users/self": [(200, PAGE)]})
    with pytest.raises(BackpackBrokenError, match="as no Badgr does"):
        backpack(Kind.BADGR, calls).account()


def test_a_badgr_of_before_version_2_is_read_written_and_cleared() -> None:
    listed = [{"id": "e1", "json": {"id": ID}}]
    calls = Scripted(
        {
            "GET /v1/earner/badges": [(200, listed)],
            "POST /v1/earner/badges": [(201, {"id": "e1", "pending": True})],
            "DELETE /v1/earner/badges/e1": [(204, b"")],
        }
    )
    there = backpack(Kind.BADGR, calls)
    assert there.account().addresses == ()
    done = there.deliver(BADGE, again=False)
    assert (done.outcome, done.remote_id, done.reason) == (Outcome.SENT, "e1", Reason.PENDING)
    assert there.withdraw("", ID).outcome is Outcome.WITHDRAWN
    assert calls.asked[-1] == "DELETE /v1/earner/badges/e1"


@pytest.mark.parametrize("is_there", [True, False])
def test_what_badgr_will_not_remove_is_not_called_withdrawn(is_there: bool) -> None:
    """It answers 404 for a badge that is gone, and to a token that may not remove it."""
    kept = [{"entityId": "e1", "openBadgeId": ID}] if is_there else []
    calls = Scripted(
        {
            "DELETE /v2/backpack/assertions/e1": [(404, CLOSED)],
            "GET /v2/backpack/assertions": [(200, {"result": kept})],
        }
    )
    done = backpack(Kind.BADGR, calls).withdraw("e1", ID)
    assert done.outcome is (Outcome.REFUSED if is_there else Outcome.WITHDRAWN)


def test_an_account_without_a_confirmed_address_is_no_token_that_ended() -> None:
    """Badgr's Badge Connect answers it with 401."""
    calls = Scripted({"POST /assertions": [(401, DENIED)], "GET /profile": [(401, DENIED)]})
    there = backpack(Kind.BADGE_CONNECT, calls)
    assert there.deliver(BADGE, again=False).reason is Reason.ACCOUNT
    with pytest.raises(BackpackLoginError, match="no confirmed address"):
        there.account()


def page(*ids: str) -> tuple[int, Any]:
    return 200, {"assertions": [{"id": each} for each in ids]}


def test_a_long_list_of_badges_is_read_to_its_end() -> None:
    """A host gives as few at a time as it likes."""
    others = [f"https://other.example/{number}" for number in range(3)]
    calls = Scripted({"GET /assertions": [page(*others), page(*others), page(ID)]})
    done = backpack(Kind.BADGE_CONNECT, calls).deliver(BADGE, again=True)
    assert done.outcome is Outcome.SENT
    assert calls.asked[-1] == "GET /assertions?limit=50&offset=6"


def test_a_badge_that_is_in_no_list_is_handed_in_again() -> None:
    calls = Scripted(
        {
            "GET /assertions": [page("https://other.example/1"), page()],
            "POST /assertions": [(200, {"status": {"statusCode": 200}})],
        }
    )
    backpack(Kind.BADGE_CONNECT, calls).deliver(BADGE, again=True)
    assert calls.asked[-1] == "POST /assertions"


@pytest.mark.parametrize(
    ("answer", "pace", "error"),
    [
        (page("https://other.example/1"), 10.0, BackpackAwayError),
        (page("https://other.example/1"), 0.0, BackpackAwayError),
        ((200, PAGE), 0.0, BackpackBrokenError),
        ((200, {"status": {}}), 0.0, BackpackBrokenError),
    ],
    ids=["slow", "endless", "page", "no-list"],
)
def test_a_list_that_nobody_can_read_lets_no_badge_be_doubled(
    answer: tuple[int, Any], pace: float, error: type[AccoladesError]
) -> None:
    calls = Scripted({"GET /assertions": [answer]}, pace=pace)
    with pytest.raises(error):
        backpack(Kind.BADGE_CONNECT, calls).deliver(BADGE, again=True)
    assert not any(each.startswith("POST") for each in calls.asked)
    assert calls.now <= LIST_SECONDS + 2 * pace


def test_a_badge_is_taken_back_by_nobody_who_has_it_not() -> None:
    calls = Scripted({"GET /assertions": [page()]})
    there = backpack(Kind.BADGE_CONNECT, calls)
    assert there.withdraw("", ID).outcome is Outcome.WITHDRAWN
    calls.answers["GET /assertions"] = [page(ID)]
    assert there.withdraw("", ID).outcome is Outcome.REFUSED


HOST = Host(
    kind=Kind.BADGE_CONNECT,
    base_url="https://host.example",
    name="",
    api="https://host.example",
    registration_url="",
    authorization_url="",
    token_url="https://host.example/token",  # noqa: S106 (no secret)
    refresh_url="",
    scopes=(),
)
CLIENT = oauth.Client("id", "secret", "client_secret_basic", "")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant"}, BackpackLoginError),
        (401, {"error": "invalid_client"}, BackpackLoginError),
        (403, {"error": "access_denied"}, BackpackLoginError),
        (200, {"error": "bad_refresh_token"}, BackpackLoginError),
        (500, PAGE, BackpackBrokenError),
        (500, {"error": "server_error"}, BackpackBrokenError),
        (403, PAGE, BackpackBrokenError),
        (404, PAGE, BackpackBrokenError),
        (200, PAGE, BackpackBrokenError),
        (200, {}, BackpackUnfitError),
    ],
)
def test_a_host_that_breaks_over_a_renewal_ends_no_access(
    status: int, body: Any, error: type[AccoladesError]
) -> None:
    calls = cast("Calls", Scripted({"POST /token": [(status, body)]}))
    with pytest.raises(error):
        oauth.refreshed(calls, HOST, CLIENT, Tokens("old", "renewal"), NOW)


def test_a_badgr_without_the_usual_application_renews_as_it_let_us_in() -> None:
    unknown, known = (400, {"error": "invalid client_id"}), (200, {"access_token": "a"})
    calls = Scripted({"POST /o/token": [unknown, known, unknown, known]})
    there, base_url = cast("Calls", calls), "https://host.example"
    tokens = badgr.log_in(there, base_url, "asha", "pass", NOW)
    assert badgr.refreshed(there, base_url, tokens, NOW).access == "a"


def test_the_name_and_secret_of_a_client_may_hold_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6749, 2.3.1: both are encoded before they are joined."""
    sent: dict[str, str] = {}

    def exchange(_calls: Calls, _method: str, _url: str, headers: dict[str, str], _: bytes) -> None:
        sent.update(headers)

    monkeypatch.setattr(Calls, "_exchange", exchange)
    Calls().ask("POST", "https://host.example/token", basic=("a:b", "c+/ %"), form={})
    assert sent["Authorization"] == "Basic YSUzQWI6YyUyQiUyRislMjU="


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("duplicate-finder", Reason.FETCH),
        ("signature-art", Reason.FETCH),
    ],
)
def test_the_name_of_a_badge_is_no_sign_of_anything(name: str, reason: Reason) -> None:
    url = f"https://badges.example.org/badges/{name}"
    said = ["FETCH_HTTP_NODE", "Unable to reach URL", "FETCH_HTTP_NODE", "ERROR", "False", url]
    calls = Scripted({"POST /v2/backpack/import": [(400, {"validationErrors": said})]})
    done = backpack(Kind.BADGR, calls).deliver(BADGE, again=False)
    assert (done.outcome, done.reason) == (Outcome.REFUSED, reason)


@pytest.mark.parametrize(
    ("emails_", "known"),
    [
        ([{"email": "asha@example.org"}], "asha@example.org"),
        ([{"email": "Asha@Example.org", "caseVariants": ["asha@example.org"]}], "asha@example.org"),
        ([{"email": "Asha@Example.org", "caseVariants": []}], "Asha@Example.org"),
        ([{"email": "Asha@Example.org", "caseVariants": None}], "Asha@Example.org"),
    ],
)
def test_badgr_knows_an_address_only_by_the_spellings_that_it_was_given(
    emails_: list[dict[str, Any]], known: str
) -> None:
    calls = Scripted(
        {
            "GET /v2/users/self": [(200, {"result": [{"emails": emails_}]})],
            "GET /v2/backpack/assertions": [(200, {"result": []})],
        }
    )
    assert backpack(Kind.BADGR, calls).account().addresses == (known,)


@pytest.mark.parametrize(
    "status",
    [
        {"statusCode": "400", "statusText": "INVALID_BADGE"},
        {"statusCode": 200, "statusText": "INVALID_BADGE", "error": "The badge is broken."},
        {"statusCode": 400, "statusText": "INVALID_BADGE", "error": ["The badge is broken."]},
    ],
)
def test_a_refusal_inside_a_good_answer_is_one(status: dict[str, Any]) -> None:
    calls = Scripted({"POST /assertions": [(200, {"status": status})]})
    done = backpack(Kind.BADGE_CONNECT, calls).deliver(BADGE, again=False)
    assert (done.outcome, done.reason) == (Outcome.REFUSED, Reason.INVALID)


@pytest.mark.parametrize(
    ("status", "is_unsure"), [(408, True), (425, False), (429, False), (502, True), (504, True)]
)
def test_who_may_have_handed_a_badge_on_before_it_failed_is_asked_again_first(
    monkeypatch: pytest.MonkeyPatch, status: int, is_unsure: bool
) -> None:
    answer = Answer(status, {"retry-after": "5"})
    monkeypatch.setattr(calls_module, "exchange", lambda *_, **__: answer)
    calls = Calls(resolve=lambda *_, **__: [(2, 1, 6, "", ("93.184.215.14", 443))])
    with pytest.raises(BackpackAwayError) as raised:
        calls.ask("POST", "https://host.example/")
    assert (raised.value.is_unsure, raised.value.seconds) == (is_unsure, 5.0)
