# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hands badges in to the verifier in every form, and reads what it says."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from tests.issuing import BASE_URL

if TYPE_CHECKING:
    from flask.testing import FlaskClient

BROWSER = {"Accept": "text/html"}
EVERY_FORM = ["baked.png", "baked.svg", "signed.jws", "hosted.json"]


def in_every_form(client: FlaskClient, address: str) -> dict[str, bytes]:
    path = address.removeprefix(BASE_URL)
    return {
        "baked.png": client.get(f"{path}/image").data,
        "baked.svg": client.get(f"{path}/image.svg").data,
        "signed.jws": client.get(f"{path}.jws").data,
        "hosted.json": client.get(f"{path}.json").data,
    }


def upload(client: FlaskClient, name: str, content: bytes, **fields: str) -> str:
    return client.post("/verify", data={"file": (io.BytesIO(content), name), **fields}).text


def headline(page: str) -> str:
    found = re.search(r'<h1 id="verdict">(.*?)</h1>', page)
    assert found, page
    return found[1]
