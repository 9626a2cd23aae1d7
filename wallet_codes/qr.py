"""Codes are drawn to be scanned: black on white, under the region's name, with nothing that could distract.

QR code by ISO/IEC 18004: one fixed mask (trying all eight costs several times the rest), level Q for short
texts and M for long ones, a quiet zone of four modules, alphanumeric mode where the text allows. No colour,
no logo: the regions' own apps are not imitated, and red, yellow and green once were states of health.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode

if TYPE_CHECKING:
    from wallet_codes.regions import Region

Matrix = list[list[bool]]

_MASK: Final = 3
_QUIET_ZONE: Final = 4
_SHORT: Final = 100
_WIDTH: Final = 480
_TITLE, _LINE, _MARGIN = 26, 20, 12
_LATIN: Final = 0xFF
"""Up to here a sign takes some six tenths of its height, above as much as its height."""
_FONT: Final = "fonts/noto/NotoSansCJKsc-Regular.otf"


def draw_png(text: str, *, region: Region, caption: str) -> bytes:
    """Draw a code with the region's name above and `caption` below it; PNG, grey, some 450 pixels wide."""
    symbol = _symbol(_matrix(text))
    height = symbol.height + 2 * _MARGIN + _TITLE + _LINE
    picture = Image.new("L", (symbol.width, height), 255)
    picture.paste(symbol, (0, _MARGIN + _TITLE))
    pen = ImageDraw.Draw(picture)
    middle = symbol.width // 2
    _write(pen, region.caption_zh, at=(middle, _MARGIN), size=_TITLE, width=symbol.width)
    _write(pen, caption, at=(middle, height - _MARGIN - _LINE), size=_LINE, width=symbol.width)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def draw_svg(text: str, *, region: Region, caption: str) -> str:
    """Draw the same as SVG in units of one module, without style or script: a strict CSP allows it."""
    matrix = _matrix(text)
    size = len(matrix)
    runs = "".join(_runs(matrix))
    name, below = escape(region.caption_zh), escape(caption)
    label = 'text-anchor="middle" font-family="sans-serif"'
    height = min(2, (size - 2) / max(1, sum(1 if ord(sign) > _LATIN else 0.6 for sign in caption)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size + 7}" role="img">'
        f"<title>{name} {escape(region.caption_en)}</title>"
        f'<path fill="#fff" d="M0 0h{size}v{size + 7}H0z"/>'
        f'<text x="{size / 2}" y="4" font-size="3" {label}>{name}</text>'
        f'<path transform="translate(0 3)" shape-rendering="crispEdges" d="{runs}"/>'
        f'<text x="{size / 2}" y="{size + 4}" font-size="{height:.3g}" {label}>{below}</text>'
        "</svg>"
    )


def _matrix(text: str) -> Matrix:
    level = ERROR_CORRECT_Q if len(text) < _SHORT else ERROR_CORRECT_M
    code = QRCode(error_correction=level, mask_pattern=_MASK, border=_QUIET_ZONE)
    code.add_data(text, optimize=0)
    matrix: Matrix = code.get_matrix()
    return matrix


def _symbol(matrix: Matrix) -> Image.Image:
    size = len(matrix)
    modules = Image.frombytes("L", (size, size), bytes(0 if dark else 255 for row in matrix for dark in row))
    scale = max(4, _WIDTH // size)
    return modules.resize((size * scale, size * scale), Image.Resampling.NEAREST)


def _runs(matrix: Matrix) -> list[str]:
    """One path of horizontal runs: a third of the size of a rectangle for each module."""
    runs = []
    for y, row in enumerate(matrix):
        start = None
        for x, dark in enumerate([*row, False]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
                start = None
    return runs


def _write(pen: ImageDraw.ImageDraw, text: str, *, at: tuple[int, int], size: int, width: int) -> None:
    font = _font(size)
    while text and font.getlength(text) > width - 2 * _MARGIN:
        text = text.removesuffix("…")[:-1] + "…" if len(text) > 1 else ""
    pen.text(at, text, fill=0, font=font, anchor="ma")


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Find the font in the package that brings it, without importing that package's code."""
    spec = find_spec("mpl_font")
    if spec is None or not spec.submodule_search_locations:
        message = "the package mpl-font, which brings the Chinese font, is not installed"
        raise RuntimeError(message)
    return ImageFont.truetype(Path(spec.submodule_search_locations[0]) / _FONT, size)
