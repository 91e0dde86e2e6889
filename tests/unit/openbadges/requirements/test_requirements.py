# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every case of the requirements of Open Badges 2.0, as it is given and in every other form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from openbadges.verification import STEPS, Outcome, Report
from tests.unit.openbadges.requirements import (
    attachments,
    badges,
    documents,
    proofs,
    recipients,
    signatures,
)
from tests.unit.openbadges.requirements.cases import Case, parameters
from tests.unit.openbadges.requirements.forms import other_forms
from tests.unit.openbadges.verification.changes import outcome
from tests.unit.openbadges.verification.site import Site

if TYPE_CHECKING:
    from openbadges.keys import PrivateKey

CASES = [
    case
    for table in (documents, recipients, badges, proofs, signatures, attachments)
    for case in table.CASES
]


def check(case: Case, report: Report, form: str) -> None:
    assert report.verdict.value == case.verdict, (form, report.sentence)
    assert [found.id for found in report.checks] == [step.id for step in STEPS]
    assert all(found.message for found in report.checks)
    if case.check:
        assert outcome(report, case.check)[0] in (Outcome.FAILED, Outcome.ERROR), form
        assert outcome(report, case.check)[1] in report.sentence
    assert case.note in " ".join((*report.notes, report.sentence, *map(str, report.checks)))


@pytest.mark.parametrize("case", parameters(CASES))
def test_requirement(case: Case, key: PrivateKey) -> None:
    site = Site(key)
    source = case.handed_in(site, key)
    check(case, site.verify(source, case.recipients), "as given")
    if not case.forms or case.source:
        return
    for form, said, changed in other_forms(dict(site.documents), key):
        site.documents = changed
        check(case, site.verify(said, case.recipients), form)
