# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a site can be served."""

from __future__ import annotations

import socket

from issuer.errors import InvalidInputError


def ensure_free(host: str, port: int) -> None:
    """Raise `InvalidInputError` unless a server could listen at this place."""
    try:
        found = socket.getaddrinfo(host or "none.invalid", port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InvalidInputError(f"host {host!r}: is not of this machine: give another") from error
    family, kind, protocol, _, address = found[0]
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise InvalidInputError(
            f"port {port}: {error.strerror}: choose another with --port (make: PORT=…)"
        ) from error
