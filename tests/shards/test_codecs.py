"""Codecs: what goes in comes out, at any size; what is damaged or pretends to be huge is refused with a clear error."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.shards import codecs
from camxtime.shards.imagesize import MAX_PIXELS

SIDES = st.integers(1, 40)
SHAPES = st.tuples(SIDES, SIDES)
DEPTHS = st.one_of(st.floats(float(np.float32(0.0011)), 9e5, width=32), st.just(np.inf), st.floats(2.0, 12.0, width=32))
ALL = ("jpeg:95", "jpeg:95:444", "jpeg:1", "jpeg:100", "png", "webp", "logpng16", "zstd32", "png16")


def images_of(codec: codecs.Codec) -> st.SearchStrategy[np.ndarray]:
    """Any image that a codec takes."""
    if codec.dtype == np.float32:
        return SHAPES.flatmap(lambda s: hnp.arrays(np.float32, s, elements=DEPTHS))
    if codec.dtype == np.uint16:
        return SHAPES.flatmap(lambda s: hnp.arrays(np.uint16, s))
    return SHAPES.flatmap(lambda s: hnp.arrays(np.uint8, (*s, 3)))


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_round_trip(name: str, data: st.DataObject) -> None:
    codec = codecs.get(name)
    image = data.draw(images_of(codec))
    encoded = codec.encode(image)
    decoded = codec.decode(encoded, image.shape[:2])
    assert decoded.shape == image.shape and decoded.dtype == image.dtype
    assert codec.encode(image) == encoded
    if codec.lossless:
        assert np.array_equal(decoded, image)
    elif name == "logpng16":
        assert np.array_equal(np.isinf(decoded), np.isinf(image))
        hit = np.isfinite(image)
        error = np.abs(decoded[hit].astype(np.float64) / image[hit] - 1)
        assert error.size == 0 or error.max() < 1.6e-4


def smooth_rgb(height: int = 90, width: int = 120) -> np.ndarray:
    """A smooth colourful image, kind to JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([2 * x, 2 * y, 255 - x - y], axis=-1).clip(0, 255).astype(np.uint8)


def test_jpeg_is_close_and_444_closer_in_colour() -> None:
    y, x = np.mgrid[0:64, 0:64]
    image = np.where(((x + y) % 2)[..., None] == 0, [220, 40, 40], [40, 40, 220]).astype(np.uint8)
    errors = [
        np.abs(codecs.get(name).decode(codecs.get(name).encode(image)).astype(int) - image).mean()
        for name in ("jpeg:95", "jpeg:95:444")
    ]
    assert errors[1] < 8 < errors[0]
    smooth = smooth_rgb()
    assert np.abs(codecs.get("jpeg:95").decode(codecs.get("jpeg:95").encode(smooth)).astype(int) - smooth).mean() < 1


def test_jpeg_is_baseline() -> None:
    data = codecs.get("jpeg:95").encode(smooth_rgb())
    assert b"\xff\xc0" in data and b"\xff\xc2" not in data  # SOF0, not SOF2 (progressive)


def test_views_and_other_memory_layouts_encode_alike() -> None:
    image = smooth_rgb()
    for name in ("jpeg:95", "png", "webp"):
        codec = codecs.get(name)
        assert codec.encode(image[::-1, ::-1]) == codec.encode(np.ascontiguousarray(image[::-1, ::-1]))
        assert codec.encode(np.asfortranarray(image)) == codec.encode(image)


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("jpeg:95", np.zeros((4, 4), np.uint8)),
        ("jpeg:95", np.zeros((4, 4, 4), np.uint8)),
        ("jpeg:95", np.zeros((4, 4, 3), np.float32)),
        ("png", np.zeros((0, 4, 3), np.uint8)),
        ("webp", np.zeros((1, 16_384, 3), np.uint8)),
        ("png16", np.zeros((4, 4), np.int32)),
        ("logpng16", np.ones((4, 4), np.float64)),
        ("logpng16", np.zeros((4, 4), np.float32)),
        ("logpng16", np.full((4, 4), np.nan, np.float32)),
        ("logpng16", np.full((4, 4), 2e6, np.float32)),
        ("logpng16", np.full((4, 4), 1e-4, np.float32)),
        ("zstd32", np.full((4, 4), -1.0, np.float32)),
        ("zstd32", np.ones((4, 4, 1), np.float32)),
    ],
)
def test_wrong_images_are_refused(name: str, image: np.ndarray) -> None:
    with pytest.raises(InputError, match=name.split(":")[0] if name != "webp" else "WebP"):
        codecs.get(name).encode(image)


@pytest.mark.parametrize("name", ["", "jpeg", "jpeg:0", "jpeg:101", "jpeg:95:422", "png:3", "gif", "jpeg:95:444:1"])
def test_unknown_codecs_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        codecs.get(name)


def test_a_codec_must_fit_its_pass() -> None:
    assert list(codecs.of_passes({"rgb": "png", "depth": "zstd32"})) == ["depth", "rgb"]
    for passes in ({"depth": "png"}, {"rgb": "zstd32"}, {"instance": "jpeg:95"}, {}):
        with pytest.raises(InputError):
            codecs.of_passes(passes)


def encoded(name: str) -> bytes:
    """A valid encoded image of 90 × 120."""
    codec = codecs.get(name)
    if codec.dtype == np.uint8:
        return codec.encode(smooth_rgb())
    if codec.dtype == np.uint16:
        return codec.encode((smooth_rgb()[..., 0] // 16).astype(np.uint16))
    return codec.encode((1 + smooth_rgb()[..., 0] / 16).astype(np.float32))


@pytest.mark.parametrize("name", ALL)
def test_size_is_checked_before_decoding(name: str) -> None:
    with pytest.raises(DataError, match=r"120×90.*119×90"):
        codecs.get(name).decode(encoded(name), (90, 119))


@pytest.mark.parametrize("name", ALL)
def test_cut_short_is_refused(name: str) -> None:
    data = encoded(name)
    for keep in (0, 1, 11, 30, len(data) // 2, len(data) - 1):
        with pytest.raises(DataError):
            codecs.get(name).decode(data[:keep], (90, 120))


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_gives_an_image_or_a_clear_error(name: str, at: int, bit: int) -> None:
    data = bytearray(encoded(name))
    data[at % len(data)] ^= 1 << bit
    try:
        image = codecs.get(name).decode(bytes(data), (90, 120))
    except CamxtimeError:
        return
    assert image.shape[:2] == (90, 120)  # checksums find what a decoder cannot


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200))
def test_rubbish_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(DataError):
        codecs.get(name).decode(data)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_decompression_bombs_are_refused() -> None:
    def png(width: int, height: int, depth: int, colour: int) -> bytes:
        head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])
        body = zlib.compress(bytes(100))
        return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")

    bombs = {
        "png": png(60_000, 60_000, 8, 2),
        "png16": png(60_000, 60_000, 16, 0),
        "logpng16": png(60_000, 60_000, 16, 0),
        "zstd32": b"CXZ1" + np.array([60_000, 60_000], "<u4").tobytes() + zstandard.compress(bytes(1000)),
        "webp": b"RIFF" + (22).to_bytes(4, "little") + b"WEBPVP8L" + (10).to_bytes(4, "little") + b"\x2f"
        + ((16_382 << 14) | 16_382).to_bytes(4, "little") + bytes(5),
        "jpeg:95": bytearray(encoded("jpeg:95")),
    }  # fmt: skip
    sof = bombs["jpeg:95"].index(b"\xff\xc0")
    bombs["jpeg:95"][sof + 5 : sof + 9] = (60_000).to_bytes(2, "big") * 2
    assert 60_000**2 > 16_383**2 > MAX_PIXELS
    for name, bomb in bombs.items():
        with pytest.raises(DataError, match="declares"):
            codecs.get(name).decode(bytes(bomb))


def test_zstd_frame_larger_than_declared_is_refused() -> None:
    head = b"CXZ1" + np.array([4, 4], "<u4").tobytes()
    for frame in (
        zstandard.compress(bytes(10**7)),
        zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64)),
    ):
        with pytest.raises(DataError, match="as many bytes"):
            codecs.get("zstd32").decode(head + frame)
