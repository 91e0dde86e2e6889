# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses as QR codes."""

from __future__ import annotations

import io

import segno
from PIL import Image

#: Modules of quiet around a code; scanners want four (ISO/IEC 18004).
QUIET = 4
#: Pixels of a module, so that a code printed large has sharp edges.
SCALE = 10
PRINTED_MASK = 3
#: What is inked of a code: each module but those that are 0.
INKED = [0] + [255] * 255


def qr_code(address: str) -> str:
    """Return the code of an address as a picture that loads nothing."""
    uri: str = _code(address).svg_data_uri(
        border=2, light="#fff", encode_minimal=False, omitsize=True
    )
    return uri


def png(address: str) -> bytes:
    """Return the code of an address as PNG."""
    return _saved(address, "png", scale=SCALE, border=QUIET)


def printed(address: str, scale: int = SCALE) -> Image.Image:
    """Return the code of an address for a sheet that holds hundreds: made quickly."""
    # Any mask can be read; to find the best one takes ten times as long as all else.
    rows = segno.make(address, error="m", micro=False, mask=PRINTED_MASK).matrix
    side = len(rows)
    dark = Image.frombytes("L", (side, side), b"".join(map(bytes, rows)))
    picture = Image.new("1", (side + 2 * QUIET, side + 2 * QUIET), 1)
    picture.paste(0, (QUIET, QUIET), dark.point(INKED, "1"))
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def svg(address: str) -> bytes:
    """Return the code of an address as a drawing."""
    return _saved(address, "svg", scale=SCALE, border=QUIET, light="#fff", xmldecl=True)


def _code(address: str) -> segno.QRCode:
    return segno.make(address, error="m", micro=False)


def _saved(address: str, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    _code(address).save(written, kind=kind, **options)
    return written.getvalue()
