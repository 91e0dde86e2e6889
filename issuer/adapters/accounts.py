# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has an account, and whose nick, address or foreign account a name is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from issuer.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = r"([A-Za-z0-9][A-Za-z0-9._-]*)"
MAX_BYTES = 16 << 20


class OpenAccounts:
    """No directory: every name is an account, and conversions read what the text itself says."""

    def __init__(
        self,
        *,
        email_domain: str = "fedoraproject.org",
        openid_host: str = "id.fedoraproject.org",
        distgit_host: str = "src.fedoraproject.org",
    ) -> None:
        self._email_domain = email_domain.lower()
        self._openid = re.compile(rf"https?://{ACCOUNT}\.{re.escape(openid_host)}")
        self._distgit = re.compile(rf"https?://{re.escape(distgit_host)}/user/{ACCOUNT}")
        self._github = re.compile(rf"https?://api\.github\.com/users/{ACCOUNT}")

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name."""
        return True

    def nick(self, nick: str) -> str | None:
        """Account of a chat nick."""
        return nick

    def email(self, address: str) -> str | None:
        """Account of an e-mail address: known only at our own domain."""
        local, _, domain = address.rpartition("@")
        return local or None if domain.lower() == self._email_domain else None

    def openid(self, url: str) -> str | None:
        """Account of an OpenID; a text that is none is taken for the account."""
        match = self._openid.fullmatch(url)
        return match[1] if match else url

    def github(self, url: str) -> str | None:
        """Account of a GitHub user: nobody, without a directory that knows."""
        return None

    def distgit(self, url: str) -> str | None:
        """Account of a package sources page; a text that is none is taken for the account."""
        match = self._distgit.fullmatch(url)
        return match[1] if match else url

    def kerberos(self, principal: str) -> str | None:
        """Account of a Kerberos principal."""
        return principal.partition("/")[0].partition("@")[0]


class ListedAccounts(OpenAccounts):
    """A directory from a file of settings: who exists, and which names are whose."""

    def __init__(self, settings: dict[str, Any]) -> None:
        config = settings.get("config", {})
        super().__init__(
            email_domain=config.get("email_domain", "fedoraproject.org"),
            openid_host=config.get("id_provider_hostname", "id.fedoraproject.org"),
            distgit_host=config.get("distgit_hostname", "src.fedoraproject.org"),
        )
        self.skip_users: tuple[str, ...] = tuple(config.get("skip_users", ()))
        self.opted_out = {name.lower() for name in settings.get("opted_out", ())}
        self._missing = {name.lower() for name in settings.get("fas_missing", ())}
        self._pattern = re.compile(settings.get("fas_username_regex") or ".*")
        self._nicks: dict[str, str] = settings.get("nick_map", {})
        self._unknown_nicks = set(settings.get("nick_unknown", ()))
        self._emails: dict[str, str] = settings.get("email_map", {})
        self._domains = set(settings.get("email_domains_known", ()))
        self._githubs: dict[str, str] = settings.get("github_map", {})
        self._unknown_githubs = set(settings.get("github_unknown", ()))

    @classmethod
    def read(cls, path: Path) -> ListedAccounts:
        """Read the file; raise `InvalidInputError` when it is not one."""
        try:
            if path.stat().st_size > MAX_BYTES:
                raise InvalidInputError(f"{path}: larger than {MAX_BYTES} bytes")
            settings = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise InvalidInputError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(f"{path}: not JSON: {error}") from error
        if not isinstance(settings, dict):
            raise InvalidInputError(f"{path}: needs a JSON object")
        try:
            return cls(settings)
        except (AttributeError, TypeError, re.error) as error:
            raise InvalidInputError(f"{path}: not a file of settings: {error}") from error

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name."""
        return username.lower() not in self._missing and bool(self._pattern.fullmatch(username))

    def nick(self, nick: str) -> str | None:
        """Account of a chat nick: listed, or the same."""
        return None if nick in self._unknown_nicks else self._nicks.get(nick, nick)

    def email(self, address: str) -> str | None:
        """Account of an e-mail address: listed, or of a domain where people are known."""
        local, _, domain = address.rpartition("@")
        known = local if domain in self._domains else super().email(address)
        return self._emails.get(address, known)

    def github(self, url: str) -> str | None:
        """Account of a GitHub user: listed, or the same."""
        match = self._github.fullmatch(url)
        if match is None or match[1] in self._unknown_githubs:
            return None
        return self._githubs.get(match[1], match[1])
