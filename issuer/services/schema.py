# SPDX-License-Identifier: AGPL-3.0-or-later
"""Brings the tables to this version and tells whether they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from issuer.db import Base
from issuer.errors import DatabaseAwayError, DatabaseNotReadyError
from issuer.models import is_search_table
from issuer.paths import data_path

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from issuer.db import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to ``revision``; several processes may try at once.

    Raises `DatabaseNotReadyError` when they are those of a later version.
    """
    with database.engine.connect().execution_options(writing=True) as connection:
        try:
            command.upgrade(_config(connection), revision)
        except CommandError as error:
            raise DatabaseNotReadyError(
                f"database: tables cannot be upgraded: {error}: a later version made them, use it"
            ) from error
        connection.commit()


def downgrade(database: Database, revision: str) -> None:
    """Take the tables back to ``revision`` (``base``: none are left)."""
    with database.engine.connect().execution_options(writing=True) as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def differences(database: Database) -> list[str]:
    """Return what distinguishes the tables from the models, a line each; empty: nothing."""
    with database.engine.connect() as connection:
        options = {"compare_type": True, "include_name": _is_model}
        context = MigrationContext.configure(connection, opts=options)
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def ensure_current(database: Database) -> None:
    """Raise `DatabaseNotReadyError` unless the tables are those of this version.

    When the database cannot be asked, it is a `DatabaseAwayError`.
    """
    file = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and file and not Path(file).exists():
        # Connecting would make an empty file.
        raise DatabaseNotReadyError(f"database: there is no {file}: run 'accolades db upgrade'")
    try:
        with database.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            wanted = ScriptDirectory.from_config(_config(connection)).get_current_head()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise DatabaseAwayError(
            f"database: cannot be reached: {reason}: check ACCOLADES_DATABASE_URL"
        ) from error
    if found != wanted:
        raise DatabaseNotReadyError(
            f"database: tables are at revision {found}, this version needs {wanted}: "
            "run 'accolades db upgrade'"
        )


def _is_model(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not is_search_table(name)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(data_path("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
