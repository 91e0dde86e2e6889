# SPDX-License-Identifier: AGPL-3.0-or-later
"""What leaves the site comes back the same, whatever is in it."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from issuer.errors import NotFoundError
from issuer.models import Assertion, Award, KeyState
from issuer.services import awards, bundling, emails, exporting, persons, unbundling
from issuer.services.checking import web_address
from issuer.services.exporting import Form
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.baking import CREDENTIAL_KEYWORD, unbake
from openbadges.signing import peek
from openbadges.times import format_time
from openbadges.verification import Verdict, verify
from tests.issuing import NOW, make_site
from tests.tries import tries
from tests.unusual import issue, made_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from issuer.services.exporting import Exported
    from issuer.site import Site
    from openbadges.verification import Report
    from tests.unusual import Unusual

ADDRESS = "asha@example.net"
NUMBERS = count(1)
#: All that may stand in a text; a lone half of a letter and what cannot be seen is refused before.
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cf"), include_characters="\n\u200d\u200f")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path, "")
    yield made
    made.database.dispose()


def judged(site: Site, source: str | bytes) -> Report:
    own = OwnFetcher(
        site.database.reading, site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    moment = NOW + timedelta(minutes=1)
    return verify(source, fetcher=own, now=moment, recipients=["ASHA@example.net"])


def read_back(badge: Exported, site: Site) -> dict[Form, dict[str, Any]]:
    """Return what each form says, as whoever receives the file reads it."""
    files = {form: exporting.content(badge, form, site.objects) for form in exporting.PLAIN}
    for form in (Form.PNG, Form.SVG):
        assert unbake(files[form], thorough=True) == badge.jws
        assert unbake(files[form], CREDENTIAL_KEYWORD) == badge.proof
    found = {}
    for form, content in files.items():
        report = judged(site, content if form in (Form.PNG, Form.SVG) else content.decode())
        failed = [check for check in report.checks if check.outcome != "passed"]
        assert report.valid, (form, failed)
        assert report.recipient == "ASHA@example.net"
        found[form] = report.document or {}
    return found


def check_fields(made: Unusual, badge: Exported, found: dict[Form, dict[str, Any]]) -> None:
    """See that each field of a badge is told by each form as it was put in."""
    old, new = found[Form.JWS], found[Form.OB3]
    criteria, facts = made.facts["criteria_text"], made.facts
    subject = new["credentialSubject"]
    achievement = subject["achievement"]
    assert badge.name == made.name
    assert (badge.description, badge.criteria) == (facts["description"], criteria)
    assert achievement["name"] == spaced(made.name)
    assert achievement["description"] == spaced(facts["description"])
    assert achievement["criteria"]["narrative"] == spaced(criteria)
    assert achievement.get("tag", []) == [spaced(tag) for tag in facts["tags"]]
    aims = [
        {name: each[name] for name in ("targetName", "targetUrl", "targetDescription")}
        for each in achievement.get("alignment", [])
    ]
    assert aims == [written(each) for each in facts["alignments"]]
    if facts["criteria_url"]:
        assert achievement["criteria"]["id"] == web_address(facts["criteria_url"])
    assert (old["narrative"], subject["narrative"]) == (
        made.cause.narrative,
        spaced(made.cause.narrative),
    )
    for version, told in (
        (old, [{**each, **addresses(each)} for each in made.cause.evidence]),
        (new, [written(each) for each in made.cause.evidence]),
    ):
        assert pieces(version.get("evidence", [])) == told
    end = format_time(NOW + facts["expires_after"]) if facts["expires_after"] else None
    assert (old.get("expires"), new.get("validUntil")) == (end, end)
    assert (old["issuedOn"], new["validFrom"]) == (format_time(NOW), format_time(NOW))
    identifier = subject["identifier"][0]
    assert identifier["identityHash"] == old["recipient"]["identity"]
    assert identifier["salt"] == old["recipient"]["salt"]


def pieces(evidence: Any) -> list[dict[str, str]]:
    """Return evidence as it was put in: version 2.0 writes a lone link bare, and one piece too."""
    several = evidence if isinstance(evidence, list) else [evidence]
    named = [{"id": each} if isinstance(each, str) else each for each in several]
    return [{name: each[name] for name in each if name != "type"} for each in named]


def addresses(given: dict[str, str]) -> dict[str, str]:
    """Return the addresses of something as machines write them."""
    return {name: web_address(given[name]) for name in ("id", "targetUrl") if name in given}


def written(given: dict[str, str]) -> Any:
    """Return what version 3.0 makes of something with an address."""
    return spaced({**given, **addresses(given)})


def spaced(value: Any) -> Any:
    """Return what version 3.0 makes of texts: a tab becomes a space."""
    if isinstance(value, str):
        return value.translate(str.maketrans(dict.fromkeys("\t\x01\x1f\x7f", " ")))
    if isinstance(value, dict):
        return {name: spaced(each) for name, each in value.items()}
    return [spaced(each) for each in value]


def check_zip(badge: Exported, site: Site) -> None:
    """See that a ZIP gives back each file as it was written, and that each holds."""
    bundle = bundling.Bundle(name=badge.name, site="", objects=site.objects, now=NOW)
    packed = io.BytesIO(b"".join(bundling.stream([badge], bundle)))
    files = {form: exporting.content(badge, form, site.objects) for form in exporting.PLAIN}
    assert list(unbundling.read(packed)) == [(badge.slug, files)]
    report = unbundling.judge(packed, lambda form: judged(site, form))
    assert report.valid, report.to_dict()


@pytest.mark.slow
@settings(
    max_examples=tries(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_each_form_is_read_back_as_it_was_written(site: Site, data: st.DataObject) -> None:
    def words(_most: int, longest: int) -> str:
        text = data.draw(st.text(LETTERS, min_size=1, max_size=min(longest, 60)))
        return text if text.strip() else "x"

    def between(least: int, most: int) -> int:
        return data.draw(st.integers(least, min(most, least + 3)))

    number = next(NUMBERS)
    with site.database.writing() as session:
        person = persons.ensure(session, "asha", now=NOW)
        identity = emails.add(session, person, ADDRESS, now=NOW)
        identity.verified_at = NOW
        session.flush()
        made = made_of(number, words, between)
        badge = issue(session, site, made, "asha", identity.id)
    found = read_back(badge, site)
    check_fields(made, badge, found)
    check_zip(badge, site)
    hosted = json.loads(badge.hosted)
    assert found[Form.JSON] == hosted
    # The twins say the same but for how they are verified.
    signed = json.loads(peek(badge.jws)[1])
    assert {**signed, "verification": hosted["verification"]} == hosted
    assert found[Form.PNG] == found[Form.SVG] == found[Form.JWS] == signed
    proof = json.loads(badge.proof)
    unsigned = {name: value for name, value in proof.items() if name != "proof"}
    payload = json.loads(peek(badge.token)[1])
    assert {name: payload[name] for name in unsigned} == unsigned


def test_no_form_of_what_was_taken_back_is_valid(site: Site) -> None:
    with site.database.writing() as session:
        person = persons.ensure(session, "asha", now=NOW)
        identity = emails.add(session, person, ADDRESS, now=NOW)
        identity.verified_at = NOW
        session.flush()
        plain = made_of(0, lambda _most, _longest: "words", lambda least, _most: least)
        badge = issue(session, site, plain, "asha", identity.id)
    files = {form: exporting.content(badge, form, site.objects) for form in exporting.PLAIN}
    with site.database.writing() as session:
        (award_id,) = exporting.of_person(session, persons.find(session, "asha"))
        awards.revoke(session, session.get_one(Award, award_id), "a mistake", now=NOW)
    for form, content in files.items():
        source = content if form in (Form.PNG, Form.SVG) else content.decode()
        assert judged(site, source).verdict is Verdict.REVOKED, form


def test_of_a_key_that_was_taken_back_there_is_nothing_signed(site: Site) -> None:
    plain = made_of(0, lambda _most, _longest: "words", lambda least, _most: least)
    with site.database.writing() as session:
        before = issue(session, site, plain, "asha")
        row = session.scalars(select(Assertion).filter_by(uuid=before.uuid)).one()
        row.key.state = KeyState.REVOKED
        (after,) = exporting.collect(session, [row.id], site.keys, now=NOW)
    assert {Form.JWS, Form.OB3_JWT} == set(before.forms) - set(after.forms)
    assert unbake(exporting.content(after, Form.PNG, site.objects)) == after.hosted
    with pytest.raises(NotFoundError, match="take the PNG"):
        exporting.content(after, Form.JWS, site.objects)
