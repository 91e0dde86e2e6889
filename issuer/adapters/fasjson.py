# SPDX-License-Identifier: AGPL-3.0-or-later
"""FASJSON, the community's directory of accounts, asked over HTTP.

Its own client needs the headers of Kerberos to be installed, describes itself to us at every start
and knows no time limit; the few questions that we have are plain requests.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from issuer.errors import (
    AccountsAwayError,
    AccountUnclearError,
    ConfigurationError,
    NotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Seconds to connect, and between two pieces of an answer.
TIMEOUT = (3.05, 5.0)
#: Seconds for the body of an answer, however many pieces it comes in.
BODY_SECONDS = 10.0
#: Times that a question is asked again, at once and after a second, unless the answer can wait.
RETRIES = 2
BACK_OFF = 0.5
PASSING = (429, 500, 502, 503, 504)
MAX_BYTES = 4 << 20
CHUNK = 64 << 10
#: Members of a group that come at once, and in all.
PAGE = 500
MAX_PAGES = 2000
MAX_ACCOUNT_PAGES = 20_000
#: Times that a list is read again which changed while it was read.
READINGS = 3
#: Names that FASJSON takes in the path of a request; it says of all others that nobody has them.
IN_A_PATH = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,63}")
#: Nobody, asked to tell a directory that is away from a question that it cannot answer.
PROBE = "accolades-probe"


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One page of all accounts: names, and when each was made as the directory writes it.

    A name is empty where the directory gives none.
    """

    number: int
    total: int  # accounts on all pages
    accounts: tuple[tuple[str, object], ...]


class FasJson:
    """Asks one FASJSON; threads take turns.

    Its methods raise `AccountsAwayError` when it does not answer, or not as FASJSON does, and
    `AccountUnclearError` when it answers others but cannot answer this.
    """

    def __init__(
        self, url: str, *, auth: AuthBase | None = None, back_off: float = BACK_OFF
    ) -> None:
        self._root = f"{url.rstrip('/')}/v1/"
        self._patient = _session(auth, RETRIES, back_off)
        self._hasty = _session(auth, 0, back_off)
        self._turn = threading.Lock()

    def username(self, username: str, *, hasty: bool = False) -> str | None:
        """Return how the directory writes a user name; None: there is no such account."""
        if not IN_A_PATH.fullmatch(username):
            return self.search("username__exact", username, hasty=hasty)
        path = f"users/{username}/"
        answer = self._ask(path, {}, "username", hasty=hasty, nobody=username)
        return None if answer is None else _name(answer.get("result"), "username", path)

    def search(self, term: str, value: str, *, hasty: bool = False) -> str | None:
        """Return the account with such a value, the directory's first of several; None: nobody."""
        if "*" in value or not value.isprintable():
            return None  # an asterisk asks for everybody
        path = "search/users/"
        asked = {term: value, "page_size": "1"}
        answer = self._ask(path, asked, "username", hasty=hasty) or {}
        found = _list(answer, path)
        if not found:
            if _page(answer, path)["total_results"] != 0:
                raise AccountsAwayError(f"accounts: FASJSON tells only part of {path}")
            return None
        return _name(found[0], "username", path)

    def groups_of(self, username: str) -> tuple[str, ...]:
        """Return the groups of a user; raise `NotFoundError` when there is no such user."""
        self._ensure_named("user", username)
        return self._all(f"users/{username}/groups/", "groupname", username)

    def members_of(self, group: str) -> tuple[str, ...]:
        """Return the members of a group; raise `NotFoundError` when there is no such group."""
        self._ensure_named("group", group)
        return self._all(f"groups/{group}/members/", "username", group)

    def sponsors_of(self, group: str) -> tuple[str, ...]:
        """Return the sponsors of a group; raise `NotFoundError` when there is no such group."""
        self._ensure_named("group", group)
        path = f"groups/{group}/sponsors/"
        answer = self._ask(path, {}, "username", nobody=group)
        if answer is None:
            raise NotFoundError(f"accounts: FASJSON knows no group {group!r}")
        return tuple(dict.fromkeys(_names_in(answer, "username", path)))

    def accounts(self, *, first: int = 1) -> Iterator[AccountPage]:
        """Yield all accounts page by page, from a page on; only one is in memory.

        Accounts that come or go meanwhile move others to pages that were read or are read again.
        """
        path = "users/"
        for number in range(max(first, 1), MAX_ACCOUNT_PAGES + 1):
            asked = {"page_size": str(PAGE), "page_number": str(number)}
            answer = self._ask(path, asked, "username,creation") or {}
            page = _page(answer, path)
            found, names = _list(answer, path), _names_in(answer, "username", path)
            if not found and number < page["total_pages"]:
                raise AccountsAwayError(f"accounts: FASJSON tells only part of {path}")
            yield AccountPage(
                number,
                page["total_results"],
                tuple(
                    (name, each["creation"] if name and "creation" in each else None)
                    for name, each in zip(names, found, strict=True)
                ),
            )
            if number >= page["total_pages"]:
                return
        raise AccountsAwayError(f"accounts: FASJSON has more pages than are read of {path}")

    def _ensure_named(self, kind: str, name: str) -> None:
        if not IN_A_PATH.fullmatch(name):
            raise NotFoundError(f"accounts: {name[:80]!r} is no name of a {kind}")

    def _all(self, path: str, member: str, of: str) -> tuple[str, ...]:
        """Return a whole list, or nothing of it: part of it is no basis for an award.

        What has no name there is one that is empty.
        """
        former: list[str] = []
        for _ in range(READINGS):
            names, total = self._read(path, member, of)
            known = dict.fromkeys(names)
            number = len(known) + max(names.count("") - 1, 0)
            # A name that stands there twice may hide another, which moved to a page that was read;
            # one that still does in the same place is only written twice.
            if number == total or (names == former and len(names) == total):
                return tuple(known)
            former = names
        raise AccountsAwayError(f"accounts: FASJSON tells {number} of {total} from {path}")

    def _read(self, path: str, member: str, of: str) -> tuple[list[str], int]:
        names: list[str] = []
        for number in range(1, MAX_PAGES + 1):
            asked = {"page_size": str(PAGE), "page_number": str(number)}
            answer = self._ask(path, asked, member, nobody=of)
            if answer is None:
                raise NotFoundError(f"accounts: FASJSON knows no {of!r}")
            names += _names_in(answer, member, path)
            page = _page(answer, path)
            if number >= page["total_pages"]:
                return names, page["total_results"]
        raise AccountsAwayError(f"accounts: FASJSON has more pages than are read of {path}")

    def _ask(
        self,
        path: str,
        asked: Mapping[str, str],
        member: str,
        *,
        hasty: bool = False,
        nobody: str = "",
    ) -> dict[str, Any] | None:
        """Return an answer; None: FASJSON knows nothing of the name ``nobody``."""
        status, answer = self._get(path, asked, member, hasty=hasty)
        if status == requests.codes.ok and isinstance(answer, dict):
            return answer
        # Whatever stands in the way answers 404 too, but does not know what it was asked.
        if status == requests.codes.not_found and nobody and _names(answer, nobody):
            return None
        reason = f"accounts: FASJSON answers {path} with {status}"
        if status == requests.codes.bad_request or status >= requests.codes.server_error:
            self._ensure_it_is_not_the_question(path, reason)
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            reason += ": check the Kerberos ticket of this process"
        elif status < requests.codes.bad_request or status == requests.codes.not_found:
            reason += ", as FASJSON does not: check fasjson_url"
        raise AccountsAwayError(reason)

    def _ensure_it_is_not_the_question(self, path: str, reason: str) -> None:
        """Raise `AccountUnclearError` when the same is answered about somebody else."""
        if path.startswith("search/"):
            status, _ = self._get(path, {"username__exact": PROBE}, hasty=True)
            is_answered = status == requests.codes.ok
        else:
            status, answer = self._get(f"users/{PROBE}/", {}, hasty=True)
            is_answered = status == requests.codes.ok or _names(answer, PROBE)
        if is_answered:
            raise AccountUnclearError(f"{reason}, though it answers about others")

    def _get(
        self, path: str, asked: Mapping[str, str], member: str = "username", *, hasty: bool
    ) -> tuple[int, Any]:
        session = self._hasty if hasty else self._patient
        try:
            with (
                self._turn,
                session.get(
                    self._root + path,
                    params=asked,
                    headers={"X-Fields": member},  # and nothing that is private
                    timeout=TIMEOUT,
                    stream=True,
                    allow_redirects=False,  # a ticket is for nobody else
                ) as response,
            ):
                return response.status_code, _json(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            reason = type(error).__name__
            raise AccountsAwayError(
                f"accounts: FASJSON cannot be reached: {reason}: check fasjson_url"
            ) from error


def kerberos() -> AuthBase:
    """Return what shows the Kerberos ticket of this process.

    Raises `ConfigurationError` when the packages for it are not installed.
    """
    if find_spec("requests_gssapi") is None:
        raise ConfigurationError(
            [
                "fasjson_auth: Kerberos needs the extra 'fasjson': "
                "pip install 'fedora-accolades[fasjson]', or set it to none"
            ]
        )
    auth: AuthBase = import_module("requests_gssapi").HTTPSPNEGOAuth(opportunistic_auth=True)
    return auth


class _NoAuth(AuthBase):
    """Shows nothing, also no password from a file of the system."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave a request as it is."""
        return request


def _session(auth: AuthBase | None, retries: int, back_off: float) -> requests.Session:
    session = requests.Session()
    session.auth = auth or _NoAuth()
    session.headers.update(
        {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # what is packed has no bound
        }
    )
    again = Retry(
        total=retries,
        backoff_factor=back_off,
        status_forcelist=PASSING,
        raise_on_status=False,
        respect_retry_after_header=False,  # it may ask for an hour
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=again))
    return session


def _json(response: requests.Response) -> Any:
    """Return the JSON of an answer, None when it is none; raise `OSError` when it is endless."""
    text, end = bytearray(), time.monotonic() + BODY_SECONDS
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        text += chunk
        if len(text) > MAX_BYTES or time.monotonic() > end:
            raise TimeoutError(f"more than {MAX_BYTES} bytes or {BODY_SECONDS} seconds")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _names(answer: Any, name: str) -> bool:
    return isinstance(answer, dict) and name in answer.values()


def _list(answer: Mapping[str, Any], path: str) -> list[Any]:
    found = answer.get("result")
    if not isinstance(found, list):
        raise _strange(path)
    return found


def _page(answer: Mapping[str, Any], path: str) -> dict[str, int]:
    page = answer.get("page")
    wanted = ("total_results", "total_pages")
    if not isinstance(page, dict) or not all(isinstance(page.get(name), int) for name in wanted):
        raise _strange(path)
    return page


def _name(found: Any, member: str, path: str) -> str:
    name = found.get(member) if isinstance(found, dict) else None
    if not isinstance(name, str) or not name:
        raise _strange(path)
    return name


def _names_in(answer: Mapping[str, Any], member: str, path: str) -> list[str]:
    """Return the names of a list, empty where one is missing; something else has none at all."""
    found = _list(answer, path)
    names = [each.get(member) if isinstance(each, dict) else None for each in found]
    if names and not any(names):
        raise _strange(path)
    return [name if isinstance(name, str) else "" for name in names]


def _strange(path: str) -> AccountsAwayError:
    return AccountsAwayError(f"accounts: what answers {path} is no FASJSON: check fasjson_url")
