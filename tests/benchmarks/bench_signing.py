# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much signing a badge costs beside the bare RSA signature over the same bytes."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from openbadges.keys import generate_rsa
from openbadges.serialization import dumps
from openbadges.signing import sign
from tests.benchmarks.timing import compare, pin, repeated, show
from tests.unit.openbadges import examples

BARE, OURS, BYTES = "bare cryptography", "sign a document", "sign its bytes"


def main() -> None:
    pin()
    key = generate_rsa(examples.KEY_ID)
    if not isinstance(key.raw, rsa.RSAPrivateKey):
        raise TypeError("the comparison is about RSA")
    raw, document = key.raw, examples.signed_assertion()
    signed = sign(document, key).rpartition(".")[0].encode()
    hashing, padded = hashes.SHA256(), padding.PKCS1v15()
    payload = dumps(document)
    figures = compare(
        {
            BARE: repeated(lambda: raw.sign(signed, padded, hashing)),
            OURS: repeated(lambda: sign(document, key)),
            BYTES: repeated(lambda: sign(payload, key)),
        }
    )
    ratios = {
        "document to bare": (OURS, BARE, "at least 0.85"),
        "bytes to bare": (BYTES, BARE, "at least 0.85"),
    }
    show(f"Signing with RSA-{raw.key_size}, {len(signed)} bytes", figures, ratios)


if __name__ == "__main__":
    main()
