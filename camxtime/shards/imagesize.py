"""The declared size of an encoded image, read from its first bytes, so that nothing is allocated on its word alone."""

from __future__ import annotations

from camxtime.errors import DataError

MAX_PIXELS = 2**26
"""Most pixels of an image in a dataset (8192 × 8192)."""

MAX_SCANS = 32
"""Most scans of a JPEG image (one, or about ten in a progressive one): each costs as much as decoding it anew."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_TAIL = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def check_size(declared: tuple[int, int], expected: tuple[int, int] | None) -> tuple[int, int]:
    """Return the declared (height, width) if it may be decoded; `DataError` if it is not what the grid says."""
    height, width = declared
    if expected is not None and declared != tuple(expected):
        raise DataError(f"the image declares {width}×{height} pixels where {expected[1]}×{expected[0]} are expected.")
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise DataError(f"the image declares {width}×{height} pixels: a dataset's images have 1 to {MAX_PIXELS}.")
    return declared


def check_scans(data: bytes) -> None:
    """`DataError` for a JPEG of more than `MAX_SCANS` scans: some bytes each, and minutes to decode at full size.

    Start-of-scan markers are counted; they cannot occur in a scan's own bytes (ITU-T T.81, B.1.1.5).
    """
    if data.count(b"\xff\xda") > MAX_SCANS:
        raise DataError(f"the JPEG image has more than {MAX_SCANS} scans.")


def png_size(data: bytes, depth: int, colour_type: int) -> tuple[int, int]:
    """(height, width) of a PNG that must have this bit depth and colour type (0 grey, 2 RGB) and be whole.

    Follows the PNG specification, sections 5.2 and 11.2.2; interlaced files are refused (none is written here).
    """
    if len(data) < 45 or data[:8] != _PNG_SIGNATURE or data[12:16] != b"IHDR":
        raise DataError("the bytes are not a PNG image.")
    if (data[24], data[25], data[28]) != (depth, colour_type, 0):
        raise DataError(
            f"the PNG has bit depth {data[24]}, colour type {data[25]} and interlace {data[28]} where {depth}, "
            f"{colour_type} and 0 are expected."
        )
    if not data.endswith(_PNG_TAIL):
        raise DataError("the PNG is cut short: its end mark is missing.")
    return int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")


def webp_lossless_size(data: bytes) -> tuple[int, int]:
    """(height, width) of a simple lossless WebP (RFC 9649, sections 2.4 and 3.1), which must be whole."""
    if len(data) < 25 or data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8L" or data[20] != 0x2F:
        raise DataError("the bytes are not a lossless WebP image.")
    if int.from_bytes(data[4:8], "little") + 8 != len(data):
        raise DataError("the WebP image is cut short.")
    bits = int.from_bytes(data[21:25], "little")
    return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
