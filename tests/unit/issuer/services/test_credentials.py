# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.errors import NotFoundError
from issuer.models import Assertion, KeyState, SigningKey, StatusList
from issuer.services import awards, credentials, editions, issuers, revoking
from issuer.services.publishing import RevokedError
from issuer.services.verifying import Elsewhere, OwnFetcher
from openbadges.verification import Verdict, verify
from tests.issuing import NOW, give, make_badge

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from issuer.site import Site
    from openbadges.verification import Report


def issued(session: Session, site: Site, *people: str) -> list[Assertion]:
    badge = make_badge(session, site)
    given = [give(session, badge, name).award.id for name in people]
    found = select(Assertion).where(Assertion.award_id.in_(given)).order_by(Assertion.id)
    return list(session.scalars(found))


def judged(session: Session, site: Site, text: str) -> Report:
    own = OwnFetcher(
        lambda: nullcontext(session), site.settings.base_url, site.keys, site.objects, Elsewhere()
    )
    return verify(text, fetcher=own, now=NOW + timedelta(minutes=1))


def test_an_award_becomes_a_credential_once(session: Session, site: Site) -> None:
    (assertion,) = issued(session, site, "asha")
    proof = credentials.proven(session, assertion.uuid, site.keys, now=NOW)
    token = credentials.token(session, assertion.uuid, site.keys, now=NOW)
    later = NOW + timedelta(days=900)
    assert credentials.proven(session, assertion.uuid, site.keys, now=later) == proof
    assert credentials.token(session, assertion.uuid, site.keys, now=later) == token
    document = json.loads(proof)
    assert document["credentialSubject"]["identifier"][0]["identityHash"] == (
        assertion.identity_hash
    )
    assert document["credentialSubject"]["id"] == f"urn:uuid:{assertion.subject_uuid}"
    for text in (proof, token):
        report = judged(session, site, text)
        assert report.valid, [check for check in report.checks if check.outcome != "passed"]
    awards.revoke(session, assertion.award, "a mistake", now=NOW)
    for text in (proof, token):
        assert judged(session, site, text).verdict is Verdict.REVOKED
    with pytest.raises(RevokedError):
        credentials.proven(session, assertion.uuid, site.keys, now=later)


@pytest.mark.parametrize(
    "evidence",
    [
        [{"id": "https://example.org/photo"}],
        [{"narrative": "She was there."}],
        [{"id": "https://example.org/photo"}, {"id": "https://example.org/2", "name": "Two"}],
    ],
)
def test_evidence_of_any_shape_is_carried(
    session: Session, site: Site, evidence: list[dict[str, str]]
) -> None:
    cause = awards.Cause(source="admin", evidence=evidence)
    award = give(session, make_badge(session, site), "asha", cause=cause).award
    assertion = session.scalars(select(Assertion).filter_by(award_id=award.id)).one()
    text = credentials.proven(session, assertion.uuid, site.keys, now=NOW)
    carried = json.loads(text)["evidence"]
    assert carried == [{"type": ["Evidence"], **each} for each in evidence]
    assert judged(session, site, text).valid


def test_a_key_for_proofs_is_made_once_and_outlives_its_retirement(
    session: Session, site: Site
) -> None:
    one, two = issued(session, site, "asha", "boris")
    former = credentials.proven(session, one.uuid, site.keys, now=NOW)
    issuer = one.edition.badge.issuer
    key = credentials.proof_key(session, issuer, site.keys, now=NOW)
    assert json.loads(key.document)["controller"] == credentials.did(issuer)
    key.state = KeyState.RETIRED
    session.flush()
    newer = credentials.proven(session, two.uuid, site.keys, now=NOW)
    methods = [json.loads(text)["proof"]["verificationMethod"] for text in (former, newer)]
    assert len(set(methods)) == 2
    assert judged(session, site, former).valid
    key.state = KeyState.REVOKED
    session.flush()
    assert judged(session, site, former).verdict is Verdict.INVALID
    assert judged(session, site, newer).valid
    assert len(session.scalars(select(SigningKey).filter_by(algorithm="EdDSA")).all()) == 2


def test_places_are_never_given_twice_and_tell_nothing(session: Session, site: Site) -> None:
    assertions = issued(session, site, *(f"p{number}" for number in range(8)))
    issuer = assertions[0].edition.badge.issuer
    places = [revoking.place(session, each, issuer, now=NOW) for each in assertions]
    assert len(set(places)) == 8
    assert places[0] == revoking.place(session, assertions[0], issuer, now=NOW)
    assert [index for _, index in places] != sorted(index for _, index in places)
    full = session.scalars(select(StatusList)).one()
    full.next_position = full.size
    session.flush()
    (late,) = issued(session, site, "late")
    assert revoking.place(session, late, issuer, now=NOW)[0] != full.id


def test_a_permutation_gives_each_place_once() -> None:
    for size in (8, 1024, 4096):
        assert sorted(revoking.permuted(each, size, b"seed") for each in range(size)) == list(
            range(size)
        )


def test_a_list_is_signed_anew_only_when_something_was_revoked(
    session: Session, site: Site
) -> None:
    one, two = issued(session, site, "asha", "boris")
    credentials.proven(session, one.uuid, site.keys, now=NOW)
    credentials.proven(session, two.uuid, site.keys, now=NOW)
    number = one.status_list_id or 0
    first = credentials.status_list(session, number, site.keys, now=NOW)
    later = NOW + timedelta(hours=1)
    assert credentials.status_list(session, number, site.keys, now=later) == first
    # Dated before the list was signed, and committed after it.
    awards.revoke(session, one.award, "a mistake", now=NOW - timedelta(days=1))
    second = credentials.status_list(session, number, site.keys, now=later, keep=False)
    assert second != first
    assert credentials.status_list(session, number, site.keys, now=later) == second
    with pytest.raises(NotFoundError):
        credentials.status_list(session, number + 1, site.keys, now=NOW)


def test_an_issuer_has_a_name_of_its_own_and_one_of_its_host(session: Session, site: Site) -> None:
    (assertion,) = issued(session, site, "asha")
    credentials.proven(session, assertion.uuid, site.keys, now=NOW)
    own = credentials.did_document(session, "accolades")
    assert own["id"] == "did:web:127.0.0.1%3A8000:issuers:accolades"
    assert own["alsoKnownAs"] == ["http://127.0.0.1:8000/issuers/accolades"]
    host = credentials.did_document(session, "accolades", site.settings.base_url)
    assert (host["id"], host["alsoKnownAs"]) == ("did:web:127.0.0.1%3A8000", [own["id"]])
    assert {method["type"] for method in own["verificationMethod"]} == {"Multikey", "JsonWebKey"}
    with pytest.raises(NotFoundError):
        credentials.did_document(session, "nobody")


def test_a_token_of_a_revoked_key_is_handed_out_no_more(session: Session, site: Site) -> None:
    """Attacks K3: whoever has the key could forge any of them."""
    (assertion,) = issued(session, site, "asha")
    credentials.token(session, assertion.uuid, site.keys, now=NOW)
    session.commit()
    address = f"/assertions/{assertion.uuid}/ob3.jwt"
    client = create_app(site=site).test_client()
    assert client.get(address).status_code == 200
    assertion.key.state = KeyState.REVOKED
    session.commit()
    assert client.get(address).status_code in {404, 410}
    assert client.get(address.replace(".jwt", "")).status_code == 200


def test_both_versions_name_the_picture_of_the_issuer(session: Session, site: Site) -> None:
    badge = make_badge(session, site)
    badge.issuer.image_id = badge.png_id
    epoch = issuers.add_epoch(session, badge.issuer, site.keys, now=NOW)
    editions.renew(session, badge, now=NOW)
    assertion = give(session, badge, "asha").award.assertions[0]
    text = credentials.proven(session, assertion.uuid, site.keys, now=NOW)
    shown = json.loads(epoch.document)["image"]
    assert json.loads(text)["issuer"]["image"] == {"id": shown, "type": "Image"}
    assert judged(session, site, text).valid
