# SPDX-License-Identifier: AGPL-3.0-or-later
"""The configuration: a TOML file, overridden by the environment, checked as a whole."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from issuer.adapters.keystores.environment import VARIABLE, mistake_in
from issuer.errors import ConfigurationError
from issuer.jobsettings import JobSettings
from issuer.keysettings import KeySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "ACCOLADES_"
#: Names of the environment that are not settings: where to look, and what only tests read.
NOT_SETTINGS = {"ACCOLADES_CONFIG", "ACCOLADES_SHARED"}
NOT_SETTINGS_PREFIX = "ACCOLADES_TEST_"
#: Settings that may be given as the path of a file that holds them.
SECRETS = (
    "secret_key",
    "backpack_keys",
    "broker_url",
    "oidc_client_secret",
    "key_passphrase",
    "key_passphrase_former",
    "pkcs11_pin",
    "history_url",
    "mail_password",
)
LISTS = (
    "skip_users",
    "rules",
    "admin_groups",
    "manager_groups",
    "reviewer_groups",
    "oidc_scopes",
    "author_repositories",
    "key_stores",
)
#: Settings that are tables; in the environment `name=value`, separated by commas.
TABLES = (
    "lifecycle_badges",
    "group_badges",
    "grant_lists",
    "anniversary_badges",
    "streak_badges",
)
FILE_LIMIT = 1 << 20
#: Scheme, host and port and nothing else: it becomes the beginning of every id.
ORIGIN = re.compile(
    r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
HOST = r"^[a-z0-9.-]+(:[0-9]{1,5})?$"
#: The same, and a path.
DIRECTORY = re.compile(
    rf"(?!.*/\.\.?(/|$)){ORIGIN.pattern}((?<=/)[A-Za-z0-9._/-]+)?", re.IGNORECASE
)

#: A broker of AMQP; behind a question mark stand files for an encrypted connection.
BROKER = re.compile(r"amqps?://[^\s/?#]+(/[^\s/?#]*)?(\?[a-z]+=[^\s&#]+(&[a-z]+=[^\s&#]+)*)?")

WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?", re.IGNORECASE)

AVATARS = r"^(https?://[!-~]+)?$"


#: What a site says of itself until somebody words it better; pages say it in every language.
CLAIM = "Badges for what people do"


class Settings(JobSettings, KeySettings):
    """All settings of a site; each may be given in the file or as ``ACCOLADES_<NAME>``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Path("var")
    database_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str = ""
    backpack_keys: str = ""  # comma-separated: the first seals, all of them open
    allow_loopback: bool = False
    allow_http: bool = False
    broker_url: str = ""
    cache_url: str = ""
    trusted_proxies: int = Field(default=0, ge=0, le=10)

    site_name: str = "Accolades"
    site_claim: str = CLAIM
    issuer_slug: str = Field(default="accolades", pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    issuer_name: str = "Accolades"
    issuer_url: str = ""
    issuer_email: str = Field(default="badges@example.org", pattern=r"^[^@\s]+@[^@\s]+$")
    issuer_description: str = "An open community thanks those who make it."
    email_domain: str = Field(default="fedoraproject.org", pattern=r"^[a-z0-9.-]+$")

    accounts: Literal["open", "fasjson"] = "open"
    fasjson_url: str = Field(default="", validate_default=True)
    fasjson_auth: Literal["kerberos", "none"] = "kerberos"
    accounts_cache_seconds: int = Field(default=3600, ge=1, le=7 * 86400)
    accounts_missing_seconds: int = Field(default=300, ge=1, le=86400)
    openid_host: str = Field(default="id.fedoraproject.org", pattern=HOST)
    distgit_host: str = Field(default="src.fedoraproject.org", pattern=HOST)

    rules: tuple[Path, ...] = ()  # folders beside the bundled collection
    bundled_rules: bool = True
    skip_users: tuple[str, ...] = ("apache", "bodhi", "koji", "oscar", "packit", "pagure", "zodbot")
    require_schemas: bool = True  # messages of unknown classes are put aside
    send_outbox: bool = True  # by consumers, too
    outbox_keep_days: int = Field(default=30, ge=0, le=3650)  # what was sent; 0: for ever
    message_url: str = ""  # with {id}: where people read a message of the bus

    history: Literal["archive", "datanommer", "datagrepper"] = "archive"
    history_url: str = Field(default="", validate_default=True)
    history_until: AwareDatetime | None = None  # what was sent later is our archive's

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_scopes: tuple[str, ...] = ("openid", "profile", "email")
    admin_groups: tuple[str, ...] = ("sysadmin-main", "sysadmin-badges")
    manager_groups: tuple[str, ...] = ()  # each a group, or `issuer:group`
    reviewer_groups: tuple[str, ...] = ()
    rights_minutes: int = Field(default=60, ge=2, le=480)  # how long a login's groups are believed
    idle_minutes: int = Field(default=120, ge=5, le=480)  # so long nobody uses a login that ends
    demo: bool = False

    mail_host: str = ""
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_user: str = ""
    mail_password: str = ""
    mail_from: str = Field(default="", pattern=r"^([^@\s]+@[^@\s]+)?$")

    avatar_url: str = Field(default="https://seccdn.libravatar.org/avatar", pattern=AVATARS)
    erasure: Literal["anonymise", "revoke"] = "anonymise"
    font_folder: Path | None = None  # of certificates, beside the fonts that are shipped

    @field_validator("base_url")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        match = ORIGIN.fullmatch(value)
        if match is None or int(match["port"] or 1) not in range(1, 65536):
            raise ValueError("must be an origin like https://badges.example.org")
        return value.rstrip("/").lower()

    @field_validator("fasjson_url")
    @classmethod
    def _a_directory(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("accounts") == "fasjson":
            raise ValueError("is needed where accounts is fasjson")
        if value and not DIRECTORY.fullmatch(value):
            raise ValueError("must be like https://fasjson.example.org/")
        return value

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, value: str) -> str:
        try:
            kind = make_url(value).get_backend_name() if value else "sqlite"
        except (ArgumentError, ValueError):
            kind = ""
        if kind not in {"sqlite", "postgresql"}:
            raise ValueError(
                "must be like postgresql://user@host/name or sqlite:////path/of/file: "
                "check ACCOLADES_DATABASE_URL"
            )
        return value

    @field_validator("broker_url")
    @classmethod
    def _a_broker(cls, value: str) -> str:
        if value and not BROKER.fullmatch(value):
            raise ValueError(
                "must be like amqp://user:password@host/vhost: check ACCOLADES_BROKER_URL"
            )
        if value and find_spec("celery") is None:
            raise ValueError("needs Celery: install the extra `worker`, or remove the setting")
        return value

    @field_validator("history_url")
    @classmethod
    def _of_that_history(cls, value: str, info: ValidationInfo) -> str:
        history = info.data.get("history")
        if history == "datanommer":
            try:
                kind = make_url(value).get_backend_name()
            except (ArgumentError, ValueError):
                kind = ""
            if kind != "postgresql":
                raise ValueError(
                    "must be the database of datanommer, like postgresql://reader@host/messages: "
                    "check ACCOLADES_HISTORY_URL"
                )
        if history == "datagrepper" and not WEB_ADDRESS.fullmatch(value):
            raise ValueError(
                "must be the address of datagrepper, like https://apps.example.org/datagrepper: "
                "check ACCOLADES_HISTORY_URL"
            )
        return value

    @property
    def database(self) -> str:
        """The address of the database; by default SQLite in the home folder."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'accolades.sqlite'}"

    @property
    def objects(self) -> Path:
        """The folder of pictures."""
        return self.home / "objects"

    @property
    def keys(self) -> Path:
        """The folder of private keys."""
        return self.home / "keys"

    @property
    def is_public(self) -> bool:
        """Whether the site is meant for everybody, and not for trying it."""
        return self.base_url.startswith("https://")

    @property
    def issuer_home_page(self) -> str:
        """The address where people read about the issuer."""
        return self.issuer_url or self.base_url


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raise `ConfigurationError` with every mistake at once."""
    environ = os.environ if environ is None else environ
    mistakes: list[str] = []
    values = _from_file(environ, mistakes)
    from_environment = _from_environment(environ, mistakes)
    for name in SECRETS:
        if name in from_environment or f"{name}_file" in from_environment:
            values.pop(name, None)
            values.pop(f"{name}_file", None)
    values.update(from_environment)
    for name in SECRETS:
        _read_secret(name, values, mistakes)
    mistakes += _mistakes_in_keys(environ, values)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(mistakes + [_explain(item) for item in error.errors()]) from error
    if mistakes:
        raise ConfigurationError(mistakes)
    return settings


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Return the file that is read: the one named by ACCOLADES_CONFIG, else the home folder's."""
    if named := environ.get("ACCOLADES_CONFIG"):
        return Path(named)
    usual = Path(environ.get("ACCOLADES_HOME") or "var") / "accolades.toml"
    return usual if usual.is_file() else None


def _from_file(environ: Mapping[str, str], mistakes: list[str]) -> dict[str, Any]:
    path = config_path(environ)
    if path is None:
        return {}
    try:
        if path.stat().st_size > FILE_LIMIT:
            mistakes.append(f"{path}: larger than {FILE_LIMIT} bytes: not a configuration file")
            return {}
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        mistakes.append(f"{path}: cannot be read: {error.strerror}: check ACCOLADES_CONFIG")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(f"{path}: not TOML: {error}")
    return {}


def _from_environment(environ: Mapping[str, str], mistakes: list[str]) -> dict[str, Any]:
    known = set(Settings.model_fields) | {f"{name}_file" for name in SECRETS}
    values: dict[str, Any] = {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable.startswith(NOT_SETTINGS_PREFIX) or not value or VARIABLE.fullmatch(variable):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in known:
            mistakes.append(f"{variable}: no such setting: remove it or correct its name")
        elif name in LISTS:
            values[name] = [part.strip() for part in value.split(",") if part.strip()]
        elif name in TABLES:
            values[name] = _table(variable, value, mistakes)
        else:
            values[name] = value
    return values


def _mistakes_in_keys(environ: Mapping[str, str], values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with private keys in the environment; they are not settings."""
    keys = {name: value for name, value in environ.items() if VARIABLE.fullmatch(name) and value}
    stores = values.get("key_stores")
    if keys and not (isinstance(stores, list) and "environment" in stores):
        return [f"{name}: is not used: add environment to key_stores" for name in sorted(keys)]
    return [said for name in sorted(keys) if (said := mistake_in(name, keys[name]))]


def _table(variable: str, value: str, mistakes: list[str]) -> dict[str, str]:
    """Return a table as the environment writes it; `-` stands for an empty one."""
    found = {}
    for part in value.split(",") if value.strip() != "-" else ():
        name, sign, meaning = part.partition("=")
        if not sign:
            mistakes.append(f"{variable}: {part.strip()!r:.80}: must be like name=value")
            continue
        found[name.strip()] = meaning.strip()
    return found


def _read_secret(name: str, values: dict[str, Any], mistakes: list[str]) -> None:
    path = values.pop(f"{name}_file", None)
    if path is None:
        return
    try:
        if Path(str(path)).stat().st_size > FILE_LIMIT:
            mistakes.append(f"{name}_file: {path}: larger than {FILE_LIMIT} bytes")
            return
        values[name] = Path(str(path)).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        mistakes.append(f"{name}_file: {path}: cannot be read: {reason}")
    else:
        if not values[name]:
            mistakes.append(f"{name}_file: {path}: is empty")


def _explain(item: Any) -> str:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{name}: no such setting: remove it or correct its name"
    said = f"{name}: {item['msg'].removeprefix('Value error, ')}"
    # An address may hold a password.
    secret = name in {*SECRETS, "database_url", "fasjson_url", "history_url"}
    return said if secret else f"{said}, got {item['input']!r:.80}"
