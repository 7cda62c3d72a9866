"""The dataset that is looked at. Of a folder that is being rendered, a snapshot that follows the render.

A folder without an index, or held by a driver, is indexed on its own into a scratch folder: its ledger and shards are
linked there, nothing is written beside them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import camxtime
from camxtime.errors import CamxtimeError, DataError, InputError
from camxtime.shards.dataset import Dataset
from camxtime.shards.grid import Grid
from camxtime.shards.layout import COMMITS, DATASET_JSON, check_grid_id
from camxtime.spec import DatasetSpec, Expansion, expand
from camxtime.viewer.answers import refuse
from camxtime.viewer.options import ViewOptions
from camxtime.viewer.snapshot import index_apart

LEDGER = "ledger"
AT_WORK = ("starting", "running", "stopping")
SILENT_S = 60.0
"""A driver that has not written its run record for so long is not at work."""
LOOK_EVERY_S = 2.0
"""How often, at most, the folder is looked at for change."""
PATIENCE_S = 1.0
"""Snapshots that take longer are built while the page goes on with the old one."""
KEPT_SNAPSHOTS = 3
_SHARE_OF_TIME = 20  # building snapshots takes at most this part of the time


class Source:
    """What is looked at. For many threads; `close` removes the scratch folder.

    Raises `InputError` or `DataError` as `camxtime.open`, and `DataError` for a ledger that is damaged.
    """

    def __init__(self, options: ViewOptions):
        self.follow_links = options.follow_links
        self.local = local_folder(options.dataset)
        self._where = str(self.local) if self.local is not None else options.dataset
        self._cache = options.cache / "images" if options.cache is not None and self.local is None else None
        self._lock = threading.Lock()
        self._scratch: Path | None = None
        self._snapshots: list[Path] = []
        self._trusted: set[tuple[str, str]] = set()
        self._looked = self._built = time.monotonic()
        self._build_s = 0.0
        self.live = False
        self._expansion: Expansion | None = None
        self._signature = self._sign()
        self._dataset = self._open(self._signature)

    @property
    def dataset(self) -> Dataset:
        """The dataset as last looked at."""
        return self._dataset

    @property
    def rendered_here(self) -> bool:
        """Whether the dataset is a folder that camxtime rendered, or renders, into."""
        return self.local is not None and (self.local / LEDGER / "spec.json").is_file()

    @property
    def expansion(self) -> Expansion | None:
        """What is to be rendered, of such a folder."""
        if self._expansion is None and self.rendered_here:
            self._expansion = expand(self._spec())
        return self._expansion

    @property
    def name(self) -> str:
        """Last part of the folder's path or of the URL."""
        return self._where.rstrip("/").rsplit("/", 1)[-1]

    def refresh(self) -> Dataset:
        """The dataset, opened anew if the folder has changed since; the old one while the new is damaged or takes long."""
        now = time.monotonic()
        due = now - self._looked >= LOOK_EVERY_S and now - self._built >= _SHARE_OF_TIME * self._build_s
        if self.local is not None and due and self._lock.acquire(blocking=False):
            self._looked = now
            if self._build_s > PATIENCE_S:
                threading.Thread(target=self._renew, name="camxtime-view-index", daemon=True).start()
            else:
                self._renew()
        return self._dataset

    def _renew(self) -> None:
        """Look, open anew if need be, and let go of the lock."""
        try:
            signature = self._sign()
            if signature != self._signature:
                self._dataset = self._open(signature)
                self._signature = signature
        except (CamxtimeError, OSError):  # a file in the making, or a folder that is going: next time
            pass
        finally:
            self._lock.release()

    def grid(self, grid: str) -> Grid:
        """The grid with this id, its shards in the dataset; an HTTP error otherwise."""
        try:
            check_grid_id(grid)
        except InputError:
            raise refuse(400, "That is not a grid id.") from None
        dataset = self._dataset
        try:
            found = dataset.grid(grid)
        except InputError:
            raise refuse(404, f"There is no grid {grid} here, or none of its cells is rendered yet.") from None
        if self.local is not None and not self.follow_links and (dataset.digest, grid) not in self._trusted:
            self._check_links(self.local, found)
            self._trusted.add((dataset.digest, grid))
        return found

    def close(self) -> None:
        """Remove the scratch folder."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _check_links(self, root: Path, grid: Grid) -> None:
        real = root.resolve()
        for shard in grid.index.shards:
            if not Path(os.path.realpath(real / shard)).is_relative_to(real):
                raise refuse(
                    403,
                    f"{shard} is a link to a file outside the dataset: it is not read. Open the folder that it points "
                    "to, or start with --follow-links if you trust whoever made it.",
                )

    def _sign(self) -> Any:
        """What changes when the folder does: the index's time and size, whether a driver is at work, the commits."""
        if self.local is None:
            return None
        index = self.local / DATASET_JSON
        stat = index.stat() if index.is_file() else None
        held = self._driver_at_work()
        indexed = (stat.st_mtime_ns, stat.st_size) if stat is not None else None
        if not held and indexed is not None:
            return indexed, False, 0
        commits = self.local / COMMITS
        folders = sorted(entry.name for entry in os.scandir(commits)) if commits.is_dir() else []
        return indexed, held, tuple((commits / name).stat().st_mtime_ns for name in folders)

    def _open(self, signature: Any) -> Dataset:
        if self.local is not None:
            indexed, held, _ = signature
            self.live = held or (indexed is None and self.rendered_here)
            if self.live:
                return self._snapshot(self.local)
        return camxtime.open(self._where, cache=self._cache)

    def _snapshot(self, root: Path) -> Dataset:
        spec, engine = self._spec(), self._ledger_json("engine.json") or {}
        began = time.monotonic()
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="camxtime-view-"))
        folder = Path(tempfile.mkdtemp(prefix="index-", dir=self._scratch))
        index_apart(root, folder, spec, engine)
        self._snapshots.append(folder)
        while len(self._snapshots) > KEPT_SNAPSHOTS:  # an answer in the making may still read the last ones
            shutil.rmtree(self._snapshots.pop(0), ignore_errors=True)
        self._build_s = time.monotonic() - began
        self._built = time.monotonic()
        return camxtime.open(folder)

    def _driver_at_work(self) -> bool:
        run = self._ledger_json("run.json")
        if run is None or run.get("state") not in AT_WORK:
            return False
        updated = run.get("updated")
        return isinstance(updated, int | float) and time.time() - updated < SILENT_S

    def _spec(self) -> DatasetSpec:
        try:
            return DatasetSpec.model_validate(self._ledger_json("spec.json"))
        except ValueError as error:
            raise DataError(
                f"{self._where}/{LEDGER}/spec.json: is not a spec that this camxtime understands: {error}"
            ) from error

    def _ledger_json(self, name: str) -> dict[str, Any] | None:
        """One of the ledger's files; None if it is not there."""
        file = Path(self._where, LEDGER, name)
        try:
            value = json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DataError(f"{file}: cannot be read: {error}.") from error
        return value if isinstance(value, dict) else None


def local_folder(dataset: str) -> Path | None:
    """The folder that is meant; None for a URL."""
    if dataset.startswith("file://"):
        return Path(dataset.removeprefix("file://")).absolute()
    return None if "://" in dataset else Path(dataset).absolute()
