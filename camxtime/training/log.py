"""What a run says about itself: a progress bar, `log.jsonl`, and TensorBoard."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tqdm import tqdm

from camxtime.errors import InputError
from camxtime.shards.atomic import write_atomic


@dataclass(frozen=True)
class StepRow:
    """One optimiser step. loss: mean over its pairs. wait: share of the step's time spent waiting for data."""

    step: int
    loss: float
    rate: float
    norm: float
    pairs_per_s: float
    wait: float


class RunLog:
    """Writes rows as they come; a resumed run first drops rows of steps that it will do again."""

    def __init__(self, out: Path, start: int, steps: int, tensorboard: bool):
        self._file = out / "log.jsonl"
        kept = [row for row in read_log(out) if row["step"] < start]
        write_atomic(self._file, b"".join(_line(row) for row in kept))
        self._stream = self._file.open("ab")
        self._board = _board(out, start) if tensorboard else None
        self._bar = tqdm(total=steps, initial=start, unit="step", disable=None, dynamic_ncols=True)

    def step(self, row: StepRow) -> None:
        """Take in a step."""
        self._stream.write(_line(asdict(row)))
        self._bar.set_postfix_str(
            f"loss {row.loss:.4f}, {row.pairs_per_s:.1f} pairs/s, data wait {row.wait:.0%}", refresh=False
        )
        self._bar.update()
        if self._board is not None:
            for name in ("loss", "rate", "norm", "pairs_per_s", "wait"):
                self._board.add_scalar(f"train/{name}", getattr(row, name), row.step)

    def event(self, step: int, values: dict[str, float]) -> None:
        """Scores that come now and then: rows of the same file with other fields."""
        self._stream.write(_line({"step": step, **values}))
        self._stream.flush()
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"validation/{name}", value, step)

    def flush(self) -> None:
        """Push rows to the files."""
        self._stream.flush()
        if self._board is not None:
            self._board.flush()

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
        self._stream.close()
        if self._board is not None:
            self._board.close()


def read_log(out: Path) -> list[dict[str, Any]]:
    """All whole rows of a run's log; [] if there is none. A row cut short by a kill is left out."""
    file = out / "log.jsonl"
    if not file.is_file():
        return []
    rows = []
    for line in file.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            rows.append(json.loads(line))
    return rows


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def _board(out: Path, start: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError(
            "TensorBoard is not installed: pip install tensorboard, or set run.tensorboard: false."
        ) from error
    return SummaryWriter(str(out / "tensorboard"), purge_step=start)
