# SPDX-License-Identifier: AGPL-3.0-or-later
"""Apps that people let in, and what each was allowed; of their keys only hashes are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from issuer.db import Base, BigInt, Json
from issuer.models.persons import Person


class App(Base):
    """A program of others that made itself known here (RFC 7591); nobody vouches for it."""

    __tablename__ = "apps"
    __table_args__ = (Index(None, "last_used_at", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[str | None] = mapped_column(Text)  # None: it cannot keep a secret
    auth_method: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    about: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # its addresses, its version
    redirect_uris: Mapped[list[str]] = mapped_column(Json)
    scopes: Mapped[list[str]] = mapped_column(Json)
    renews: Mapped[bool] = mapped_column(default=False)  # whether it asked for refresh tokens
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # when a person last let it in


class AppAccess(Base):
    """What one person allowed one app: its code, once, and all the tokens that came of it."""

    __tablename__ = "app_accesses"

    id: Mapped[int] = mapped_column(primary_key=True)
    app_id: Mapped[int] = mapped_column(ForeignKey("apps.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    #: For which address badges are made out; None: as the public pages show them.
    email_identity_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_identities.id", ondelete="SET NULL"), index=True
    )
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_hash: Mapped[str] = mapped_column(Text, unique=True)
    code_challenge: Mapped[str] = mapped_column(Text)
    code_expires_at: Mapped[datetime]
    code_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    #: When the last of its tokens ends; nothing is left to revoke then.
    ends_at: Mapped[datetime] = mapped_column(index=True)

    app: Mapped[App] = relationship()
    person: Mapped[Person] = relationship()


class Renewal(Base):
    """A credential as it would be issued now, where that is not as it was issued."""

    __tablename__ = "renewals"

    assertion_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("assertions.id", ondelete="CASCADE"), primary_key=True
    )
    ob3: Mapped[str] = mapped_column(Text)  # signed and kept until something changes again
    made_at: Mapped[datetime]
