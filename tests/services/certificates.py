# SPDX-License-Identifier: AGPL-3.0-or-later
"""An authority of the tests' own, and certificates by it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Files:
    """Where a certificate and its key lie."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """Makes certificates for names; its own is ``authority.pem`` in its folder."""

    folder: Path
    name: x509.Name
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, folder: Path, name: str = "Authority of the tests") -> Authority:
        """Make an authority; its files go to the folder."""
        made = cls(folder, _named(name), ec.generate_private_key(ec.SECP256R1()))
        own = x509.BasicConstraints(ca=True, path_length=0)
        certificate = made._sign(made.name, made.key, own)
        made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return made

    @property
    def certificate(self) -> Path:
        """Where the certificate lies by which the others are known."""
        return self.folder / "authority.pem"

    def issue(self, name: str) -> Files:
        """Return a certificate for a name of the network; anybody may read both files."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(
            _named(name), key, x509.SubjectAlternativeName([x509.DNSName(name)])
        )
        files = Files(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        for path in (files.certificate, files.key):
            path.chmod(0o644)
        return files

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(extension, critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
