# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a key signs that never left its token, as both outside judges see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from issuer.app import create_app
from issuer.models import Assertion
from tests.issuing import give, make_badge, make_site
from tests.lookups import Stranger
from tests.services import judge3
from tests.services.missing import MissingError, stop_test

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.judge import Judge
    from tests.services.softhsm import Token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_what_a_token_signs_is_valid(judge_ob2: Judge, pkcs11_token: Token, tmp_path: Path) -> None:
    try:
        judge = judge3.prepare()
    except MissingError as error:
        stop_test(str(error))
    site = make_site(tmp_path, "", **pkcs11_token.settings())
    with site.database.writing() as session:
        award = give(session, make_badge(session, site), "asha").award
        uuid = session.scalars(select(Assertion.uuid).filter_by(award_id=award.id)).one()
    stranger = Stranger(create_app(site=site).test_client(), site.settings.base_url)
    address, client = f"/assertions/{uuid}", stranger.client
    signed, picture = client.get(f"{address}.jws").text, tmp_path / "badge.png"
    picture.write_bytes(client.get(f"{address}/image").data)
    documents = stranger.documents(signed)
    forms = (site.settings.base_url + address, signed, str(picture))
    reports = judge_ob2.batch([{"input": form, "documents": documents} for form in forms])
    assert [report["strict_valid"] for report in reports] == [True] * len(forms)
    proof, token = (client.get(address + form).text for form in ("/ob3", "/ob3.jwt"))
    with site.database.reading() as session:
        known = stranger.credentials_of(*session.scalars(select(Assertion)))
    for form in (proof, token):
        report = judge.judge(form, known)
        assert report["valid"], report["failed"]
    assert not site.settings.keys.exists()
    site.database.dispose()
