"""Makes certificate.json and container.json: `python -m tests.vectors.make`; then docs/spec shows the same example.

Keys are fixed (and public: they sign nothing else); salts and signatures are fresh, so every run makes other texts.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ecert.domain import certificate, suites
from ecert.domain.certificate import Face, parse, select
from ecert.domain.holders import Holder
from ecert.domain.ids import licence_id, uscc_check
from ecert.domain.merkle import Tree
from ecert.domain.receipt import AnchorReceipt, Container, format_container
from ecert.domain.sd_jwt import split
from ecert.domain.signer import LocalSigner
from ecert.domain.status import StatusRef
from ecert.domain.strict import b64url_decode, b64url_encode

HERE = Path(__file__).parent
SECRET = int.from_bytes(b"a demonstration key of nobody !!", "big")
BODY = "11329900MB0X00012"
FACE = Face(
    licence=licence_id(type_code="11100000MB03271699001", issuer=BODY + uscc_check(BODY), serial="00F1E2D3C4B5A697"),
    division="320509",
    iat=1_790_000_000,
    nbf=1_789_920_000,
    exp=None,
    status=StatusRef("https://32.example/status-lists/32-1", 70_123),
    elements={
        "location": "吴江区示例路1号",
        "area": "89.50",
        "co_owners": [{"name": "李示例", "share": "1/2"}, {"name": "王示例", "share": "1/2"}],
    },
    holders=(
        Holder("person", "001", "320599198803070011", "李示例", "owner"),
        Holder("person", "001", "320599199009120020", "王示例", "owner"),
    ),
    file=certificate.File("application/ofd", 70_123, "ab" * 32, "cd" * 32),
)


def signer() -> LocalSigner:
    key = ec.derive_private_key(SECRET, ec.SECP256R1())
    return suites.load_signer("ES256", key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def certificates() -> dict[str, object]:
    whole = str(certificate.sign(FACE, signer()))
    ended = str(certificate.sign(replace(FACE, exp=1_900_000_000, file=None), signer()))
    shown = {
        "whole": whole,
        "area, co-owners and one holder": select(whole, elements=["area", "co_owners"], holders=["320599198803070011"]),
        "nothing shown": select(whole, elements=[], holders=[]),
        "with an end": ended,
    }
    return {
        "source": "docs/spec/certificate.md; made by tests/vectors/make.py, every name and number fictitious",
        "suite": "ES256",
        "spki": b64url_encode(signer().spki),
        "kid": signer().kid,
        "read": [{"name": name, "text": text, **_read(text)} for name, text in shown.items()],
        "refused": _refused(whole, ended),
    }


def _read(text: str) -> dict[str, object]:
    read = parse(text)
    return {
        "fingerprint": read.fingerprint.hex(),
        "licence_id": str(read.licence),
        "exp": read.exp,
        "elements": dict(read.elements),
        "holders": [holder.claims() for holder in read.holders],
        "file": read.file.claims() if read.file else None,
    }


def _refused(whole: str, other: str) -> list[dict[str, str]]:
    jwt, *disclosures = whole.split("~")[:-1]
    cases = {
        "a disclosure twice": ("sd_jwt.repeated", "~".join([jwt, disclosures[0], disclosures[0], ""])),
        "another certificate's disclosure": ("sd_jwt.stray", "~".join([jwt, split(other).disclosures[0], ""])),
        "an entry's field without its entry": ("sd_jwt.stray", "~".join([jwt, _named(disclosures, "share"), ""])),
        "an empty disclosure": ("sd_jwt.form", f"{jwt}~~"),
        "no tilde": ("sd_jwt.form", jwt),
    }
    return [{"name": name, "code": code, "text": text} for name, (code, text) in cases.items()]


def _named(disclosures: list[str], name: str) -> str:
    return next(d for d in disclosures if json.loads(b64url_decode(d))[1] == name)


def containers(text: str) -> dict[str, object]:
    others = [bytes([n]) * 32 for n in range(5)]
    leaves = [*others[:2], parse(text).fingerprint, *others[2:]]
    tree = Tree(leaves)
    receipt = AnchorReceipt(31_323_334, "0x" + "a1" * 20, 7, 2, tree.size, tuple(tree.path(2)))
    return {
        "source": "docs/spec/container.md, docs/spec/receipt.md; made by tests/vectors/make.py",
        "root": tree.root.hex(),
        "leaves": [leaf.hex() for leaf in leaves],
        "anchored": format_container(Container(text, receipt)).decode(),
        "not_yet_anchored": format_container(Container(text, None)).decode(),
    }


def main() -> None:
    made = certificates()
    first = made["read"]
    assert isinstance(first, list)
    for name, vectors in (("certificate", made), ("container", containers(first[1]["text"]))):
        text = json.dumps(vectors, ensure_ascii=False, indent=1) + "\n"
        (HERE / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
