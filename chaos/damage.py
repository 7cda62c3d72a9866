"""Files of a dataset damaged between two runs, by disks, copies and people; in a folder or a bucket."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camxtime.shards.layout import COMMITS, GRID_RECORDS, SHARDS_FOLDER
from camxtime.shards.store import Store
from chaos.aftermath import Struck
from chaos.rig import Rig

FLIP, CUT, GONE = "flipped", "cut short", "deleted"
INDEX = ("dataset.json", "grids.parquet", "cameras.parquet", "cells.parquet", "shards.parquet")


@dataclass(frozen=True)
class Damage:
    """1 to 3 files below `folder` (or of the index) get a flipped byte, lose their end, or are deleted, as `ways` says."""

    folder: str
    ways: tuple[str, ...]
    whole: bool = False

    def strike(self, rig: Rig, root: Path | str, rng: np.random.Generator) -> Struck:
        """Damage a dataset whose run was killed at a seeded point, or is complete."""
        units = set(rig.all_units()) if self.whole else rig.some_units(rng)
        store = rig.copy(root, units)
        names = list(INDEX) if self.folder == "" else sorted(store.files(self.folder))
        chosen = [str(name) for name in rng.permutation(names)[: int(rng.integers(1, 4))]]
        words, damaged = [], {}
        for name in chosen:
            way = str(rng.choice(self.ways))
            words.append(f"{name} {_harm(store, name, way, rng)}")
            if way != GONE:
                damaged[name] = hashlib.sha256(store.read_bytes(name)).hexdigest()
        return Struck(f"{len(units)} of {rig.units} units there; {'; '.join(words)}", damaged)


@dataclass(frozen=True)
class HalfUploaded:
    """What a node leaves that dies while it puts a unit in place: part of a shard, or all of it, and no commit."""

    def strike(self, rig: Rig, root: Path | str, rng: np.random.Generator) -> Struck:
        """A killed run, and beside its units some whose shard is there and whose commit is not."""
        units = rig.some_units(rng, least=2)
        half = [str(unit) for unit in rng.permutation(sorted(units))[: int(rng.integers(1, 3))]]
        store = rig.copy(root, units)
        words = []
        for unit in half:
            path, grid = f"{SHARDS_FOLDER}/{unit}.parquet", unit.partition("/")[0]
            data = store.read_bytes(path)
            share = float(rng.uniform(0, 1)) if rng.random() < 0.7 else 1.0
            store.write(path, data[: int(len(data) * share)], durable=False)
            store.remove(f"{COMMITS}/{unit}.parquet")
            part = f"{SHARDS_FOLDER}/{grid}/.{unit.partition('/')[2]}.parquet.0123456789abcdef.part"
            store.write(part, data[: len(data) // 2], durable=False)
            words.append(f"{unit} {share:.0%}")
        return Struck(f"{len(units) - len(half)} units there; shards without a commit: {', '.join(words)}")


def _harm(store: Store, name: str, way: str, rng: np.random.Generator) -> str:
    data = bytearray(store.read_bytes(name))
    if way == GONE:
        store.remove(name)
        return GONE
    at = int(rng.integers(len(data)))
    if way == CUT:
        store.write(name, bytes(data[:at]), durable=False)
        return f"cut to {at} of {len(data)} bytes"
    data[at] ^= int(rng.integers(1, 256))
    store.write(name, bytes(data), durable=False)
    return f"byte {at} of {len(data)} changed"


SHARD = Damage(SHARDS_FOLDER, (FLIP,))
SHARD_CUT = Damage(SHARDS_FOLDER, (CUT, GONE))
COMMIT = Damage(COMMITS, (FLIP, CUT, GONE))
RECORD = Damage(GRID_RECORDS, (FLIP, CUT, GONE))
INDEX_FILES = Damage("", (FLIP, CUT, GONE), whole=True)
FAR_SHARD = Damage(SHARDS_FOLDER, (FLIP, CUT, GONE))
