# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a site can be served."""

from __future__ import annotations

import socket

from issuer.errors import InvalidInputError


def ensure_free(host: str, port: int) -> None:
    """Raise `InvalidInputError` unless a server could listen at this place."""
    try:
        found = socket.getaddrinfo(host or "none.invalid", port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a host"
        raise InvalidInputError(
            f"{host}, port {port}: {reason}: choose another with --port (make: PORT=…)"
        ) from error
