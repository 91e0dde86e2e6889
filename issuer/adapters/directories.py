# SPDX-License-Identifier: AGPL-3.0-or-later
"""The accounts of a site as its settings say: every name, or those of a directory that is asked."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Protocol

from issuer.adapters.accounts import OpenAccounts
from issuer.adapters.fasjson import FasJson, kerberos
from issuer.adapters.remembering import Memory
from issuer.errors import ConfigurationError
from rules.recipients import is_username

if TYPE_CHECKING:
    from issuer.adapters.remembering import Lookups
    from issuer.config import Settings

MATRIX_ID = re.compile(r"@(?P<name>[^@:/*\s]+):(?P<server>[^@:/*\s]+(:[0-9]+)?)")
#: An address as messages carry it; what else a mail system might take is nobody's here.
ADDRESS = re.compile(r"[^@*\s\x00-\x1f\x7f]+@[A-Za-z0-9.-]+")
#: Where a nick without a scheme may be at home, in the order in which it is looked for.
SCHEMES = ("matrix:/", "irc:/")


class Directory(Protocol):
    """What is asked over a network; raises `AccountsAwayError` and `AccountUnclearError`."""

    def username(self, username: str, *, hasty: bool = False) -> str | None:
        """Return how the directory writes a user name; None: there is no such account."""
        ...

    def search(self, term: str, value: str, *, hasty: bool = False) -> str | None:
        """Return the account with such a value; None: nobody's."""
        ...


class DirectoryAccounts(OpenAccounts):
    """The accounts of a directory, each answer kept for a while.

    Methods that have to ask raise what the directory raises. OpenID, package sources and Kerberos
    say the account themselves.
    """

    def __init__(
        self,
        directory: Directory,
        memory: Memory,
        *,
        email_domain: str = "fedoraproject.org",
        openid_host: str = "id.fedoraproject.org",
        distgit_host: str = "src.fedoraproject.org",
    ) -> None:
        super().__init__(
            email_domain=email_domain, openid_host=openid_host, distgit_host=distgit_host
        )
        self._directory = directory
        self._memory = memory

    @property
    def lookups(self) -> Lookups:
        """What became of questions, and whether the directory answers now."""
        return self._memory.lookups

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name, in capitals or without."""
        if not is_username(username):
            return False
        ask = partial(self._directory.username, username.lower())
        return self._memory.answer("exists", username.lower(), ask) is not None

    def nick(self, nick: str) -> str | None:
        """Account of a chat nick: as it is with a scheme, else on Matrix or IRC."""
        if ":/" in nick:
            return self._search("ircnick__exact", nick)
        if match := MATRIX_ID.fullmatch(nick):
            return self._search("ircnick__exact", f"matrix://{match['server']}/{match['name']}")
        found = (self._search("ircnick__exact", scheme + nick) for scheme in SCHEMES)
        return next(filter(None, found), None)

    def email(self, address: str) -> str | None:
        """Account of an e-mail address: at our own domain what it says, else whose it is."""
        own = super().email(address)
        if own is not None or not ADDRESS.fullmatch(address):
            return own
        return self._search("email", address.lower())

    def github(self, url: str) -> str | None:
        """Account of a GitHub user, by the address of the user."""
        match = self._github.fullmatch(url)
        return self._search("github_username__exact", match[1]) if match else None

    def _search(self, term: str, value: str) -> str | None:
        return self._memory.answer(term, value, partial(self._directory.search, term, value))


def accounts_of(settings: Settings) -> OpenAccounts:
    """Return the accounts of a site; nothing is asked yet.

    Raises `ConfigurationError` when what the settings ask for is not installed.
    """
    hosts = {
        "email_domain": settings.email_domain,
        "openid_host": settings.openid_host,
        "distgit_host": settings.distgit_host,
    }
    if settings.accounts == "open":
        return OpenAccounts(**hosts)
    memory = Memory(
        seconds=settings.accounts_cache_seconds,
        missing_seconds=settings.accounts_missing_seconds,
    )
    return DirectoryAccounts(directory_of(settings), memory, **hosts)


def directory_of(settings: Settings) -> FasJson:
    """Return the directory of a site, for what is asked of no other; nothing is asked yet.

    Raises `ConfigurationError` where the site has none, or what it needs is not installed.
    """
    if settings.accounts != "fasjson":
        raise ConfigurationError(
            ["accounts: this needs a directory of accounts: set it to fasjson, and fasjson_url"]
        )
    auth = kerberos() if settings.fasjson_auth == "kerberos" else None
    return FasJson(settings.fasjson_url, auth=auth)
