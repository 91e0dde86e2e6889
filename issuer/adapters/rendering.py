# SPDX-License-Identifier: AGPL-3.0-or-later
"""Draws SVG as PNG, in a process of its own where the drawing could take ours with it.

The renderer ends its process when memory runs out, and cannot be stopped while it draws.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import resvg_py

from issuer.errors import InvalidInputError

SECONDS = 20
MEMORY = 1 << 30
#: Bytes that may be drawn here, those of each repetition counted; more of them take a child.
MAX_PLAIN = 128 * 1024
#: What needs a child in any case: a pattern can ask for all memory there is.
HEAVY = (b"pattern", b"mask", b"symbol", b"text")
CHILD = f"""\
import base64, json, resource, sys
import resvg_py
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    drawn = bytes(resvg_py.svg_to_bytes(**json.load(sys.stdin)))
except ValueError as error:
    sys.exit(f"error: {{error}}")
print(base64.b64encode(drawn).decode())
"""


def render(content: bytes, width: int, **options: Any) -> bytes:
    """Return a clean drawing as PNG; raise `InvalidInputError` where it cannot be drawn."""
    options |= {"svg_string": content.decode(), "width": width, "skip_system_fonts": True}
    size = len(content) * (1 + content.count(b"href="))
    if size > MAX_PLAIN or any(word in content for word in HEAVY):
        return _in_a_child(options)
    try:
        return bytes(resvg_py.svg_to_bytes(**options))
    except ValueError as error:
        raise InvalidInputError("drawing cannot be rendered: %(reason)s", reason=error) from error


def _in_a_child(options: dict[str, Any]) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter and our own code)
            [sys.executable, "-I", "-c", CHILD],
            input=json.dumps(options),
            capture_output=True,
            text=True,
            timeout=3 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInputError("drawing cannot be rendered: it takes too long") from error
    if done.returncode == 1 and done.stderr.startswith("error: "):
        raise InvalidInputError(
            "drawing cannot be rendered: %(reason)s", reason=done.stderr[7:].strip()
        )
    if done.returncode:
        raise InvalidInputError("drawing cannot be rendered: it takes too long or too much memory")
    return base64.b64decode(done.stdout)
