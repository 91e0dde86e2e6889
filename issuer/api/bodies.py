# SPDX-License-Identifier: AGPL-3.0-or-later
"""What programs of members send: read strictly, and every mistake told with its place."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from flask import request
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from issuer.api.requests import InvalidRequestError, mistakes_of
from issuer.services import invitations, repeats, wishes
from issuer.services.checking import UNSEEN, web_address
from issuer.services.repeats import Once
from openbadges.errors import MalformedError
from openbadges.serialization import loads

if TYPE_CHECKING:
    from issuer.services.wishes import Wish

MAX_BODY = 128 << 10
MAX_PEOPLE = 100
MAX_NAME = 300
MAX_BADGE = 200
USUAL = timedelta(days=7)
HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
#: What a user name or an address never holds, so that one text is always one person.
BETWEEN = re.compile(r"[\s,;]")

BadgeName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_BADGE,
        description="The slug of the badge, the last part of its address.",
        examples=["event-check-in"],
    ),
]

Body = TypeVar("Body", bound=BaseModel)


class _Strict(BaseModel):
    """A body with exactly these members, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @field_validator("badge", "narrative", "note", check_fields=False)
    @classmethod
    def _visible(cls, value: str) -> str:
        if UNSEEN.search(value):
            raise ValueError("holds characters that cannot be seen")
        return value.strip()


class AwardRequest(_Strict):
    """A badge for one person or up to a hundred, for the same reasons."""

    badge: BadgeName
    people: Annotated[
        list[
            Annotated[
                str,
                Field(
                    min_length=1,
                    max_length=MAX_NAME,
                    json_schema_extra={"pattern": r"^\s*[^\s,;]+\s*$"},
                ),
            ]
        ],
        Field(
            min_length=1,
            max_length=MAX_PEOPLE,
            description="User names or e-mail addresses.",
            examples=[["asha", "boris"]],
        ),
    ]
    narrative: Annotated[
        str,
        Field(
            max_length=wishes.MAX_NARRATIVE,
            description="Why, in Markdown; everybody can read it with the award.",
        ),
    ] = ""
    evidence: Annotated[
        list[
            Annotated[
                str,
                Field(max_length=wishes.MAX_LINK, json_schema_extra={"pattern": "^https?://"}),
            ]
        ],
        Field(max_length=wishes.MAX_LINKS, description="Web addresses that show what was done."),
    ] = []
    date: Annotated[
        str | None,
        Field(
            max_length=40,
            description="When it was earned, like 2026-03-01 or 2026-03-01T18:30:00Z; now, "
            "where there is none.",
        ),
    ] = None
    make_accounts: Annotated[
        bool, Field(description="Make accounts for names that nobody here has.")
    ] = False
    again: Annotated[
        bool, Field(description="Award also to people from whom the badge was taken back.")
    ] = False

    @field_validator("people")
    @classmethod
    def _names(cls, value: list[str]) -> list[str]:
        for name in value:
            if BETWEEN.search(name.strip()) or UNSEEN.search(name) or not name.strip("@ "):
                raise ValueError("each must be one user name or e-mail address")
        return [name.strip().lstrip("@") for name in value]

    @field_validator("evidence")
    @classmethod
    def _links(cls, value: list[str]) -> list[str]:
        links = [web_address(link, wishes.MAX_LINK) for link in value]
        if not all(links):
            raise ValueError("each must be an address like https://example.org/page")
        return links

    @field_validator("date")
    @classmethod
    def _moment(cls, value: str | None) -> str | None:
        if value is not None and wishes.moment_of(value) is None:
            raise ValueError("must be a day like 2026-03-01, or a moment")
        return value

    def wanted(self) -> list[Wish]:
        """Return a wish for each person; raise `InvalidInputError` for too much text."""
        return wishes.of_names(
            self.people,
            badge=self.badge,
            evidence="\n".join(self.evidence),
            narrative=self.narrative.replace("\r\n", "\n"),
            day=self.date or "",
        )


class InvitationRequest(_Strict):
    """A link for many people, or codes for one person each."""

    badge: BadgeName
    expires_at: Annotated[
        AwareDatetime | None,
        Field(
            description="Until when it is good: a moment with its zone; null: until it is "
            "revoked; not named: a week."
        ),
    ] = None
    maximum_uses: Annotated[
        int | None,
        Field(ge=1, le=invitations.MAX_USES, description="Of a link; null: any number."),
    ] = None
    codes: Annotated[
        int | None,
        Field(
            ge=1,
            le=invitations.MAX_CODES,
            description="Make that many one-time codes in place of a link.",
        ),
    ] = None
    note: Annotated[
        str,
        Field(
            max_length=invitations.MAX_NOTE,
            description="For those who manage invitations, such as the event.",
        ),
    ] = ""

    @field_validator("expires_at")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value and value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("is no moment that clocks know") from error

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.codes is not None and self.maximum_uses is not None:
            raise ValueError("codes are for one use each: leave out maximum_uses")
        return self

    def wanted(self, now: datetime) -> invitations.Wanted:
        """Return what was asked for; by itself an invitation is good for a week."""
        is_named = "expires_at" in self.model_fields_set
        return invitations.Wanted(
            expires_at=self.expires_at if is_named else now + USUAL,
            maximum_uses=self.maximum_uses,
            codes=self.codes or 0,
            note=self.note,
        )


def read(model: type[Body]) -> Body:
    """Return the body of the running request.

    Raises `BadRequest`, `UnsupportedMediaType` and `RequestEntityTooLarge` of werkzeug, and
    `InvalidRequestError`.
    """
    if request.content_encoding or request.mimetype != "application/json":
        raise UnsupportedMediaType("send application/json, not compressed")
    request.max_content_length = MAX_BODY
    body = request.get_data(cache=False)
    try:
        value: Any = loads(body)
    except MalformedError as error:
        raise BadRequest(f"the body cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequestError([{"where": "body", "what": "must be an object"}])
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError(mistakes_of(error)) from error


def once(body: BaseModel) -> Once | None:
    """Return what makes the running request count once, where its sender wants that."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    asked = f"{request.endpoint} {body.model_dump_json(exclude_unset=True)}"
    return Once(repeats.checked(key), hashlib.sha256(asked.encode()).hexdigest())
