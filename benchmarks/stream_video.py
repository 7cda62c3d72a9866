"""The field's layout, one MP4 per camera, read by three libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from stream_data import make_videos, video_path
from stream_readers import Clips, Reader, places

from camxtime.sampling import Pair


class Mp4(Reader):
    """One MP4 per camera: each file of a pair is opened once and decoded from the key frame to the last frame wanted."""

    name = "MP4 per camera, PyAV"
    bar = 3.0

    def prepare(self) -> None:
        import av

        self._av = av
        make_videos(self.bench.others / "mp4", self.bench.shape, self.bench.processes)

    def load(self, pair: Pair) -> Clips:
        clips = self.empty(pair)
        for (grid, camera), times in by_camera(pair).items():
            path = video_path(self.bench.others / "mp4", grid, camera)
            for time, image in self.frames(path, sorted(times)):
                for number, frame in times[time]:
                    clips[number][frame] = image
        return clips

    def frames(self, path: Path, times: list[int]) -> list[tuple[int, np.ndarray]]:
        """The frames at ascending times."""
        found = []
        with self._av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            step = 1 / (stream.average_rate * stream.time_base)
            container.seek(int(times[0] * step), stream=stream)
            for frame in container.decode(stream):
                time = round(frame.pts / step)
                if time in times:
                    found.append((time, frame.to_ndarray(format="rgb24")))
                if time >= times[-1]:
                    break
        return found


class Torchcodec(Mp4):
    """The same files through torchcodec, exact seeking, one thread."""

    name = "MP4 per camera, torchcodec"

    def prepare(self) -> None:
        from torchcodec.decoders import VideoDecoder

        self._decoder = VideoDecoder
        make_videos(self.bench.others / "mp4", self.bench.shape, self.bench.processes)

    def frames(self, path: Path, times: list[int]) -> list[tuple[int, np.ndarray]]:
        decoder = self._decoder(str(path), dimension_order="NHWC", num_ffmpeg_threads=1, seek_mode="approximate")
        return list(zip(times, decoder.get_frames_at(times).data.numpy(), strict=True))


class Decord(Mp4):
    """The same files through decord, one thread."""

    name = "MP4 per camera, decord"

    def prepare(self) -> None:
        import decord

        self._decord = decord
        make_videos(self.bench.others / "mp4", self.bench.shape, self.bench.processes)

    def frames(self, path: Path, times: list[int]) -> list[tuple[int, np.ndarray]]:
        reader = self._decord.VideoReader(str(path), num_threads=1)
        return list(zip(times, reader.get_batch(times).asnumpy(), strict=True))


def by_camera(pair: Pair) -> dict[tuple[str, int], dict[int, list[tuple[int, int]]]]:
    """(grid, camera) → time → places."""
    found: dict[tuple[str, int], dict[int, list[tuple[int, int]]]] = {}
    for (grid, camera, time), shown in places(pair).items():
        found.setdefault((grid, camera), {})[time] = shown
    return found
