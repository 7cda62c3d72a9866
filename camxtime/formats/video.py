"""Video files through PyAV (FFmpeg's libraries): H.264 for eyes, bit-exact RGB H.264 for measurements.

`h264`: yuv420p (yuv444p where a side is odd), BT.709 matrix, limited range, tagged so, CRF 18. `lossless`: libx264rgb at QP 0
in MP4 (profile High 4:4:4 Predictive): every pixel comes back as it was; many browsers do not play it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from camxtime.errors import DataError, InputError, WorkError
from camxtime.shards.imagesize import MAX_PIXELS

VideoKind = Literal["h264", "lossless"]
Frame = NDArray[np.uint8]

CRF = 18
MAX_FRAMES = 100_000
_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "matroska", ".avi": "avi"}
_BT709, _SRGB, _LIMITED, _FULL = (
    1,
    13,
    1,
    2,
)  # ISO/IEC 23091-2 codes for matrix and primaries, transfer; FFmpeg's ranges
_MATRIX_RGB = 0


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says: pixels, frames per second, and its number of frames (None where it does not say)."""

    width: int
    height: int
    fps: float
    frames: int | None


def _av() -> ModuleType:
    try:
        import av
    except ImportError as error:
        raise InputError("Videos need PyAV: pip install 'camxtime[exchange]'.") from error
    return av


def write_video(path: Path, frames: Iterable[Frame], fps: float, kind: VideoKind = "h264", crf: int = CRF) -> int:
    """Write frames (uint8 [H, W, 3], sRGB) as an MP4; returns how many.

    Raises `InputError` for no frame, frames of different size or another suffix than .mp4; `WorkError` if writing fails.
    """
    av = _av()
    if path.suffix != ".mp4" or kind not in ("h264", "lossless") or not 0 <= crf <= 51:
        raise InputError(f"{path}: videos are .mp4, h264 (CRF 0 to 51) or lossless.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with av.open(str(part), "w", format="mp4") as container:
            stream = None
            for count, frame in enumerate(frames, start=1):
                if stream is None:
                    stream = _stream(container, frame.shape[1], frame.shape[0], fps, kind, crf)
                if frame.shape != (stream.height, stream.width, 3):
                    raise InputError(f"{path}: frame {count - 1} is {frame.shape}, the first one another size.")
                for packet in stream.encode(_picture(av, frame, stream.pix_fmt)):
                    container.mux(packet)
            if stream is None:
                raise InputError(f"{path}: there is no frame to write.")
            for packet in stream.encode():
                container.mux(packet)
        part.replace(path)
    except (av.FFmpegError, OSError) as error:
        raise WorkError(f"{path}: the video cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _stream(container: Any, width: int, height: int, fps: float, kind: VideoKind, crf: int) -> Any:
    rate = Fraction(fps).limit_denominator(1001 * 120)
    stream = container.add_stream("libx264rgb" if kind == "lossless" else "libx264", rate=rate)
    stream.width, stream.height = width, height
    context = stream.codec_context
    context.color_primaries, context.color_trc = _BT709, _SRGB
    if kind == "lossless":
        stream.pix_fmt = "rgb24"
        stream.options = {"qp": "0", "preset": "fast"}
        context.colorspace, context.color_range = _MATRIX_RGB, _FULL
    else:
        stream.pix_fmt = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
        stream.options = {"crf": str(crf), "preset": "medium"}
        context.colorspace, context.color_range = _BT709, _LIMITED
    return stream


def _picture(av: ModuleType, frame: Frame, pix_fmt: str) -> Any:
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    if pix_fmt == "rgb24":
        return picture
    return picture.reformat(format=pix_fmt, dst_colorspace="ITU709", dst_color_range="MPEG")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its video stream. The file is handed over open, so that nothing in it can name another one."""
    av = _av()
    container_format = _CONTAINERS.get(path.suffix.lower())
    if container_format is None:
        raise InputError(f"{path}: is none of the video files that are read ({', '.join(_CONTAINERS)}).")
    try:
        with path.open("rb") as file, av.open(file, format=container_format) as container:
            if not container.streams.video:
                raise DataError(f"{path}: there is no video in it.")
            stream = container.streams.video[0]
            if not 0 < stream.width * stream.height <= MAX_PIXELS:
                raise DataError(f"{path}: {stream.width}×{stream.height} pixels cannot be read.")
            yield container, stream
    except FileNotFoundError as error:
        raise DataError(f"{path}: the video is missing.") from error
    except av.FFmpegError as error:
        raise DataError(f"{path}: is not a video that can be decoded ({error.strerror}).") from error


def video_info(path: Path) -> VideoInfo:
    """Size, rate and length by the file's header. `DataError` if it is missing or no video."""
    with _opened(path) as (_, stream):
        rate = stream.average_rate or stream.guessed_rate
        if rate is None or rate <= 0:
            raise DataError(f"{path}: does not say its frame rate.")
        return VideoInfo(stream.width, stream.height, float(rate), stream.frames or None)


def read_video(path: Path) -> Iterator[Frame]:
    """The frames, uint8 [H, W, 3] sRGB, one by one. `DataError` naming the file and frame where it does not decode."""
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        size = (stream.height, stream.width, 3)
        count = 0
        for picture in container.decode(stream):
            frame = picture.to_ndarray(format="rgb24")
            if frame.shape != size:
                raise DataError(f"{path}: frame {count} is {frame.shape[1]}×{frame.shape[0]}, not {size[1]}×{size[0]}.")
            if count >= MAX_FRAMES:
                raise DataError(f"{path}: more than {MAX_FRAMES:,} frames.")
            count += 1
            yield frame
        if count == 0:
            raise DataError(f"{path}: holds no frame.")
