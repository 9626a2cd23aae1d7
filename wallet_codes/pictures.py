"""A camera's frame or an uploaded picture becomes the texts of its codes; a hostile one becomes an error.

Reading is by zxing-cpp, which finds codes turned, tilted, small or blurred. Sizes are bounded before a pixel
is decoded, because a few bytes can promise a picture that fills the memory.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Final

import zxingcpp
from PIL import Image

from ecert.domain.errors import Malformed

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a picture."""

MOST_PIXELS: Final = 25_000_000
"""Pixels of a picture: 5,000 by 5,000."""

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MOST_CODES: Final = 8
_QR: Final = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
# What Pillow's decoders are known to raise on bytes that lie.
_FAULTS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def read_picture(data: object, *, limit: int = LARGEST) -> tuple[str, ...]:
    """Return the texts of the QR codes in a PNG, JPEG or WebP, at most eight; Malformed `qr.picture`."""
    if not isinstance(data, bytes) or len(data) > limit:
        raise Malformed("qr.picture", f"a picture of at most {limit} bytes is expected")
    found = zxingcpp.read_barcodes(_grey(data), formats=_QR)
    return tuple(code.text for code in found[:_MOST_CODES])


def _grey(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Malformed("qr.picture", f"{picture.width} by {picture.height} pixels")
            return _on_white(picture)
    except _FAULTS:
        raise Malformed("qr.picture") from None


def _on_white(picture: Image.Image) -> Image.Image:
    """Drop the colours, and put a transparent picture on paper: a code cut out has no background."""
    if not picture.has_transparency_data:
        return picture.convert("L")
    coloured = picture.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured).convert("L")
