# SPDX-License-Identifier: AGPL-3.0-or-later
"""TLS: the certificate is that of the host in the URL, wherever the connection goes."""

from __future__ import annotations

import datetime
import ssl
import time
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from issuer.adapters.exchanges import Answer, Deadline, exchange, trusted
from issuer.adapters.fetching import GuardedFetcher
from issuer.adapters.places import Policy
from openbadges.errors import FetchError
from tests.unit.issuer.adapters.serving import OK, resolving, serving

if TYPE_CHECKING:
    import socket
    from pathlib import Path

HOST = "badges.example"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a certificate for the host, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class SecureServer:
    """Answers over TLS, and notes the names that clients ask for."""

    def __init__(self, certificate: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.names: list[str | None] = []
        self.requests: list[bytes] = []

    def __call__(self, connection: socket.socket, _: bytes) -> None:
        with self.context.wrap_socket(connection, server_side=True) as secure:
            self.requests.append(secure.recv(65536))
            secure.sendall(OK)


def fetching(trust: ssl.SSLContext | None) -> GuardedFetcher:
    return GuardedFetcher(allow_loopback=True, resolve=resolving("127.0.0.1"), tls=trust)


def test_the_host_of_the_url_is_named_and_its_certificate_checked(certificate: Path) -> None:
    server = SecureServer(certificate)
    trust = ssl.create_default_context(cafile=str(certificate))
    with serving(server, speaks_first=True) as (url, _):
        port = url.rpartition(":")[2]
        assert fetching(trust).fetch(f"https://{HOST}:{port}/a").body == b"{}"
        assert server.names == [HOST]
        assert server.requests[0].startswith(b"GET /a HTTP/1.1\r\nHost: badges.example:")
        with pytest.raises(FetchError, match="certificate"):
            fetching(trust).fetch(f"https://other.example:{port}/")
        with pytest.raises(FetchError, match="certificate"):
            fetching(trust).fetch(f"https://127.0.0.1:{port}/")
        assert len(server.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with serving(SecureServer(certificate), speaks_first=True) as (url, _):
        port = url.rpartition(":")[2]
        with pytest.raises(FetchError, match="certificate"):
            fetching(None).fetch(f"https://{HOST}:{port}/")


def test_certificates_are_checked_by_default() -> None:
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
    assert trusted() is trusted()


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.org/", "example.org"),
        ("https://EXAMPLE.org:443/", "example.org"),
        ("http://127.0.0.1:8000/", "127.0.0.1:8000"),
        ("https://[::1]:8443/", "[::1]:8443"),
    ],
)
def test_the_host_is_named_as_servers_expect_it(url: str, header: str) -> None:
    policy = Policy(allow_loopback=True)
    assert policy.check(url, resolving("93.184.216.34"), 1.0).host_header == header


def test_an_address_that_is_silent_leaves_time_for_the_next() -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(OK)

    with serving(answer) as (url, _):
        port = url.rpartition(":")[2]
        both = resolving("127.0.0.2", "127.0.0.1")  # nobody listens at the first
        place = Policy(allow_loopback=True).check(f"http://{HOST}:{port}/", both, 1.0)
        found = exchange(place, {}, Deadline(time.monotonic, time.monotonic() + 5))
    assert isinstance(found, Answer)
    assert found.body == b"{}"
