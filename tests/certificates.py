"""Throw-away certificates for mutual TLS: one authority in a folder, and pairs that it has signed."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HERE", "client", "server", "server_files"]

HERE = x509.IPAddress(ip_address("127.0.0.1"))
SIGNER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "members")])


def server(home: Path, name: x509.GeneralName) -> ssl.SSLContext:
    """Give a server's context that asks for a certificate of the authority."""
    server_files(home, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(home / "members.pem")
    context.load_cert_chain(home / "server.pem", home / "server.key")
    return context


def server_files(home: Path, name: x509.GeneralName) -> None:
    """Write server.pem and server.key for a host, and members.pem where it is missing."""
    if not (home / "members.pem").exists():
        authority(home)
    write_pair(home, home / "server.pem", home / "server.key", name)


def client(home: Path, *, another_authority: bool = False) -> Path:
    """Write a deployment's ECERT_LEDGER_TLS; with another authority, whose server is none of it."""
    folder = home / "tls"
    folder.mkdir()
    if not (home / "members.pem").exists():
        authority(home)
    write_pair(home, folder / "client.pem", folder / "client.key", x509.DNSName("deployment.example"))
    if another_authority:
        authority(home)
    (folder / "ca.pem").write_bytes((home / "members.pem").read_bytes())
    return folder


def authority(home: Path) -> None:
    key = generate_private_key(SECP256R1())
    built = certificate(SIGNER, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    signed = built.add_extension(usage, critical=True).sign(key, SHA256())
    (home / "members.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (home / "members.key").write_bytes(pem(key))


def write_pair(home: Path, public: Path, private: Path, name: x509.GeneralName) -> None:
    key = generate_private_key(SECP256R1())
    signer = members_key(home)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "one of them")])
    built = certificate(subject, key).add_extension(x509.SubjectAlternativeName([name]), critical=False)
    public.write_bytes(built.sign(signer, SHA256()).public_bytes(Encoding.PEM))
    private.write_bytes(pem(key))


def certificate(subject: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(SIGNER)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def members_key(home: Path) -> EllipticCurvePrivateKey:
    key = load_pem_private_key((home / "members.key").read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
