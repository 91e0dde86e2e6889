# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every job awards, as the reference validator sees it: strict, hosted, signed and baked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from consumer.jobs import registry
from consumer.jobs.running import run
from issuer.models import Assertion, Award, Badge
from issuer.services import awards, persons
from issuer.services.emails import portrait_hash
from tests.conformance.test_issued_badges import FORMS, _inputs, _why
from tests.services.fasjson import fasjson
from tests.services.pages import pages
from tests.unit.consumer.jobs.test_authors import repository

if TYPE_CHECKING:
    from pathlib import Path

    from issuer.site import Site
    from tests.demo import Demo
    from tests.services.judge import Judge

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

AWARDING = (
    "lifecycle", "group-membership", "mirror", "libravatar", "repository-authors", "old-school",
    "anniversary", "streak", "series-completion",
)  # fmt: skip
NAME, ADDRESS = "jobholder", "jobholder@example.org"


@pytest.fixture(scope="module")
def given(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of one assertion of each job, of somebody who deserves all of them."""
    folder, site = tmp_path_factory.mktemp("jobs"), demo.site()
    _prepare(site)
    (folder / "list").write_text(f"{NAME}\n")
    with fasjson() as directory, pages() as web:
        directory.add(NAME, creation="2001-02-03T04:05:06+00:00", emails=[ADDRESS])
        directory.groups["packager"] = [NAME]
        web.answers["/admins"] = (200, json.dumps({"admins": [NAME]}).encode())
        web.answers[f"/{portrait_hash(ADDRESS)}"] = (200, b"x")
        changes = {
            "allow_loopback": True,
            "accounts": "fasjson",
            "fasjson_url": directory.url,
            "fasjson_auth": "none",
            "mirror_url": f"{web.url}/admins",
            "avatar_url": web.url,
            "avatar_seconds": 0.0,
            "author_repositories": (str(repository(folder / "git", (f"J <{ADDRESS}>".encode(),))),),
            "grant_lists": {"old-school": folder / "list"},
        }
        settings = site.settings.model_copy(update=changes)
        ours = replace(site, settings=settings)
        for name in AWARDING:
            ended = run(ours, registry.all_jobs().find(name))
            assert (ended.trouble, ended.tally.lines) == ("", []), name
            assert ended.tally.awarded >= 1, name
    found = _addresses(site)
    site.database.dispose()
    return found


def _prepare(site: Site) -> None:
    """Let somebody have earned a whole series, long ago, in three months."""
    with site.database.writing() as session:
        person = persons.ensure(session, NAME, now=datetime.now(UTC))
        person.avatar_hash = portrait_hash(ADDRESS)
        for number, slug in enumerate(("docs-author-1", "docs-author-2", "blogger-1"), 1):
            badge = session.scalars(select(Badge).filter_by(slug=slug)).one()
            moment = datetime(2020, number, 1, tzinfo=UTC)
            awards.award(
                session,
                badge,
                person,
                cause=awards.Cause(source="admin"),
                email_domain="example.org",
                now=datetime.now(UTC),
                issued_at=moment,
            )


def _addresses(site: Site) -> dict[str, str]:
    with site.database.reading() as session:
        rows = session.execute(
            select(Award.cause_id, Assertion.document_id)
            .join(Assertion, Assertion.award_id == Award.id)
            .where(Award.cause_id.startswith("job:"), Award.person.has(key=NAME))
        )
        return {str(cause).removeprefix("job:"): address for cause, address in rows}


def test_what_each_job_awards_is_valid_in_each_form(
    judge_ob2: Judge, given: dict[str, str], tmp_path: Path
) -> None:
    assert set(given) == set(AWARDING)
    items = [
        {"input": text}
        for address in given.values()
        for text in _inputs(address, tmp_path).values()
    ]
    reports = judge_ob2.batch(items)
    assert len(reports) == len(AWARDING) * len(FORMS)
    assert [_why(report) for report in reports if not report["strict_valid"]] == []
