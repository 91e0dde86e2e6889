# SPDX-License-Identifier: AGPL-3.0-or-later
"""Run by `tests.services.datanommer` in a process that can import datanommer.models."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import datanommer.models as dm  # type: ignore[import-not-found]  # it lies in a folder of its own
from sqlalchemy import create_engine, text

#: What its tables call when they are made; TimescaleDB itself is not needed to read them.
HYPERTABLE = (
    "CREATE OR REPLACE FUNCTION create_hypertable(text, text) RETURNS text "
    "LANGUAGE sql AS 'SELECT $1'"
)


def main(url: str) -> None:
    """Make the tables, then keep the messages of standard input."""
    engine = create_engine(url)
    dm.init(engine=engine)
    with engine.begin() as connection:
        connection.execute(text(HYPERTABLE))
    dm.DeclarativeBase.metadata.create_all(engine)
    for line in sys.stdin:
        said = json.loads(line)
        dm.Message.create(
            i=0,
            msg_id=said["id"],
            topic=said["topic"],
            timestamp=datetime.fromisoformat(said["timestamp"]),
            msg=said["body"],
            headers=said.get("headers", {}),
            agent_name=said.get("agent_name"),
            users=said["usernames"],
            packages=said.get("packages", []),
        )
    dm.session.commit()


if __name__ == "__main__":
    main(sys.argv[1])
