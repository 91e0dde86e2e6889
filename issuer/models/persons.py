# SPDX-License-Identifier: AGPL-3.0-or-later
"""People, the addresses they can prove, and the names they had."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, Json
from issuer.models.types import TokenKind


def _key_of_username(context: Any) -> str:
    return str(context.get_current_parameters()["username"]).lower()


class Person(Base):
    """Somebody who has or may get badges."""

    __tablename__ = "persons"
    __table_args__ = (Index(None, "created_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, unique=True, default=_key_of_username)  # without case
    display_name: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str | None] = mapped_column(Text)  # of the login, never shown
    subject: Mapped[str | None] = mapped_column(Text, unique=True)  # OpenID `iss` and `sub`
    website: Mapped[str] = mapped_column(Text, default="")
    bio: Mapped[str] = mapped_column(Text, default="")
    avatar_hash: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(Text)
    theme: Mapped[str | None] = mapped_column(Text)
    pinned: Mapped[list[int]] = mapped_column(Json, default=list)  # badge ids
    opted_out: Mapped[bool] = mapped_column(default=False)
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]

    emails: Mapped[list[EmailIdentity]] = relationship(back_populates="person")


class EmailIdentity(Base):
    """An address for which assertions of a person are made."""

    __tablename__ = "email_identities"
    __table_args__ = (
        UniqueConstraint("person_id", "address"),
        Index(
            "uq_email_identities_verified",
            "address",
            unique=True,
            sqlite_where=text("verified_at IS NOT NULL"),
            postgresql_where=text("verified_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(Text)  # lower-case
    verified_at: Mapped[datetime | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="emails")


class OldName(Base):
    """A user name that a person no longer has; its pages lead to the new one."""

    __tablename__ = "old_names"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    changed_at: Mapped[datetime]


class Login(Base):
    """Somebody who is signed in, in one browser; without this row the cookie is worth nothing."""

    __tablename__ = "logins"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    mark_hash: Mapped[str] = mapped_column(Text, unique=True)  # of what stands in the cookie
    browser: Mapped[str] = mapped_column(Text, default="")  # a name of ours, or empty
    system: Mapped[str] = mapped_column(Text, default="")
    began_at: Mapped[datetime]
    last_used_at: Mapped[datetime]  # to a few minutes
    ends_at: Mapped[datetime] = mapped_column(index=True)  # unless it is used before


class Redirect(Base):
    """An address that the world knows and where it leads now."""

    __tablename__ = "redirects"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    target: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class ApiToken(Base):
    """A key to the API; only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    hint: Mapped[str | None] = mapped_column(Text)  # how a person's own token begins
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json, default=list)
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("issuers.id"), index=True)
    kind: Mapped[TokenKind] = mapped_column(Text, default=TokenKind.ACCESS)
    #: What a person allowed an app, of which this token comes and with which it ends.
    access_id: Mapped[int | None] = mapped_column(
        ForeignKey("app_accesses.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]  # of a refresh token: it is good once
    revoked_at: Mapped[datetime | None]
