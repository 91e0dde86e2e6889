# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an app says of itself when it makes itself known (RFC 7591), read with limits."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from issuer.errors import InvalidInputError
from issuer.services import app_addresses, apps
from issuer.services.apps import Registration
from issuer.services.findings import UNPRINTABLE
from issuer.web.apps.server import CODE, METHODS, REFRESH
from openbadges.errors import MalformedError
from openbadges.serialization import loads_object

MAX_BODY = 16 * 1024
MAX_NAME, MAX_SCOPE = 100, 2000
Short = Annotated[str, Field(max_length=200)]
Address = Annotated[str, Field(max_length=app_addresses.MAX_ADDRESS)]
PAGES = ("client_uri", "logo_uri", "tos_uri", "policy_uri")


class RegistrationError(Exception):
    """An app that cannot be known by what it says; ``code`` is a word of RFC 7591, 3.2.2."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


class Said(BaseModel):
    """What an app says; what we do not know of is passed over, as the standard asks."""

    model_config = ConfigDict(extra="ignore", strict=True)

    redirect_uris: Annotated[list[Address], Field(min_length=1, max_length=5)]
    client_name: Annotated[str, Field(max_length=MAX_NAME)] = ""
    client_uri: Address = ""
    logo_uri: Address = ""
    tos_uri: Address = ""
    policy_uri: Address = ""
    software_id: Short = ""
    software_version: Short = ""
    token_endpoint_auth_method: str = METHODS[0]
    grant_types: Annotated[list[Short], Field(max_length=10)] = Field(
        default_factory=lambda: [CODE]
    )
    response_types: Annotated[list[Short], Field(max_length=10)] = Field(
        default_factory=lambda: ["code"]
    )
    scope: Annotated[str, Field(max_length=MAX_SCOPE)] = ""

    @field_validator("client_name", "software_id", "software_version")
    @classmethod
    def _seen(cls, value: str) -> str:
        if UNPRINTABLE.search(value):
            raise ValueError("must hold nothing that cannot be seen")
        return " ".join(value.split())

    @field_validator("token_endpoint_auth_method")
    @classmethod
    def _a_method(cls, value: str) -> str:
        if value not in METHODS:
            raise ValueError(f"must be one of {', '.join(METHODS)}")
        return value

    @field_validator("grant_types")
    @classmethod
    def _with_a_code(cls, value: list[str]) -> list[str]:
        if CODE not in value:
            raise ValueError(f"must hold {CODE}")
        return [each for each in (CODE, REFRESH) if each in value]

    @field_validator("response_types")
    @classmethod
    def _a_code(cls, value: list[str]) -> list[str]:
        if "code" not in value:
            raise ValueError("must hold code")
        return ["code"]


def read(body: bytes) -> Registration:
    """Return what an app says of itself; raise `RegistrationError`."""
    if len(body) > MAX_BODY:
        raise RegistrationError("invalid_client_metadata", f"more than {MAX_BODY} bytes")
    try:
        said = Said(**loads_object(body))
        for page in PAGES:
            if value := getattr(said, page):
                app_addresses.check_page(page, value)
    except ValidationError as error:
        raise RegistrationError(*_worst(error)) from error
    except (MalformedError, InvalidInputError, TypeError) as error:
        raise RegistrationError("invalid_client_metadata", str(error)) from error
    try:
        for uri in said.redirect_uris:
            app_addresses.check_redirect(uri)
    except InvalidInputError as error:
        raise RegistrationError("invalid_redirect_uri", str(error)) from error
    return _registration(said)


def answer(said: Registration) -> dict[str, Any]:
    """Return what is noted of an app, in the words of the standard."""
    return {
        "client_name": said.name,
        **said.about,
        "redirect_uris": list(said.redirect_uris),
        "token_endpoint_auth_method": said.auth_method,
        "grant_types": [CODE, REFRESH] if said.renews else [CODE],
        "response_types": ["code"],
        "scope": " ".join(said.scopes),
    }


def _registration(said: Said) -> Registration:
    asked = said.scope.split()
    scopes = tuple(scope for scope in apps.SCOPES if scope in asked or not asked)
    if not scopes:
        text = f"scope: must name at least one of {', '.join(apps.SCOPES)}"
        raise RegistrationError("invalid_client_metadata", text)
    about = {name: getattr(said, name) for name in (*PAGES, "software_id", "software_version")}
    return Registration(
        name=said.client_name or app_addresses.place(said.redirect_uris[0]),
        redirect_uris=tuple(said.redirect_uris),
        scopes=scopes,
        auth_method=said.token_endpoint_auth_method,
        renews=REFRESH in said.grant_types,
        about={name: value for name, value in about.items() if value},
    )


def _worst(error: ValidationError) -> tuple[str, str]:
    """Return the code and the text for what is wrong; what was sent is not sent back."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    where = ".".join(str(part) for part in found[0]["loc"])
    about = any(each["loc"][:1] == ("redirect_uris",) for each in found)
    code = "invalid_redirect_uri" if about else "invalid_client_metadata"
    return code, f"{where}: {found[0]['msg']}"[:300]
