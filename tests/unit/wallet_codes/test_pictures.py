"""What is drawn is read again: plain, scaled, turned, tilted, compressed and with a glare on it."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw

from ecert.domain.errors import Malformed
from wallet_codes.codecs import CODECS
from wallet_codes.pictures import read_picture
from wallet_codes.qr import draw_png, draw_svg
from wallet_codes.regions import REGIONS, Region

if TYPE_CHECKING:
    from collections.abc import Callable

HANDLE = bytes.fromhex("8f2c61d07be94a35108dc97f62ab14e3")
OFFLINE = "ECERT1:" + "K9 X$7%*+-./:ZQ0" * 32
CODES = [
    *(
        (CODECS[r.code].encode(HANDLE[: CODECS[r.code].handle_size], minted_at_ms=1_760_000_000_000), r)
        for r in REGIONS
    ),
    (OFFLINE, REGIONS[1]),
]
every_code = pytest.mark.parametrize(("text", "region"), CODES, ids=[*(r.code for r in REGIONS), "offline"])


def drawn(text: str, region: Region) -> Image.Image:
    return Image.open(io.BytesIO(draw_png(text, region=region, caption="不动产登记档案查询 · 60 秒内有效")))


def stored(picture: Image.Image, kind: str = "PNG", **how: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


@every_code
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_plain(text: str, region: Region, kind: str) -> None:
    assert read_picture(stored(drawn(text, region), kind)) == (text,)


@every_code
@pytest.mark.parametrize("scale", [0.5, 0.7, 1.3, 3])
def test_scaled(text: str, region: Region, scale: float) -> None:
    picture = drawn(text, region)
    resized = picture.resize((int(picture.width * scale), int(picture.height * scale)))
    assert read_picture(stored(resized)) == (text,)


@every_code
@pytest.mark.parametrize("angle", [7, 30, 45, 90, 133, 180, 200, 271, 315])
def test_turned(text: str, region: Region, angle: int) -> None:
    turned = drawn(text, region).rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert read_picture(stored(turned)) == (text,)


@every_code
@pytest.mark.parametrize("tilt", [(0.0004, 0), (0, 0.0004), (0.0002, 0.0003)])
def test_tilted(text: str, region: Region, tilt: tuple[float, float]) -> None:
    picture = drawn(text, region)
    matrix = (1.3, 0, -30, 0, 1.3, -30, *tilt)
    tilted = picture.transform(
        (picture.width + 60, picture.height + 60),
        Image.Transform.PERSPECTIVE,
        matrix,
        Image.Resampling.BICUBIC,
        fillcolor=255,
    )
    assert read_picture(stored(tilted)) == (text,)


@every_code
def test_compressed(text: str, region: Region) -> None:
    assert read_picture(stored(drawn(text, region), "JPEG", quality=30)) == (text,)


@every_code
def test_with_a_glare(text: str, region: Region) -> None:
    picture = drawn(text, region)
    middle = picture.width // 2
    ImageDraw.Draw(picture).ellipse((middle + 20, middle + 30, middle + 80, middle + 75), fill=255)
    assert read_picture(stored(picture)) == (text,)


@every_code
def test_on_a_dark_desk_without_background(text: str, region: Region) -> None:
    picture = drawn(text, region).convert("L")
    cut_out = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    cut_out.putalpha(picture.point(lambda value: 255 - value))
    assert read_picture(stored(cut_out)) == (text,)


def test_two_codes_in_one_picture() -> None:
    left, right = drawn(*CODES[0]), drawn(*CODES[1])
    both = Image.new("L", (left.width + right.width, max(left.height, right.height)), 255)
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    assert set(read_picture(stored(both))) == {CODES[0][0], CODES[1][0]}


def test_the_region_is_named_above_the_code() -> None:
    plain, other = (drawn(CODES[0][0], region).crop((0, 0, 400, 40)) for region in (REGIONS[0], REGIONS[3]))
    assert min(plain.tobytes()) == 0
    assert plain.tobytes() != other.tobytes()


def test_a_long_caption_is_shortened() -> None:
    picture = Image.open(io.BytesIO(draw_png("X", region=REGIONS[0], caption="很长的事项名称" * 30)))
    edge = picture.crop((picture.width - 8, 0, picture.width, picture.height))
    assert min(edge.tobytes()) == 255


def test_svg_is_well_formed_and_carries_no_style_or_script() -> None:
    svg = draw_svg(CODES[0][0], region=REGIONS[0], caption='<script>"&')
    tree = ET.fromstring(svg)  # noqa: S314 - our own drawing
    tags = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert set(tags) == {"svg", "title", "path", "text"}
    assert "style" not in svg
    assert '<script>"&' in [element.text for element in tree.iter()]


def test_svg_paints_the_very_modules_of_the_png() -> None:
    svg, scale = draw_svg("ECERT1:AB", region=REGIONS[0], caption=""), 10
    size = int(svg.split('viewBox="0 0 ')[1].split()[0])
    picture = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(picture)
    for run in svg.split('crispEdges" d="M')[1].split('"')[0].rstrip("z").split("zM"):
        place, _, rest = run.partition("h")
        x, y = map(int, place.split())
        wide = int(rest.partition("v")[0])
        pen.rectangle((x * scale, y * scale, (x + wide) * scale - 1, (y + 1) * scale - 1), fill=0)
    assert read_picture(stored(picture)) == ("ECERT1:AB",)


def _truncated() -> bytes:
    return stored(drawn(*CODES[0]))[:-400]


def _promising_too_much() -> bytes:
    return stored(Image.new("1", (5001, 5000)))


@pytest.mark.parametrize(
    "hostile",
    [lambda: b"", lambda: b"no picture", lambda: "text", lambda: None, _truncated, _promising_too_much],
)
def test_what_is_no_picture_is_malformed(hostile: Callable[[], object]) -> None:
    with pytest.raises(Malformed, match=r"qr\.picture"):
        read_picture(hostile())


def test_too_many_bytes_are_not_even_looked_at() -> None:
    with pytest.raises(Malformed, match=r"qr\.picture"):
        read_picture(stored(drawn(*CODES[0])), limit=1000)


def test_a_picture_without_a_code_has_no_texts() -> None:
    assert read_picture(stored(Image.new("L", (300, 300), 128))) == ()
