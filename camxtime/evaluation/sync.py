"""View synchronisation: do two views of one time show one world?

For every generated frame whose animation time some source frame shows from another camera, features of the two images are
matched (SIFT, ratio test, mutual best). A match is *consistent* if it agrees with the known geometry: the point of the source
frame, lifted by its true depth, falls within `tolerance` of its partner when it is projected into the target's true camera.
That is stricter than the distance to the epipolar line, which would accept matches at the wrong depth. Since both frames are of
one time, matches on moving subjects count too.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from camxtime.evaluation.features import Features, detect, lifted, match
from camxtime.evaluation.metrics import Frames
from camxtime.evaluation.score import ClipScore
from camxtime.evaluation.tasks import Task
from camxtime.geometry.cameras import project

Floats = NDArray[np.float64]

KEPT_ITEMS = 16


def tolerance(size: tuple[int, int]) -> float:
    """Pixels by which a match may be off in images of (H, W): 1 % of the longer side, at least one and a half pixels."""
    return max(1.5, 0.01 * max(size))


def view_pairs(task: Task) -> list[tuple[int, int]]:
    """(generated frame, source frame) of the same time and different cameras; of several source frames the first."""
    source, target = task.source, task.target
    pairs = []
    for f in range(len(target)):
        same = np.flatnonzero(source.times == target.times[f])
        apart = [int(s) for s in same if np.abs(source.c2w[s] - target.c2w[f]).max() > 1e-9]
        if apart:
            pairs.append((f, apart[0]))
    return pairs


class Synchronisation:
    """Matches of generated clips with their sources. What is known of an item's source and truth is kept for other methods."""

    def __init__(self) -> None:
        self._items: OrderedDict[str, _Item] = OrderedDict()

    def score(self, task: Task, frames: Frames) -> ClipScore:
        """`sync_matches` (consistent matches a frame), `sync_consistent` (their share of all), `sync_of_truth` (against those
        that the true frames have); NaN where no view pair, or no match, is there."""
        item = self._items.pop(task.item.id, None) or _Item(task)
        self._items[task.item.id] = item
        while len(self._items) > KEPT_ITEMS:
            self._items.popitem(last=False)
        if not item.pairs:
            nan = float("nan")
            return ClipScore({"sync_matches": nan, "sync_consistent": nan, "sync_of_truth": nan})
        consistent, total = item.count(frames)
        found, tried, best = consistent.sum(), total.sum(), item.truth.sum()
        return ClipScore({
            "sync_matches": float(consistent.mean()),
            "sync_consistent": float(found / tried) if tried else float("nan"),
            "sync_of_truth": float(found / best) if best else float("nan"),
        })  # fmt: skip


class _Item:
    """The source's side of an item's view pairs, and how many consistent matches the truth has."""

    def __init__(self, task: Task):
        self.task = task
        self.pairs = view_pairs(task)
        self._sources: dict[int, tuple[Features, Floats]] = {}
        for _, s in self.pairs:
            if s not in self._sources:
                self._sources[s] = self._lift(s)
        self.truth = self.count(task.target.rgb)[0] if self.pairs else np.zeros(0)

    def _lift(self, s: int) -> tuple[Features, Floats]:
        source = self.task.source
        features = detect(source.rgb[s])
        points, known = lifted(features.uv, source.depth[s], source.c2w[s], source.K[s])
        return Features(features.uv[known], features.descriptors[known]), points[known]

    def count(self, frames: Frames) -> tuple[Floats, Floats]:
        """For each view pair: consistent matches, and all matches of points whose depth is known."""
        target, counts = self.task.target, []
        seen: dict[int, Features] = {}
        for f, s in self.pairs:
            seen[f] = seen[f] if f in seen else detect(frames[f])
            features, points = self._sources[s]
            matches = match(features, seen[f], mutual=True)
            uv, _ = project(points[matches[:, 0]], target.c2w[f], target.K[f])
            off = np.linalg.norm(uv - seen[f].uv[matches[:, 1]], axis=1)
            counts.append((np.count_nonzero(off <= tolerance(target.size)), len(matches)))
        result = np.array(counts, np.float64).reshape(-1, 2)
        return result[:, 0], result[:, 1]
