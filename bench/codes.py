"""Codes in a whole house: mint, redeem, judge what came; draw the picture and read it back."""

from __future__ import annotations

from functools import partial
from itertools import count

from bench.house import REGION, request
from bench.shapes import HOLDER
from bench.timing import Row, interleaved, row
from ecert.app.demo.windows import Window
from ecert.app.wiring import House
from ecert.domain.items import by_item_code
from issuer import issue
from verifier import Redemption, redeem
from wallet_codes import MintRequest, mint
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png

__all__ = ["measure"]

ITEM = by_item_code("EC-0013")
"""A doctor in several provinces: the practising licence and the identity card, which is missing here."""


def measure(house: House) -> list[Row]:
    """Mint, redeem at another region's window, draw and read; times by the wall: each writes durably."""
    issue(house.issuer, request(), now=house.floor.now())
    house.settle()
    window, keys = Window(house, 31), count()
    ask = MintRequest(region=REGION, holder=HOLDER.ref, item=ITEM.code)
    minted = mint(house.home, ask, now=house.floor.now())

    def code() -> str:
        return mint(house.home, ask, now=house.floor.now()).text

    def whole() -> object:
        redemption = Redemption(code(), window.use(ITEM), HOLDER.ref, "bench", f"bench-{next(keys)}")
        report = redeem(redemption, codes=house.codes, replica=house.replica, now=house.floor.now())
        if not report.certificates:
            raise RuntimeError(str(report.findings))
        return report

    durable = interleaved({"mint": code, "redeem": whole}, rounds=51, waits=True)
    picture = draw_png(minted.text, region=minted.region, caption=minted.region.caption_zh)
    drawn = interleaved(
        {
            "draw": partial(draw_png, minted.text, region=minted.region, caption=minted.region.caption_zh),
            "read": partial(read_picture, picture),
        },
        rounds=51,
    )
    return [
        row("mint an online code, durably", durable["mint"] * 1e3, "ms"),
        row("redeem it and judge the answer", (durable["redeem"] - durable["mint"]) * 1e3, "ms"),
        row("draw its QR as PNG", drawn["draw"] * 1e3, "ms"),
        row("read the PNG", drawn["read"] * 1e3, "ms"),
    ]
