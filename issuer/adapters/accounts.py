# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has an account, and whose nick, address or foreign account a name is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

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


class _Config(BaseModel):
    email_domain: str = "fedoraproject.org"
    id_provider_hostname: str = "id.fedoraproject.org"
    distgit_hostname: str = "src.fedoraproject.org"
    skip_users: list[str] = []


class Directory(BaseModel):
    """What a file of settings says about people; unknown members are left alone."""

    config: _Config = _Config()
    opted_out: list[str] = []
    fas_missing: list[str] = []
    fas_username_regex: re.Pattern[str] = re.compile(".*")
    nick_map: dict[str, str] = {}
    nick_unknown: list[str] = []
    email_map: dict[str, str] = {}
    email_domains_known: list[str] = []
    github_map: dict[str, str] = {}
    github_unknown: list[str] = []


class ListedAccounts(OpenAccounts):
    """A directory from a file of settings: who exists, and which names are whose."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Read the settings; raise `ValidationError` when they are of another kind."""
        self._directory = listed = Directory.model_validate(settings)
        super().__init__(
            email_domain=listed.config.email_domain,
            openid_host=listed.config.id_provider_hostname,
            distgit_host=listed.config.distgit_hostname,
        )
        self.skip_users = tuple(listed.config.skip_users)
        self.opted_out = {name.lower() for name in listed.opted_out}
        self._missing = {name.lower() for name in listed.fas_missing}

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
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InvalidInputError(
                f"{path}: not a file of settings: {where}: {first['msg']}"
            ) from error

    def exists(self, username: str) -> bool:
        """Whether there is an account of that name."""
        return username.lower() not in self._missing and bool(
            self._directory.fas_username_regex.fullmatch(username)
        )

    def nick(self, nick: str) -> str | None:
        """Account of a chat nick: listed, or the same."""
        listed = self._directory
        return None if nick in listed.nick_unknown else listed.nick_map.get(nick, nick)

    def email(self, address: str) -> str | None:
        """Account of an e-mail address: listed, or of a domain where people are known."""
        local, _, domain = address.rpartition("@")
        listed = self._directory
        known = local if domain in listed.email_domains_known else super().email(address)
        return listed.email_map.get(address, known)

    def github(self, url: str) -> str | None:
        """Account of a GitHub user: listed, or the same."""
        match = self._github.fullmatch(url)
        listed = self._directory
        if match is None or match[1] in listed.github_unknown:
            return None
        return listed.github_map.get(match[1], match[1])
