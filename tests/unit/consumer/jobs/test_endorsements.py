# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from consumer.jobs.endorsements import EndorsementCheck
from issuer.models import Endorsement
from issuer.services import endorsements, endorsers
from openbadges.fetching import DocumentFetcher
from tests.issuing import NOW, make_badge, make_issuer
from tests.unit.issuer.services.endorsing import HOSTED, ROOT, Guild, a_key

if TYPE_CHECKING:
    from consumer.jobs.work import Work
    from tests.unit.consumer.jobs.community import Community

DAY = timedelta(days=1)


@pytest.fixture
def guild(community: Community) -> Guild:
    """Another issuer, whose endorsement of a badge was taken in; we endorse it as well."""
    site = community.base
    with site.database.writing() as session:
        make_badge(session, site)
        issuer = make_issuer(session, site)
        made = Guild(a_key(session, site, issuer))
        about = f"{issuer.base_url}/badges/first-steps"
        made.hosted(about)
        network = DocumentFetcher(made.documents)
        given = endorsers.examine(HOSTED, network, now=NOW + DAY)
        endorsers.take_in(session, ROOT, given, now=NOW + DAY)
        endorsements.issue(session, ROOT, issuer, about, "Good.", site.keys, now=NOW)
    return made


def job(guild: Guild) -> EndorsementCheck:
    def network(_work: Work) -> DocumentFetcher:
        return DocumentFetcher(guild.documents)

    return EndorsementCheck(network)


def verdicts(community: Community) -> list[str]:
    with community.base.database.reading() as session:
        statement = select(Endorsement.verdict).order_by(Endorsement.id)
        return list(session.scalars(statement))


def test_other_issuers_are_asked_whether_they_stand_by_it(
    community: Community, guild: Guild
) -> None:
    community.now = NOW + 2 * DAY
    tally = community.run(job(guild)).tally
    assert (tally.looked_at, tally.lines) == (1, [])
    with community.base.database.reading() as session:
        own = select(Endorsement.checked_at).where(Endorsement.issuer_id.is_(None))
        assert session.scalars(own).one() == NOW + 2 * DAY
    document = guild.documents[HOSTED]["json"]
    guild.documents[HOSTED] = {"json": {**document, "revoked": True, "revocationReason": "No."}}
    assert community.run(job(guild), dry_run=True).tally.looked_at == 1
    assert verdicts(community) == ["valid", "valid"]
    (line,) = community.run(job(guild)).tally.lines
    assert "of The Guild: This endorsement was revoked" in line
    assert verdicts(community) == ["revoked", "valid"]
    assert community.run(job(guild)).tally.lines == []  # it is told once
    guild.documents[HOSTED] = {"error": "timeout"}
    assert len(community.run(job(guild)).tally.lines) == 1
    guild.documents[HOSTED] = {"json": document}
    community.run(job(guild))
    assert verdicts(community) == ["valid", "valid"]
