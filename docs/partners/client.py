"""A partner's client in one file: needs Python 3.11, `cryptography` and `httpx`, and nothing else of ecert.

It signs every request (RFC 9421, RFC 9530) with the partner's own key and believes only verdicts that its sponsor
signed. The profile: docs/spec/gateway.md; from nothing to the first verdict: docs/partners.md.

    python client.py key partner.pem                       # make a key, print what the sponsor is to be told
    python client.py verify card.json --item EC-0101 ...   # a verdict: 0 accept, 1 refuse, 2 cannot decide
    python client.py subscribe https://us.example/told ... # be called when something that was accepted changes

1 is for a verdict alone: an outage, a forged answer or a refused request ends with 2 and a line on standard error.
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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
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
NO_VERDICT, WRONG_USAGE = 2, 3
REQUEST = ("@method", "@authority", "@path", "@query", "content-digest")
CALLBACK = re.compile(
    r'ecert=(\("@method" "@authority" "@path" "@query" "content-digest"\)'
    r';created=([0-9]{1,12});keyid="([^"]*)";nonce="([A-Za-z0-9_-]{16,64})";tag="ecert-request")'
)
ANSWER = '("@status" "content-digest" "signature";req;key="ecert")'
TRUST_LIST = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
ECDSA = ec.ECDSA(SHA256())


class NotBelieved(Exception):
    """It is not the sponsor's: not signed, by another key, about another request, altered, old or sent again."""


@dataclass(eq=False)
class Refused(Exception):
    """The request itself was refused; `code` is frozen, `retry_after` in seconds where it is worth a retry.

    It may be unsigned, for a sponsor signs for those whom it knows, and `code` is empty where a proxy answered with a
    page of its own: it says nothing of any certificate.
    """

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
        """Verify one certificate, a container or a bare SD-JWT.

        `question`: division, item, holder, at, known_at, and `subscription` to be called of later changes.
        """
        return self.ask("POST", "/api/v1/verifications", wanted(certificate, **question))

    def verify_many(self, questions: list[dict[str, Any]], subscription: str | None = None) -> list[dict[str, Any]]:
        """Verify up to 1,000, each made by `wanted`; a `report` or a `problem` each, in their order."""
        body = {"verifications": questions, "subscription": subscription}
        return self.ask("POST", "/api/v1/verifications/batch", body)["results"]

    def redeem(
        self, code: str, use: dict[str, str], holder: dict[str, str] | None, once: str, subscription: str | None = None
    ) -> dict[str, Any]:
        """Redeem a scanned code for one use; after a lost answer ask again with the same `once`."""
        body = {"code": code, "use": use, "holder": holder, "subscription": subscription}
        return self.ask("POST", "/api/v1/redemptions", body, once)

    def subscribe(self, url: str, days: int = 90) -> str:
        """Ask to be called at `url`; name what comes back in `verify`. What is accepted is kept for `days`."""
        return self.ask("POST", "/api/v1/subscriptions", {"url": url, "days": days})["id"]

    def subscriptions(self) -> list[dict[str, Any]]:
        """See one's own: id, url, days, made_at, sequence, waiting, given_up."""
        return self.ask("GET", "/api/v1/subscriptions")["subscriptions"]

    def unsubscribe(self, subscription: str) -> None:
        """End one; what was kept for it is forgotten at once."""
        self.ask("DELETE", f"/api/v1/subscriptions/{subscription}")

    def trust_list(self) -> str:
        """Fetch the signed list for verifying offline; it carries its own signature, which whoever uses it holds."""
        with httpx.Client(timeout=self.timeout) as client:
            response, content = read(client, httpx.Request("GET", self.url + "/api/v1/trust-list"))
        if not response.is_success:
            raise refused(response, content)
        if not TRUST_LIST.fullmatch(text := content.decode("ascii", "replace").strip()):
            raise NotBelieved("the answer is no trust list")
        return text

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
        if not response.is_success:
            raise refused(response, answered)
        return json.loads(answered) if answered else None


@dataclass
class Inbox:
    """Takes callbacks that came to `url`; `last` is the newest sequence of each subscription: keep it, and events.

    A callback may come more than once, under the same `event`: do again what you did then, or nothing.
    """

    url: str
    sponsor: ec.EllipticCurvePublicKey = field(repr=False)
    last: dict[str, int] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict, repr=False)

    def take(self, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
        """Believe one POST, or raise NotBelieved: answer 401 then, and 204 once you have written down what it says.

        `missed` is how many came to nobody since the one before: verify again what you hold. `is_repeat` is one
        that came before, or behind a later one.
        """
        now, fields = int(time.time()), {name.lower(): value for name, value in headers.items()}
        nonce = self._hold(fields, content, now)
        told = json.loads(content)
        last = self.last.get(told["subscription"], 0)
        self.last[told["subscription"]] = max(last, told["sequence"])
        # Beyond the skew the clock refuses it.
        self.nonces = {name: until for name, until in self.nonces.items() if until >= now} | {nonce: now + 2 * SKEW}
        return told | {"missed": max(0, told["sequence"] - last - 1), "is_repeat": told["sequence"] <= last}

    def _hold(self, fields: dict[str, str], content: bytes, now: int) -> str:
        found = CALLBACK.fullmatch(fields.get("signature-input", ""))
        if not found or found[3] != key_name(self.sponsor) or abs(now - int(found[2])) > SKEW:
            raise NotBelieved("not signed in the agreed form, by another key, or by a clock that is off")
        if fields.get("content-digest") != digest(content):
            raise NotBelieved("the body is another than was signed")
        base = signature_base(covered_of("POST", self.url, fields["content-digest"]), found[1])
        hold_signature(self.sponsor, fields.get("signature", ""), base)
        if self.nonces.get(found[4], 0) >= now:
            raise NotBelieved("this very message came before")
        return found[4]


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
    values = covered_of(request.method, str(request.url), request.headers["content-digest"])
    if "idempotency-key" in request.headers:
        values["idempotency-key"] = request.headers["idempotency-key"]
    covered = " ".join(f'"{name}"' for name in values)
    nonce, name = secrets.token_urlsafe(16), key_name(key.public_key())
    params = f'({covered});created={int(time.time())};keyid="{name}";nonce="{nonce}";tag="ecert-request"'
    r, s = decode_dss_signature(key.sign(signature_base(values, params), ECDSA))
    signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    request.headers["signature-input"] = f"ecert={params}"
    request.headers["signature"] = f"ecert=:{signature}:"


def believe(
    sponsor: ec.EllipticCurvePublicKey, request: httpx.Request, response: httpx.Response, content: bytes
) -> None:
    """Raise NotBelieved unless the sponsor signed this answer to this request, just now."""
    told = response.headers.get("signature-input", "")
    found = re.fullmatch(r'ecert=(\(.*\);created=([0-9]{1,12});keyid="([^"]*)";nonce="[^"]*";tag="ecert-answer")', told)
    if not found or not found[1].startswith(ANSWER + ";created="):
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
    hold_signature(sponsor, response.headers.get("signature", ""), base.encode())


def covered_of(method: str, url: str, content_digest: str) -> dict[str, str]:
    """Name what a request's signature covers."""
    parts = urlsplit(url)
    path, query = parts.path or "/", "?" + parts.query
    named = {"@method": method, "@authority": authority(parts), "@path": path, "@query": query}
    return named | {"content-digest": content_digest}


def signature_base(covered: dict[str, str], params: str) -> bytes:
    """Write what is signed (RFC 9421 section 2.5)."""
    lines = [f'"{name}": {value}\n' for name, value in covered.items()]
    return ("".join(lines) + f'"@signature-params": {params}').encode("ascii")


def hold_signature(sponsor: ec.EllipticCurvePublicKey, told: str, base: bytes) -> None:
    """Raise NotBelieved unless the sponsor signed these bytes; r and s of 32 bytes each."""
    signature = re.fullmatch(r"ecert=:([A-Za-z0-9+/]{86}==):", told)
    raw = base64.b64decode(signature[1]) if signature else bytes(64)
    try:
        sponsor.verify(encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])), base, ECDSA)
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


def refused(response: httpx.Response, content: bytes) -> Refused:
    """Read a problem as far as it is one: who refuses may be a proxy, with a page of its own or with nothing."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    problem = told if isinstance(told, dict) else {}
    wait = re.fullmatch(r"[0-9]{1,9}", response.headers.get("retry-after", ""))
    code, title = (str(problem.get(name) or "") for name in ("code", "title"))
    return Refused(response.status_code, code, title or response.reason_phrase, int(wait[0]) if wait else None)


def make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key in a file of its owner's alone; an existing file is never overwritten."""
    key = ec.generate_private_key(ec.SECP256R1())
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".public.pem").write_bytes(public)
    return key


class Parser(argparse.ArgumentParser):
    """Ends wrong usage with 3, for 2 means that nothing was decided."""

    def error(self, message: str) -> NoReturn:
        """Say how it is used, and what is wrong."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """Describe the commands."""
    made = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    acts = made.add_subparsers(dest="act", required=True)
    acts.add_parser("key", help="make a key").add_argument("key", type=Path)
    verify = acts.add_parser("verify", help="verify a file")
    listing = acts.add_parser("trust-list", help="fetch the list")
    subscribe = acts.add_parser("subscribe", help="be called of changes; prints the subscription")
    seeing = acts.add_parser("subscriptions", help="see one's own")
    unsubscribe = acts.add_parser("unsubscribe", help="end one")
    for act in (verify, listing, subscribe, seeing, unsubscribe):
        act.add_argument("--url", required=True, help="the sponsor's deployment")
        act.add_argument("--key", type=Path, required=True)
        act.add_argument("--sponsor", type=Path, required=True, help="the public key of the sponsor's gateway, PEM")
    verify.add_argument("file", type=Path)
    verify.add_argument("--item", required=True)
    verify.add_argument("--division", required=True)
    verify.add_argument("--holder", help="ID_TYPE:ID")
    verify.add_argument("--subscription", help="be called when what is accepted now changes later")
    listing.add_argument("--to", type=Path, required=True, help="the file, replaced once the new list is whole")
    subscribe.add_argument("callback", help="an https URL of yours")
    subscribe.add_argument("--days", type=int, default=90, help="for how long what was accepted is kept")
    unsubscribe.add_argument("subscription")
    return made


def main() -> int:
    """Run one command; 1 is a verdict's alone, so nothing may end as Python ends what nobody catches."""
    args = parser().parse_args()
    try:
        if args.act == "key":
            print(key_name(make_key(args.key).public_key()))
            return 0
        partner = opened(args)
        card = json.loads(args.file.read_text("utf-8")) if args.act == "verify" else None
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with what was named
        parser().error(f"{type(fault).__name__}: {fault}")
    try:
        return run(partner, args, card)
    except Refused as no:
        wait = "" if no.retry_after is None else f", try again in {no.retry_after} s"
        print(f"refused: {no.status} {no.code} {no.title}{wait}", file=sys.stderr)
    except Exception as fault:  # noqa: BLE001 - NotBelieved, httpx.HTTPError, or a defect: none is a verdict
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
    return NO_VERDICT


def opened(args: argparse.Namespace) -> Partner:
    """Read both keys."""
    key, sponsor = load_pem_private_key(args.key.read_bytes(), None), load_pem_public_key(args.sponsor.read_bytes())
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(sponsor, ec.EllipticCurvePublicKey):
        raise TypeError("P-256 keys are wanted")
    if httpx.URL(args.url).scheme not in {"http", "https"}:
        raise ValueError("an https URL is wanted")
    return Partner(args.url, key, sponsor)


def run(partner: Partner, args: argparse.Namespace, card: Any) -> int:  # noqa: ANN401 - JSON
    """Ask, and print what came; the exit status is the verdict's."""
    match args.act:
        case "trust-list":
            beside = args.to.with_name(args.to.name + ".new")
            beside.write_text(partner.trust_list() + "\n", "ascii")
            beside.replace(args.to)  # who reads meanwhile, or after a failure, has the old list whole
        case "subscribe":
            print(partner.subscribe(args.callback, args.days))
        case "subscriptions":
            print(json.dumps(partner.subscriptions(), indent=2))
        case "unsubscribe":
            partner.unsubscribe(args.subscription)
        case _:
            return judge(partner, args, card)
    return 0


def judge(partner: Partner, args: argparse.Namespace, card: Any) -> int:  # noqa: ANN401 - JSON
    """Verify a certificate and print its report."""
    id_type, _, number = (args.holder or "").partition(":")
    holder = {"id_type": id_type, "id": number} if number else None
    asked = {"division": args.division, "item": args.item, "holder": holder, "subscription": args.subscription}
    report = partner.verify(card, **asked)
    print(json.dumps(report, ensure_ascii=False, indent=2))
    return EXIT[report["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
