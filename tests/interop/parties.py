"""Issuers whose keys both sides hold, our profile's claims for a foreign issuer, and a world that trusts its key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from ecert.domain import certificate, suites
from ecert.domain.catalogue import by_no
from ecert.domain.certificate import Face, File
from ecert.domain.holders import Holder
from ecert.domain.ids import licence_id
from ecert.domain.sd_jwt import split
from ecert.domain.signer import LocalSigner, kid
from ecert.domain.status import StatusRef
from tests.unit.verifier.build import ISSUER, LI, Issued, World

# Long past and far off, so that foreign readers, which read the machine's clock, agree whenever this is run.
IAT, NBF, EXP = 1_700_000_000, 1_699_920_000, 4_000_000_000
ESTATE = by_no(24)
WANG = Holder("person", "001", "320599199009120020", "王示例", "owner")
FACE = Face(
    licence=licence_id(type_code=ESTATE.code, issuer=ISSUER, serial="00F1E2D3C4B5A697"),
    division="320509",
    iat=IAT,
    nbf=NBF,
    exp=EXP,
    status=StatusRef("https://32.example/status-lists/32-1", 7),
    elements={
        "BDCDYH": "320509001001GB00001F00010001",
        "ZL": "吴江区示例路1号",
        "QLR": [{"CZZT": "李示例", "GYBL": "1/2"}, {"CZZT": "王示例", "GYBL": "1/2"}],
    },
    holders=(LI, WANG),
    file=File("application/ofd", 70_123, "ab" * 32, "cd" * 32),
)


@dataclass(frozen=True, slots=True)
class Key:
    """A private key as a foreign issuer takes it, with the suite that the trusted record gives it."""

    suite: str
    pkcs8: bytes

    @property
    def private_pem(self) -> str:
        private = load_der_private_key(self.pkcs8, password=None)
        return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def public_pem(self) -> str:
        return self._public(Encoding.PEM).decode()

    @property
    def spki(self) -> bytes:
        return self._public(Encoding.DER)

    @property
    def header(self) -> dict[str, str]:
        return {"typ": "dc+sd-jwt", "alg": self.suite, "kid": kid(self.spki)}

    @property
    def signer(self) -> LocalSigner:
        return suites.load_signer(self.suite, self.pkcs8)

    def _public(self, encoding: Encoding) -> bytes:
        private = load_der_private_key(self.pkcs8, password=None)
        return private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def new_key(suite: str = "ES256") -> Key:
    """Make a key of a suite, also of those that only verify here."""
    makers = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    }
    return Key(suite, makers[suite]().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def ours(key: Key) -> str:
    """Give what the house issues: a certificate with recursive disclosures, two holders and a file."""
    return str(certificate.sign(FACE, key.signer))


def visible(**changes: object) -> dict[str, Any]:
    """Give the claims that our profile leaves visible; `_sd_alg` an issuer adds itself. None drops one."""
    claims = {
        "iss": certificate.ISS + ISSUER,
        "vct": certificate.VCT + ESTATE.code,
        "licence_id": str(FACE.licence),
        "division": FACE.division,
        "iat": IAT,
        "nbf": NBF,
        "exp": EXP,
        "status": FACE.status.claim(),
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def hidden(*, file: bool = True) -> dict[str, Any]:
    """Give the claims that our profile hides, each part by itself."""
    holders = [holder.claims() for holder in FACE.holders]
    parts: dict[str, Any] = {"elements": dict(FACE.elements), "holders": holders}
    if file and FACE.file is not None:
        parts["file"] = FACE.file.claims()
    return parts


def disclosed() -> dict[str, Any]:
    """Give all claims of `FACE` with everything disclosed, as any reader must see them."""
    return visible() | hidden()


def trusting(folder: Path, *, suite: str, spki: bytes) -> World:
    """Found a world in which Jiangsu's authority has registered this key."""
    return World(folder, instead={"key_suite": suite, "key_spki": spki, "key_keyId": suites.key_id(spki)})


def anchored(world: World, text: str) -> Issued:
    """Anchor a foreign certificate as it is."""
    (issued,) = world.anchor(Issued(split(text)))
    return issued
