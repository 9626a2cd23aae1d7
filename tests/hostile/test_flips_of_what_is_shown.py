"""Exhaustively: no bit of what is shown can be turned without the verdict ceasing to be accept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import base45

from ecert.domain.offline import PREFIX
from ecert.domain.receipt import Container, format_container
from ecert.domain.strict import b64url_decode, b64url_encode
from tests.hostile.flips import flipped, flipped_number, flipped_text
from verifier.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecert.domain.receipt import AnchorReceipt
    from tests.hostile.conftest import Tell
    from tests.hostile.shown import Showing


def test_the_container(showing: Showing, tell: Tell) -> None:
    assert showing.file(showing.container) is Verdict.ACCEPT
    verdicts = [showing.file(altered) for altered in flipped(showing.container)]

    assert len(verdicts) == 8 * len(showing.container)
    assert Verdict.ACCEPT not in verdicts
    tell(f"{len(verdicts)} flips of a container, none accepted")


def test_the_bytes_within_the_presentation(showing: Showing, tell: Tell) -> None:
    """Header, claims, signature and disclosures as bytes, each flip encoded again as its one text."""
    assert showing.file(_container(showing)) is Verdict.ACCEPT
    verdicts = [showing.file(_container(showing, sd_jwt=text)) for text in _texts(showing.sd_jwt)]

    assert len(verdicts) > 4_000
    assert Verdict.ACCEPT not in verdicts
    tell(f"{len(verdicts)} flips of the bytes within a presentation, none accepted")


def test_the_receipt_and_each_node_of_its_path(showing: Showing, tell: Tell) -> None:
    receipts = list(_receipts(showing.receipt))
    verdicts = [showing.file(_container(showing, receipt=receipt)) for receipt in receipts]

    assert len(verdicts) == 4 * 63 + 160 + 256 * len(showing.receipt.path)
    assert len(showing.receipt.path) > 1
    assert Verdict.ACCEPT not in verdicts
    tell(f"{len(verdicts)} flips of a receipt, none accepted")


def test_the_redeem_response(showing: Showing, tell: Tell) -> None:
    answer = showing.answer()
    assert showing.online(answer) == {Verdict.ACCEPT}
    verdicts = [showing.online(altered) for altered in flipped_text(answer)]

    assert len(verdicts) == 8 * len(answer)
    assert not any(Verdict.ACCEPT in found for found in verdicts)
    tell(f"{len(verdicts)} flips of a redeem response, none accepted")


def test_the_offline_code(showing: Showing, tell: Tell) -> None:
    assert showing.without_network(showing.offline) == {Verdict.ACCEPT}
    texts = [*flipped_text(showing.offline), *_messages(showing.offline)]
    verdicts = [showing.without_network(text) for text in texts]

    assert not any(Verdict.ACCEPT in found for found in verdicts)
    tell(f"{len(verdicts)} flips of an offline code, as text and as bytes, none accepted")


def _container(showing: Showing, *, sd_jwt: str | None = None, receipt: AnchorReceipt | None = None) -> bytes:
    return format_container(Container(sd_jwt or showing.sd_jwt, receipt or showing.receipt))


def _texts(sd_jwt: str) -> Iterator[str]:
    jwt, *disclosures = sd_jwt.removesuffix("~").split("~")
    parts = [*jwt.split("."), *disclosures]
    for place, part in enumerate(parts):
        for altered in flipped(b64url_decode(part)):
            all_parts = [*parts[:place], b64url_encode(altered), *parts[place + 1 :]]
            yield "~".join([".".join(all_parts[:3]), *all_parts[3:], ""])


def _receipts(receipt: AnchorReceipt) -> Iterator[AnchorReceipt]:
    yield from (replace(receipt, chain_id=number) for number in flipped_number(receipt.chain_id))
    yield from (replace(receipt, batch=number) for number in flipped_number(receipt.batch))
    yield from (replace(receipt, index=number) for number in flipped_number(receipt.index))
    yield from (replace(receipt, size=number) for number in flipped_number(receipt.size))
    for address in flipped(bytes.fromhex(receipt.contract[2:])):
        yield replace(receipt, contract="0x" + address.hex())
    for place, node in enumerate(receipt.path):
        for altered in flipped(node):
            yield replace(receipt, path=(*receipt.path[:place], altered, *receipt.path[place + 1 :]))


def _messages(code: str) -> Iterator[str]:
    for message in flipped(base45.b45decode(code.removeprefix(PREFIX))):
        yield PREFIX + base45.b45encode(message).decode()
