"""A partner's client in one file: needs Python 3.11, `cryptography` and `httpx`, and nothing else of ecert.

It signs every request (RFC 9421, RFC 9530) with the partner's own key and believes only what its sponsor signed. The
profile: docs/spec/gateway.md; from nothing to the first verdict: docs/partners.md.

    python client.py key partner.pem                       # make a key, print what the sponsor is to be told
    python client.py verify card.json --item EC-0101 ...   # a verdict: 0 accept, 1 refuse, 2 cannot decide
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

SKEW = 60
LIMIT = 64 * 1024 * 1024
EXIT = {"accept": 0, "refuse": 1, "cannot_decide": 2}
REQUEST = ("@method", "@authority", "@path", "@query", "content-digest")
ANSWER = '("@status" "content-digest" "signature";req;key="ecert")'
ECDSA = ec.ECDSA(SHA256())


class NotBelieved(Exception):
    """The answer is not the sponsor's: not signed, by another key, about another request, or altered."""


@dataclass(frozen=True)
class Refused(Exception):
    """The sponsor refused the request itself; `code` is frozen, `retry_after` in seconds where it is worth a retry."""

    status: int
    code: str
    title: str
    retry_after: int | None = None


@dataclass
class Partner:
    """One partner at one sponsor: `key` is the partner's, `sponsor` the public key of the sponsor's gateway."""

    url: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    sponsor: ec.EllipticCurvePublicKey = field(repr=False)
    timeout: float = 10.0

    def verify(self, certificate: dict[str, Any] | str, **question: object) -> dict[str, Any]:
        """Verify one certificate, a container or a bare SD-JWT; `question`: division, item, holder, at, known_at."""
        return self.ask("POST", "/api/v1/verifications", wanted(certificate, **question))

    def verify_many(self, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Verify up to 1,000, each made by `wanted`; a `report` or a `problem` each, in their order."""
        return self.ask("POST", "/api/v1/verifications/batch", {"verifications": questions})["results"]

    def redeem(self, code: str, use: dict[str, str], holder: dict[str, str] | None, once: str) -> dict[str, Any]:
        """Redeem a scanned code for one use; after a lost answer ask again with the same `once`."""
        return self.ask("POST", "/api/v1/redemptions", {"code": code, "use": use, "holder": holder}, once)

    def trust_list(self) -> str:
        """Fetch the signed list for verifying offline; it carries its own signature."""
        with httpx.Client(timeout=self.timeout) as client:
            return read(client, httpx.Request("GET", self.url + "/api/v1/trust-list"))[1].decode("ascii")

    def ask(self, method: str, path: str, body: object = None, once: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask, and believe the sponsor alone; NotBelieved, Refused, httpx.HTTPError."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/json"} | ({"idempotency-key": once} if once else {})
        request = httpx.Request(method, self.url + path, headers=headers, content=content)
        sign(self.key, request, content)
        with httpx.Client(timeout=self.timeout) as client:
            response, answered = read(client, request)
        try:
            believe(self.sponsor, request, response, answered)
        except NotBelieved:
            if response.is_success:
                raise
        told = json.loads(answered)
        if not response.is_success:
            wait = response.headers.get("retry-after", "")
            seconds = int(wait) if wait.isdigit() else None
            raise Refused(response.status_code, str(told.get("code")), str(told.get("title")), seconds)
        return told


def wanted(certificate: dict[str, Any] | str, **question: object) -> dict[str, Any]:
    """Make the body of one verification."""
    shown = {"container": certificate} if isinstance(certificate, dict) else {"presentation": certificate}
    return shown | {name: value for name, value in question.items() if value is not None}


def key_name(public: ec.EllipticCurvePublicKey) -> str:
    """Name a key: base64url of the SHA-256 of its SPKI DER, 43 characters."""
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(spki).digest()).rstrip(b"=").decode()


def sign(key: ec.EllipticCurvePrivateKey, request: httpx.Request, content: bytes) -> None:
    """Add Content-Digest, Signature-Input and Signature."""
    request.headers["content-digest"] = digest(content)
    parts = urlsplit(str(request.url))
    values = {
        "@method": request.method,
        "@authority": authority(parts),
        "@path": parts.path or "/",
        "@query": "?" + parts.query,
        "content-digest": request.headers["content-digest"],
    }
    if "idempotency-key" in request.headers:
        values["idempotency-key"] = request.headers["idempotency-key"]
    covered = " ".join(f'"{name}"' for name in values)
    nonce, name = secrets.token_urlsafe(16), key_name(key.public_key())
    params = f'({covered});created={int(time.time())};keyid="{name}";nonce="{nonce}";tag="ecert-request"'
    base = "".join(f'"{name}": {value}\n' for name, value in values.items()) + f'"@signature-params": {params}'
    r, s = decode_dss_signature(key.sign(base.encode("ascii"), ECDSA))
    signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    request.headers["signature-input"] = f"ecert={params}"
    request.headers["signature"] = f"ecert=:{signature}:"


def believe(
    sponsor: ec.EllipticCurvePublicKey, request: httpx.Request, response: httpx.Response, content: bytes
) -> None:
    """Raise NotBelieved unless the sponsor signed this answer to this request, just now."""
    told = response.headers.get("signature-input", "")
    found = re.fullmatch(r'ecert=(\(.*\);created=([0-9]{1,12});keyid="([^"]*)";nonce="[^"]*";tag="ecert-answer")', told)
    signature = re.fullmatch(r"ecert=:([A-Za-z0-9+/=]{88}):", response.headers.get("signature", ""))
    if not found or not signature or not found[1].startswith(ANSWER + ";created="):
        raise NotBelieved("the answer is not signed in the agreed form")
    if found[3] != key_name(sponsor) or abs(time.time() - int(found[2])) > SKEW:
        raise NotBelieved("signed by another key, or by a clock that is off")
    if response.headers.get("content-digest") != digest(content):
        raise NotBelieved("the body is another than was signed")
    asked = request.headers["signature"].removeprefix("ecert=")
    base = (
        f'"@status": {response.status_code}\n"content-digest": {response.headers["content-digest"]}\n'
        f'"signature";req;key="ecert": {asked}\n"@signature-params": {found[1]}'
    )
    raw = base64.b64decode(signature[1])
    try:
        sponsor.verify(encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])), base.encode(), ECDSA)
    except InvalidSignature:
        raise NotBelieved("the signature does not hold") from None


def digest(content: bytes) -> str:
    """Write a Content-Digest (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def authority(parts: SplitResult) -> str:
    """Give the host, and the port unless it is the scheme's own."""
    own = {"http": 80, "https": 443}.get(parts.scheme)
    return str(parts.hostname) if parts.port in {None, own} else f"{parts.hostname}:{parts.port}"


def read(client: httpx.Client, request: httpx.Request) -> tuple[httpx.Response, bytes]:
    """Send, and read at most LIMIT bytes; redirects are not followed."""
    response = client.send(request, stream=True)
    try:
        content = b""
        for part in response.iter_raw():
            content += part
            if len(content) > LIMIT:
                raise NotBelieved("the answer is too large")
        return response, content
    finally:
        response.close()


def make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key in a file of its owner's alone; an existing file is never overwritten."""
    key = ec.generate_private_key(ec.SECP256R1())
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".public.pem").write_bytes(public)
    return key


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("key", help="make a key").add_argument("key", type=Path)
    verify = acts.add_parser("verify", help="verify a file")
    listing = acts.add_parser("trust-list", help="fetch the list")
    for act in (verify, listing):
        act.add_argument("--url", required=True, help="the sponsor's deployment")
        act.add_argument("--key", type=Path, required=True)
        act.add_argument("--sponsor", type=Path, required=True, help="the public key of the sponsor's gateway, PEM")
    verify.add_argument("file", type=Path)
    verify.add_argument("--item", required=True)
    verify.add_argument("--division", required=True)
    verify.add_argument("--holder", help="ID_TYPE:ID")
    args = parser.parse_args()
    if args.act == "key":
        print(key_name(make_key(args.key).public_key()))
        return 0
    key, sponsor = load_pem_private_key(args.key.read_bytes(), None), load_pem_public_key(args.sponsor.read_bytes())
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(sponsor, ec.EllipticCurvePublicKey):
        parser.error("P-256 keys are wanted")
    partner = Partner(args.url, key, sponsor)
    if args.act == "trust-list":
        print(partner.trust_list())
        return 0
    id_type, _, number = (args.holder or "").partition(":")
    holder = {"id_type": id_type, "id": number} if number else None
    certificate = json.loads(args.file.read_text("utf-8"))
    report = partner.verify(certificate, division=args.division, item=args.item, holder=holder)
    print(json.dumps(report, ensure_ascii=False, indent=2))
    return EXIT[report["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
