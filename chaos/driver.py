"""A driver in a process of its own: `python -m chaos.driver '{"root": …, "spec": …, "address": …}'`.

SIGUSR1 makes its clock jump (`time.time`, which all of camxtime's own reads go through): three days ahead, or back with SIGUSR2.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import traceback
from pathlib import Path

from camxtime.errors import CamxtimeError
from camxtime.farm.driver import render
from camxtime.farm.options import RenderOptions
from camxtime.spec import DatasetSpec

JUMP_S = 3 * 86_400.0
TRACEBACK = 70  # exit status: what a user would have seen is a traceback


def _let_the_clock_jump() -> None:
    real = time.time
    offset = [0.0]
    time.time = lambda: real() + offset[0]  # type: ignore[assignment]
    signal.signal(signal.SIGUSR1, lambda *_: offset.__setitem__(0, JUMP_S))
    signal.signal(signal.SIGUSR2, lambda *_: offset.__setitem__(0, -JUMP_S))


def main(told: dict[str, object]) -> int:
    """Render; 0 if complete."""
    _let_the_clock_jump()
    options = RenderOptions(
        workers=1, threads=1, device="CPU", progress=False, grace_s=5.0, scratch=Path(str(told["scratch"])),
        address=str(told["address"]) if told["address"] else None,
    )  # fmt: skip
    try:
        summary = render(DatasetSpec.model_validate(told["spec"]), str(told["root"]), options)
    except CamxtimeError as error:
        print(f"error: {error}")
        return error.exit_code
    except Exception:  # noqa: BLE001  the very thing that must not happen
        traceback.print_exc()
        return TRACEBACK
    print("\n".join(summary.lines()))
    return summary.exit_code


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
