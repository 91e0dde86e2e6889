# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our verdicts on the cases of the outside judge of Open Badges 3.0."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from openbadges.fetching import DocumentFetcher
from openbadges.ob3.identifiers import did_web_url
from openbadges.verification import verify
from tests.shared import shared_path

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CASES = "judges/ob3/cases"


def test_we_agree_with_the_outside_judge_on_its_cases() -> None:
    folder = shared_path(CASES)
    recorded = json.loads((folder / "docs.json").read_text())
    answers = {
        did_web_url(url) if url.startswith("did:web:") else url: (
            {"text": document} if isinstance(document, str) else {"json": document}
        )
        for url, document in recorded.items()
    }
    expected = json.loads((folder / "expected.json").read_text())
    verdicts = {}
    for name in expected:
        source = (folder / name).read_text().strip()
        verdicts[name] = verify(source, fetcher=DocumentFetcher(answers), now=NOW)
    differing = {
        name: report.sentence for name, report in verdicts.items() if report.valid != expected[name]
    }
    assert differing == {}
    assert len(verdicts) >= 18
