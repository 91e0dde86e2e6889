# SPDX-License-Identifier: AGPL-3.0-or-later
"""What programs of members are answered: each member named, typed and described once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    """Every member is always there: what is not known is null."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


NEXT = "The address of the next part of the list; null at its end."
Next = Annotated[str | None, Field(description=NEXT)]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: Annotated[str, Field(description="What was wrong, with what, and what to do.")]
    errors: Annotated[
        list[dict[str, str]],
        Field(description="With 422: each mistake, `where` and `what`."),
    ] = []


class Token(_Answer):
    """The token of the request."""

    name: str
    created_at: datetime
    expires_at: datetime | None


class Me(_Answer):
    """For whom the token speaks, and what it is good for."""

    username: str
    name: str
    scopes: list[str]
    token: Token


class BadgeName(_Answer):
    """A badge, by its slug, its name and its address."""

    slug: str
    name: str
    url: str


class Badge(BadgeName):
    """A badge that you may award."""

    description: str
    image: str
    repeatable: Annotated[bool, Field(description="Whether one person may get it again.")]
    left: Annotated[
        int | None, Field(description="How often you still may; null: as often as you like.")
    ]
    until: Annotated[datetime | None, Field(description="When your grant ends, if it does.")]


class Badges(_Answer):
    """The badges that you may award."""

    items: list[Badge]
    next: Next


class State(StrEnum):
    """What became of a line."""

    AWARDED = "awarded"
    REFUSED = "refused"
    UNDONE = "undone"


class Line(_Answer):
    """What became of one person."""

    person: Annotated[str, Field(description="As it was sent.")]
    state: State
    reason: Annotated[
        str | None,
        Field(description="Why it was refused, in one word: such as `held`, `unknown-person`."),
    ]
    detail: Annotated[str | None, Field(description="The same as a sentence.")]
    award: Annotated[UUID | None, Field(description="The id of the award.")]
    url: Annotated[str | None, Field(description="The address of its assertion.")]


class Given(_Answer):
    """What became of each person of a request, in the order in which they were sent."""

    id: Annotated[UUID, Field(description="The list; its maker finds it on the site by this.")]
    badge: BadgeName
    awarded: int
    refused: int
    lines: list[Line]


class Award(_Answer):
    """An award that you gave, by hand or by an invitation."""

    id: UUID
    badge: BadgeName
    person: Annotated[
        str | None, Field(description="The user name; null for somebody who is not named here.")
    ]
    issued_on: datetime
    awarded_at: Annotated[datetime, Field(description="When it was written down.")]
    source: Annotated[str, Field(description="`admin`: on a page; `api`; `invitation`; `claim`.")]
    narrative: str
    evidence: list[dict[str, Any]]
    url: Annotated[str | None, Field(description="The address of its assertion.")]
    revoked: bool
    revocation_reason: str | None
    undo_until: Annotated[
        datetime | None, Field(description="Until when you may undo it; null where you may not.")
    ]


class Awards(_Answer):
    """The awards that you gave, newest first."""

    items: list[Award]
    next: Next


class Openness(StrEnum):
    """Whether a badge is still to be had by an invitation, or why not."""

    OPEN = "open"
    REVOKED = "revoked"
    RETIRED = "retired"
    EXPIRED = "expired"
    USED_UP = "used-up"


class Code(_Answer):
    """One code of many that were made together."""

    url: str
    qr_code: Annotated[str, Field(description="Its QR code, as PNG.")]
    state: Openness


class Invitation(_Answer):
    """A link, or one-time codes that belong together."""

    id: int
    badge: BadgeName
    state: Openness
    note: str
    created_at: datetime
    expires_at: datetime | None
    maximum_uses: Annotated[int | None, Field(description="Of a link, or of each code.")]
    uses: int
    number_of_codes: Annotated[int, Field(description="0 for a link.")]
    url: Annotated[
        str | None,
        Field(description="Where the badge is claimed: a secret. Null for codes."),
    ]
    qr_code: Annotated[
        str | None, Field(description="The QR code of the link as PNG; anybody may fetch it.")
    ]
    sheet: Annotated[str, Field(description="A sheet to print, as PDF; fetch it with the token.")]


class InvitationWithCodes(Invitation):
    """The same with all its codes."""

    codes: list[Code]


class Invitations(_Answer):
    """The invitations that you made, newest first."""

    items: list[Invitation]
    next: Next
