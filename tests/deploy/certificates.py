"""Certificates, and authorities that sign them."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.cluster import HOST

HERE = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
ELSEWHERE = [x509.DNSName("elsewhere.example")]


class Certificate(NamedTuple):
    """It and its key, in PEM."""

    pem: str
    key: str


class Authority:
    """Signs certificates; its own is what they are verified against."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self.pem = self._sign(self._name, self._key.public_key(), is_authority=True)

    def issue(
        self, names: Sequence[x509.GeneralName], *, ends_in: dt.timedelta | None = None
    ) -> Certificate:
        """For an hour, unless it ends otherwise: a negative time is past."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = self._sign(
            _name("Server"), key.public_key(), names=names, ends_in=ends_in or dt.timedelta(hours=1)
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Certificate(pem, private.decode())

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        names: Sequence[x509.GeneralName] | None = None,
        ends_in: dt.timedelta = dt.timedelta(hours=1),
        is_authority: bool = False,
    ) -> str:
        now = dt.datetime.now(dt.UTC)
        serial = x509.random_serial_number()
        builder = (
            x509.CertificateBuilder(self._name, subject, key, serial)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + ends_in)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
