# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.models import Assertion, Award, BackpackConnection, Person, Push
from issuer.services import badges, persons
from tests.issuing import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from issuer.site import Site
    from tests.unit.issuer.cli.conftest import Outcome

    Call = Callable[..., Outcome]


UNKNOWN = "00000000-0000-4000-8000-000000000000"


def _document_id(site: Site) -> str:
    with site.database.reading() as session:
        return session.scalars(select(Assertion.document_id)).one()


def _people(site: Site) -> list[str]:
    with site.database.reading() as session:
        statement = select(Person.username).join(Award, Award.person_id == Person.id)
        return list(session.scalars(statement.order_by(Person.username)))


def test_each_person_is_awarded_once(call: Call, site: Site) -> None:
    outcome = call("award", "first-steps", "boris", "ASHA", "--json")
    assert outcome.code == 0
    assert [(line["user"], line["created"]) for line in outcome.lines] == [
        ("boris", True),
        ("asha", False),
    ]
    assert outcome.lines[1]["assertion"] == _document_id_of(site, "asha")
    assert _people(site) == ["asha", "boris"]


def _document_id_of(site: Site, username: str) -> str:
    with site.database.reading() as session:
        statement = select(Assertion.document_id).join(Award).join(Person, Award.person)
        return session.scalars(statement.where(Person.username == username)).one()


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--narrative", "x" * 5001, "narrative: needs to be at most 5000 letters"),
        ("--narrative", "x\x01", "narrative: holds '\\x01', which cannot be seen"),
        ("--evidence", "https://", "evidence 'https://': needs a web address"),
        ("--evidence", "https://[x", "evidence 'https://[x': needs a web address"),
    ],
    ids=["long", "unseen", "no-host", "no-address"],
)
def test_reasons_are_those_that_pages_take(
    call: Call, site: Site, option: str, value: str, reason: str
) -> None:
    outcome = call("award", "first-steps", "boris", option, value)
    assert (outcome.code, outcome.error) == (2, reason)
    assert _people(site) == ["asha"]


def test_people_read_what_happened(call: Call, site: Site) -> None:
    outcome = call("award", "first-steps", "asha")
    assert outcome.out == f"asha: has it already: {_document_id(site)}\n"


def test_one_wrong_name_and_nobody_gets_it(call: Call, site: Site) -> None:
    outcome = call("award", "first-steps", "boris", "chen", "not a name")
    assert outcome.code == 2
    assert "'not a name'" in outcome.error
    assert _people(site) == ["asha"]


def test_the_reason_is_in_the_document(call: Call, site: Site) -> None:
    arguments = ("--narrative", "Did *it*.", "--evidence", "https://example.org/e")
    assert call("award", "first-steps", "boris", *arguments).code == 0
    with site.database.reading() as session:
        given = session.scalars(select(Award).order_by(Award.id.desc())).first()
        assert given is not None
        assert given.narrative == "Did *it*."
        assert given.evidence == [{"id": "https://example.org/e"}]
        assert '"Did *it*."' in given.assertions[0].document


@pytest.mark.parametrize(
    "evidence",
    [
        "",
        "nowhere",
        pytest.param("javascript:alert(1)"),
    ],
)
def test_evidence_is_an_address(call: Call, site: Site, evidence: str) -> None:
    outcome = call("award", "first-steps", "boris", "--evidence", evidence)
    assert outcome.code == 2
    assert "vidence" in outcome.error
    assert _people(site) == ["asha"]


@pytest.mark.parametrize("state", ["retired", "opted out"])
def test_what_may_not_be_awarded_is_told(call: Call, site: Site, state: str) -> None:
    with site.database.writing() as session:
        badge = badges.find(session, "first-steps")
        if state == "retired":
            badge.retired_at = badge.created_at
        else:
            session.scalars(select(Person)).one().opted_out = True
    outcome = call("award", "first-steps", "asha")
    assert outcome.code == 2
    assert outcome.error


@pytest.mark.parametrize("form", ["{}", "{}/", "{}.json", "{}.jws"])
def test_an_award_is_taken_back_by_its_address(call: Call, site: Site, form: str) -> None:
    address = form.format(_document_id(site))
    outcome = call("revoke", address, "--reason", "by mistake")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "first-steps of asha: revoked\n"
    again = call("revoke", address, "--reason", "again")
    assert again.code == 0
    assert again.out == "first-steps of asha: was revoked before, nothing changed\n"
    with site.database.reading() as session:
        assert session.scalars(select(Award.revocation_reason)).one() == "by mistake"


@pytest.mark.parametrize("which", ["award", "assertion"])
def test_an_award_is_taken_back_by_an_id(call: Call, site: Site, which: str) -> None:
    with site.database.reading() as session:
        uuid = session.scalars(select(Award.uuid if which == "award" else Assertion.uuid)).one()
    assert call("revoke", uuid, "--reason", "by mistake").code == 0


@pytest.mark.parametrize("name", ["", "asha", "first-steps", "1", f"{UNKNOWN}x", UNKNOWN])
def test_what_names_no_award_is_told(call: Call, site: Site, name: str) -> None:
    outcome = call("revoke", name, "--reason", "by mistake")
    assert outcome.code == 2
    assert outcome.error.startswith("award ")


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_a_reason_is_needed_and_short(call: Call, site: Site, reason: str) -> None:
    outcome = call("revoke", _document_id(site), "--reason", reason)
    assert outcome.code == 2
    assert "1 to 1000 characters" in outcome.error


def test_an_address_of_another_site_names_no_award_of_ours(call: Call, site: Site) -> None:
    uuid = _document_id(site).rpartition("/")[2]
    outcome = call("revoke", f"https://elsewhere.example/assertions/{uuid}", "--reason", "r")
    assert outcome.code == 2


def test_what_a_command_leaves_for_backpacks_is_done_before_it_ends(call: Call, site: Site) -> None:
    with site.database.writing() as session:
        boris = persons.ensure(session, "boris", now=NOW)
        values = {"protocol": "badgr", "base_url": "https://backpack.example.org"}
        sealed = "by a key that nobody has"
        session.add(
            BackpackConnection(
                person_id=boris.id, automatic=True, created_at=NOW, tokens=sealed, **values
            )
        )
    assert call("award", "first-steps", "boris").code == 0
    with site.database.reading() as session:
        # It was tried: its owner has to sign in again.
        assert session.scalars(select(BackpackConnection.tokens)).one() is None
        assert session.scalars(select(Push.state)).one() == "waiting"
