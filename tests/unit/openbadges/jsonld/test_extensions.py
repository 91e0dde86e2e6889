# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from openbadges.errors import FetchError, MalformedError, UnsupportedError
from openbadges.jsonld import check_extensions
from openbadges.jsonld.extensions import MAX_EXTENSIONS, MAX_VALUES

SITE = "https://w3id.org/openbadges/extensions"
OWN = "https://own.example/context"
SCHEMA = "https://own.example/schema"


def nothing(url: str) -> dict[str, Any]:
    raise FetchError(f"{url} was asked for")


def extension(folder: str, kind: str, /, **members: Any) -> dict[str, Any]:
    context = f"{SITE}/{folder}/context.json"
    return {"@context": context, "type": ["Extension", f"extensions:{kind}"]} | members


def own(context: dict[str, Any], **members: Any) -> dict[str, Any]:
    documents = {OWN: context, SCHEMA: {"required": ["pushes"]}}
    node = {"@context": OWN, "type": ["Extension", "extensions:Pushes"]} | members
    return {"node": {"extensions:Pushes": node}, "load": documents.__getitem__}


def rule(**changes: Any) -> dict[str, Any]:
    known = {"obi:validatesType": "extensions:Pushes", "obi:validationSchema": SCHEMA}
    return {"@context": {"pushes": "https://own.example/#p"}, "obi:validation": known | changes}


ACCREDITATION = {
    "name": "A",
    "contactInstructions": "B",
    "url": "https://a.example/",
    "address": {"streetAddress": "C"},
}
ASSESSMENT = {
    "description": "A",
    "type": "Exam",
    "assessmentOutput": "B",
    "hasGroupParticipation": False,
    "hasGroupEvaluation": False,
    "evaluationMethod": "C",
    "sections": {"questions": [{"type": "TextQuestion", "text": "D"}]},
}
SOUND = [
    extension("accessibilityExtension", "Accessibility", accessibilityControl=["fullMouseControl"]),
    extension("applyLinkExtension", "ApplyLink", url="https://a.example/"),
    extension(
        "assessmentExtension", "AssessmentExtension", description="A", assessments=ASSESSMENT
    ),
    extension("endorsement", "Endorsement", description="A"),
    extension("exampleExtension", "ExampleExtension", exampleProperty="A"),
    extension("extraDescription", "ExtraDescriptionExtension", name="A", narrative="B"),
    extension(
        "geoCoordinatesExtension",
        "GeoCoordinates",
        description="A",
        geo={"latitude": 54.9, "longitude": -1.3},
    ),
    extension("issuerAccreditationExtension", "IssuerAccreditation", **ACCREDITATION),
    extension("licenseExtension", "LicenseExtension", id="CC-BY", name="A"),
    extension("originalCreatorExtension", "OriginalCreator", url="https://a.example/"),
    extension("originalCreatorExtension", "originalCreator", url="https://a.example/"),
    extension("recipientProfile", "RecipientProfile", name="A"),
]
BROKEN = [
    extension("accessibilityExtension", "Accessibility", accessibilityHazard=7),
    extension("applyLinkExtension", "ApplyLink"),
    extension("applyLinkExtension", "ApplyLink", url="apply here"),
    extension("assessmentExtension", "AssessmentExtension", description="A", assessments=[{}]),
    extension("endorsement", "Endorsement"),
    extension("exampleExtension", "ExampleExtension", exampleProperty=1337),
    extension("extraDescription", "ExtraDescriptionExtension", name="A"),
    extension("geoCoordinatesExtension", "GeoCoordinates", description="A", geo={"latitude": 1}),
    extension("issuerAccreditationExtension", "IssuerAccreditation", name="A"),
    extension("licenseExtension", "LicenseExtension", id="BY", name="A"),
    extension("originalCreatorExtension", "OriginalCreator"),
    extension("recipientProfile", "RecipientProfile", name=7),
    extension("exampleExtension", "Unknown", exampleProperty="A"),
    {"type": ["Extension", "extensions:ExampleExtension"], "exampleProperty": "A"},
    {"type": "obi:Extension", "@context": []},
    {"type": ["Extension", ["extensions:ExampleExtension"]]},
]


def label(node: dict[str, Any]) -> str:
    return str(node["type"][-1]).partition(":")[2]


@pytest.mark.parametrize("node", SOUND, ids=label)
def test_an_extension_of_the_standard_is_checked_without_the_network(node: dict[str, Any]) -> None:
    assert check_extensions({"x:y": node}, nothing) == [node["type"][1]]


@pytest.mark.parametrize("node", BROKEN)
def test_an_extension_that_breaks_its_rules_is_refused(node: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match=r"^extension "):
        check_extensions({"a": [{"x:y": node}]}, nothing)


def test_an_extension_inside_an_extension_is_checked_as_well() -> None:
    outer = extension("exampleExtension", "ExampleExtension", exampleProperty="A")
    with pytest.raises(MalformedError, match="ApplyLink"):
        check_extensions(
            {"x:y": outer | {"x:z": extension("applyLinkExtension", "ApplyLink")}}, nothing
        )


def test_more_types_than_the_one_of_the_extension_are_lawful() -> None:
    node = extension("exampleExtension", "ExampleExtension", exampleProperty="A")
    node["type"].append("schema:Place")
    assert check_extensions({"x:y": node}, nothing) == ["extensions:ExampleExtension, schema:Place"]


def test_what_does_not_call_itself_an_extension_is_none() -> None:
    node = extension("exampleExtension", "ExampleExtension", exampleProperty=1337)
    node["type"].remove("Extension")
    assert check_extensions({"x:y": node}, nothing) == []


def test_an_extension_of_ones_own_is_checked_against_its_own_schema() -> None:
    case = own(rule(), pushes=500)
    assert check_extensions(case["node"], case["load"]) == ["extensions:Pushes"]
    case = own(rule())
    with pytest.raises(MalformedError, match="'pushes' is a required"):
        check_extensions(case["node"], case["load"])


def test_an_extension_may_be_written_in_another_form_of_json_ld() -> None:
    case = own(rule(), **{"https://own.example/#p": {"@value": 500}})
    assert check_extensions(case["node"], case["load"])


@pytest.mark.parametrize(
    "context",
    [{"@context": {}}, {"@context": {}, "obi:validation": []}],
)
def test_an_extension_without_a_schema_has_nothing_to_hold_to(context: dict[str, Any]) -> None:
    case = own(context)
    assert check_extensions(case["node"], case["load"]) == ["extensions:Pushes"]


def test_a_context_inside_the_extension_names_no_schema() -> None:
    node = {"@context": {"a": "urn:a"}, "type": ["Extension", "extensions:Pushes"]}
    assert check_extensions({"x:y": node}, nothing) == ["extensions:Pushes"]


@pytest.mark.parametrize(
    "changes",
    [
        {"obi:validatesType": 7},
        {"obi:validationSchema": None},
        {"validationSchema": SCHEMA},
    ],
)
def test_a_rule_that_cannot_be_read_is_no_rule(changes: dict[str, Any]) -> None:
    case = own(rule(**changes))
    with pytest.raises(MalformedError, match="unknown way"):
        check_extensions(case["node"], case["load"])


def test_a_rule_about_no_type_fits_nothing() -> None:
    case = own(rule(**{"obi:validatesType": "Extension"}))
    with pytest.raises(MalformedError, match="does not know"):
        check_extensions(case["node"], case["load"])


def test_an_extension_that_is_nothing_but_an_extension_has_no_type() -> None:
    case = own(rule(), type="Extension")
    with pytest.raises(MalformedError, match="without a type of its own"):
        check_extensions(case["node"], case["load"])


def test_contexts_that_cannot_be_had_are_told() -> None:
    with pytest.raises(FetchError, match=OWN):
        check_extensions(own({})["node"], nothing)


@pytest.mark.parametrize(
    "nodes",
    [
        pytest.param([SOUND[4]] * (MAX_EXTENSIONS + 1), id="many"),
        pytest.param([SOUND[4] | {"x:a": [1] * MAX_VALUES}], id="large"),
    ],
)
def test_extensions_are_bounded(nodes: list[dict[str, Any]]) -> None:
    with pytest.raises(UnsupportedError, match="more than"):
        check_extensions({"x:y": nodes}, nothing)
