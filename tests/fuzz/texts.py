"""Targets for signed texts and lists: certificates, containers, status lists, codes, responses, receipts, TOML."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from ecert.domain import certificate, jws, offline, sd_jwt
from ecert.domain.catalogue import parse_catalogue
from ecert.domain.errors import NotFound
from ecert.domain.items import parse_items
from ecert.domain.receipt import format_container, parse_container, parse_receipt, read_certificate
from ecert.domain.redeem import TYP, parse_response
from ecert.domain.status import (
    compress,
    decompress,
    list_id,
    parse_status_list_claims,
    parse_status_ref,
    status_list_claims,
)
from tests.fuzz.trial import parsed, plain, text_of, value_of
from tests.unit.verifier.build import signer
from verifier.receipts import TYP as RECEIPT
from verifier.receipts import parse_receipt as parse_desk_receipt
from wallet_codes.codecs import CODECS
from wallet_codes.codes import read
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png
from wallet_codes.regions import REGIONS, parse_regions

if TYPE_CHECKING:
    from tests.fuzz.trial import Target

_ROOT: Final = Path(__file__).parents[2]
_VECTORS: Final = _ROOT / "tests/vectors"
_SMALL_BITMAP: Final = 1 << 16
_URI: Final = "https://32.example/status-lists/32-1"


def _vector(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((_VECTORS / f"{name}.json").read_text("utf-8"))


def signed_tokens(data: bytes) -> None:
    """A token that is read keeps the very bytes that were signed."""
    text = text_of(data)
    token = parsed(lambda given: jws.parse(given, typ="dc+sd-jwt", limit=8192), text)
    assert token is None or text.startswith(token.signing_input.decode("ascii"))


def sd_jwts(data: bytes) -> None:
    """Parts come back byte for byte; disclosures are put in place or refused."""
    text = text_of(data)
    split = parsed(sd_jwt.split, text)
    assert split is None or str(split) == text
    if split is not None:
        claims = parsed(lambda jwt: jws.parse(jwt, typ="dc+sd-jwt", limit=8192).claims, split.jwt)
        parsed(lambda given: sd_jwt.disclose(claims or {"_sd": []}, given), split.disclosures)


def disclosures(data: bytes) -> None:
    """Any claims with any disclosures, the payload a JSON line of its own."""
    first, *rest = data.split(b"\n", 40)
    claims = value_of(first)
    texts = [sd_jwt.b64url_encode(each) for each in rest]
    parsed(lambda given: sd_jwt.disclose(given, texts), claims if isinstance(claims, dict) else {"_sd": claims})


def certificates(data: bytes) -> None:
    """What is read can be shown in part, and nothing of it is then more than before."""
    text = text_of(data)
    read_whole = parsed(certificate.parse, text)
    if read_whole is not None:
        shown = certificate.parse(certificate.select(text, elements=list(read_whole.elements)[:1], holders=[]))
        assert set(shown.elements) <= set(read_whole.elements)
        assert shown.fingerprint == read_whole.fingerprint


def containers(data: bytes) -> None:
    """A container comes back from its canonical form; a receipt from its claims."""
    for given in (data, text_of(data)):
        found = parsed(parse_container, given)
        assert found is None or parse_container(format_container(found)) == found
        parsed(read_certificate, given)
    receipt = parsed(parse_receipt, value_of(data))
    assert receipt is None or parse_receipt(receipt.claims()) == receipt


def status_lists(data: bytes) -> None:
    """Claims of any shape; what is read is never larger than was allowed."""
    value = value_of(data)
    claims = value if isinstance(value, dict) else {"status_list": value}
    found = parsed(lambda given: parse_status_list_claims(given, max_size=_SMALL_BITMAP), claims)
    assert found is None or len(found.bitmap) <= _SMALL_BITMAP
    parsed(parse_status_ref, value)
    parsed(list_id, value)


def compressed_bitmaps(data: bytes) -> None:
    """Any zlib stream, as it came and encoded by us."""
    for text in (text_of(data), sd_jwt.b64url_encode(data)):
        bitmap = parsed(lambda given: decompress(given, max_size=_SMALL_BITMAP), text)
        assert bitmap is None or len(bitmap) <= _SMALL_BITMAP
    assert decompress(compress(data)) == data


def scanned_codes(data: bytes) -> None:
    """Whatever a scan gun gives; a region that is none is not found."""
    found = parsed(read, text_of(data), also=(NotFound,))
    assert found is None or read(found.text) == found


def payloads(data: bytes) -> None:
    """Each region's own payload: any text decodes to a handle of its size or is refused."""
    for codec in CODECS.values():
        for text in (text_of(data), codec.prefix + text_of(data)):
            handle = parsed(codec.decode, text)
            assert handle is None or len(handle) == codec.handle_size


def offline_codes(data: bytes) -> None:
    """As text, as base45 of the bytes, and the claims alone."""
    parsed(offline.parse, text_of(data))
    parsed(offline.parse, offline.PREFIX + offline.base45.b45encode(data[: 2 * offline.LIMIT]).decode())
    parsed(lambda given: offline.from_wire(offline.cose.loads(given, limit=offline.LIMIT)), data)


def responses(data: bytes) -> None:
    """As text, and as claims signed by a key of nobody."""
    parsed(parse_response, text_of(data))
    value = value_of(data)
    if isinstance(value, dict):
        parsed(parse_response, _token(data, TYP))


def desk_receipts(data: bytes) -> None:
    """As text, and as claims."""
    parsed(parse_desk_receipt, text_of(data))
    parsed(parse_desk_receipt, _token(data, RECEIPT))


def pictures(data: bytes) -> None:
    """Any bytes are a picture of at most eight codes or none."""
    found = parsed(read_picture, data)
    assert found is None or (len(found) <= 8 and all(isinstance(text, str) for text in found))


def _token(payload: bytes, typ: str) -> str:
    header = json.dumps({"typ": typ, "alg": "ES256", "kid": signer("code").kid}).encode()
    return ".".join(map(sd_jwt.b64url_encode, (header, payload, bytes(64))))


def _list(name: str) -> tuple[bytes, bytes]:
    """Give a list as it is, too long to be altered often, and its beginning with a few whole tables."""
    whole = (_ROOT / name).read_bytes()
    return whole, whole[: whole.rindex(b"\n\n", 0, 4000)]


def _formats() -> list[bytes]:
    drawn = Image.open(io.BytesIO(draw_png("10000000", region=REGIONS[0], caption=""))).convert("L").resize((90, 110))
    saved = []
    for name in ("PNG", "JPEG", "WEBP"):
        drawn.save(file := io.BytesIO(), name)
        saved.append(file.getvalue())
    return saved


_CERTIFICATES: Final = [each["text"] for each in _vector("certificate")["read"]]
_CONTAINER: Final = _vector("container")["anchored"]
_CODES: Final = [
    CODECS[region.code].encode(bytes(CODECS[region.code].handle_size), minted_at_ms=10**12) for region in REGIONS
]
_STATUS: Final = status_list_claims(uri=_URI, bitmap=bytes(64), iat=1, exp=2, ttl=3)
_RECEIPT: Final = {"iss": "urn:cn:ecert:region:31", "iat": 1, "jti": "j", "report": "AA", "verdict": "accept"}

TARGETS: Final[tuple[Target, ...]] = (
    plain("jws", signed_tokens, [text.partition("~")[0] for text in _CERTIFICATES]),
    plain("sd_jwt", sd_jwts, _CERTIFICATES, longest=8192),
    plain("disclosures", disclosures, ['{"_sd":["x"],"a":[{"...":"y"}]}\n["s","n",{"_sd":[]}]\n["s",[1]]']),
    plain("certificate", certificates, _CERTIFICATES, longest=8192),
    plain("container", containers, [_CONTAINER, json.dumps(json.loads(_CONTAINER)["receipt"])], longest=8192),
    plain("catalogue", lambda data: parsed(parse_catalogue, data), _list("ecert/domain/catalogue.toml")),
    plain("items", lambda data: parsed(parse_items, data), _list("ecert/domain/items.toml")),
    plain("regions", lambda data: parsed(parse_regions, data), _list("wallet_codes/regions.toml")),
    plain("status_list", status_lists, [json.dumps(_STATUS), json.dumps({"status_list": {"idx": 1, "uri": _URI}})]),
    plain("bitmap", compressed_bitmaps, [compress(bytes(256)), b"x\x9c"]),
    plain("code", scanned_codes, [*_CODES, "10000000"], longest=700),
    plain("payload", payloads, _CODES, longest=256),
    plain("offline", offline_codes, [_vector("codes")["offline"]["text"]], longest=700),
    plain("response", responses, ["{}", _token(b"{}", TYP)], longest=8192),
    plain("desk_receipt", desk_receipts, [json.dumps(_RECEIPT | {"item": None, "use": None})]),
    plain("picture", pictures, _formats(), longest=16384),
)
