# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the monitor of fedora-messaging answers: also whether we wait, and counts for Prometheus.

It listens where the part ``[monitoring]`` of its configuration says, else nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fedora_messaging.twisted import monitor
from twisted.application.internet import TCPServer
from twisted.web import http, resource

if TYPE_CHECKING:
    from consumer.status import Status

JSON, TEXT = b"application/json", b"text/plain; version=0.0.4; charset=utf-8"


class Ready(monitor.Ready):
    """``/ready``: 200 while messages are handled, 503 while they wait; always with the reason."""

    isLeaf = True  # noqa: N815 -- Twisted's name

    def __init__(self, status: Status, service: Any) -> None:
        super().__init__(fm_service=service)
        self._status = status

    def render_GET(self, request: Any) -> bytes:  # noqa: N802 -- Twisted's name
        """Answer."""
        if not (self._status.is_ready and self._fm_service.consuming):
            request.setResponseCode(http.SERVICE_UNAVAILABLE)
        answer: bytes = super().render_GET(request)
        return answer

    def _get_response(self) -> dict[str, Any]:
        return {**super()._get_response(), **self._status.as_dict()}


class Metrics(resource.Resource):  # type: ignore[misc]  # an untyped library
    """``/metrics``."""

    isLeaf = True  # noqa: N815 -- Twisted's name

    def __init__(self, status: Status) -> None:
        super().__init__()
        self._status = status

    def render_GET(self, request: Any) -> bytes:  # noqa: N802 -- Twisted's name
        """Answer."""
        request.setHeader(b"Content-Type", TEXT)
        return self._status.metrics().encode()


def install(status: Status) -> None:
    """Let the monitor tell ``status`` too."""

    def monitor_service(fm_service: Any, *, address: str, port: int) -> TCPServer:
        root = resource.Resource()
        root.putChild(b"live", monitor.Live(fm_service=fm_service))
        root.putChild(b"ready", Ready(status, fm_service))
        root.putChild(b"metrics", Metrics(status))
        server = TCPServer(port, monitor.MonitoringSite(root), interface=address)
        server.setName("monitoring")
        server.setServiceParent(fm_service)
        return server

    monitor.monitor_service = monitor_service
