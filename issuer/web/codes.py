# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses as QR codes."""

from __future__ import annotations

import segno


def qr_code(address: str) -> str:
    """Return the code of an address as a picture that loads nothing."""
    uri: str = segno.make(address, error="m", micro=False).svg_data_uri(
        border=2, light="#fff", encode_minimal=False, omitsize=True
    )
    return uri
