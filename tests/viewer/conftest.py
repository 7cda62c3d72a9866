"""A small dataset with a server around it, asked in this process or, for browsers, in a child of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from camxtime.viewer.app import make_app
from camxtime.viewer.options import Access, ViewOptions
from camxtime.viewer.security import Guard
from camxtime.viewer.state import State
from tests.synthetic import SyntheticSpec, make_dataset, write_unit

Ask = Callable[..., TestClient]
GRID = "room.ball.arc"


@pytest.fixture(scope="session")
def dataset_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of two grids, 6 cameras × 5 times, 64×48."""
    return make_dataset(tmp_path_factory.mktemp("viewer") / "synthetic", SyntheticSpec())


@contextmanager
def asked(
    options: ViewOptions, access: Access | None = None, base: str = "http://127.0.0.1:8000"
) -> Iterator[TestClient]:
    """A client of the whole application, guard included."""
    state = State(options)
    app = Guard(make_app(state), access or Access())
    with TestClient(app, base_url=base, raise_server_exceptions=True, follow_redirects=False) as client:
        yield client


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Makes clients: `ask(dataset, manifests=…, access=Access(…))`."""
    with ExitStack() as stack:

        def make(dataset: Path | str, access: Access | None = None, base: str = "http://127.0.0.1:8000", **options):
            return stack.enter_context(asked(ViewOptions(str(dataset), **options), access, base))

        yield make


@pytest.fixture
def client(ask: Ask, dataset_dir: Path, tmp_path: Path) -> TestClient:
    """A client of the small dataset; thumbnails are kept in a folder of the test."""
    return ask(dataset_dir, cache=tmp_path / "cache")


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """`camxtime view … --no-open` in a child process; its address. Ends it by Ctrl-C, which must be clean."""
    command = [sys.executable, "-m", "camxtime.cli", "view", *arguments, "--no-open"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        match = re.search(r"http://\S+", line)
        if match is None:
            raise AssertionError(f"no address: {line!r} {child.communicate(timeout=20)}")
        yield match[0]
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
        assert child.returncode == 0, errors
        assert "Traceback" not in errors
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Starts real servers: `serve(dataset, "--manifest", …)` → address."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(running(*map(str, arguments)))


RENDER_SPEC = {
    "name": "half", "grid": {"cameras": 6, "times": 5, "fps": 24, "times_per_unit": 2},
    "image": {"width": 64, "height": 48},
    "passes": {"rgb": "jpeg:95", "depth": "logpng16", "instance": "png16"},
    "scenes": [{"id": "courtyard", "family": "courtyard"}], "animations": [{"id": "walker", "family": "walker"}],
    "camera_paths": [{"id": "arc", "kind": "arc"}, {"id": "dolly", "kind": "dolly"}],
}  # fmt: skip
HALF = SyntheticSpec(grids=("courtyard.walker.arc", "courtyard.walker.dolly"))


@pytest.fixture(scope="session")
def rendered_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a killed render leaves it: no index, of two grids one unit done, one failed with its log."""
    from camxtime.farm.ledger import Ledger
    from camxtime.farm.options import Failure
    from camxtime.spec import DatasetSpec

    folder = tmp_path_factory.mktemp("viewer") / "half"
    ledger = Ledger(folder)
    ledger.write("spec.json", DatasetSpec.model_validate(RENDER_SPEC).canonical())
    grid = HALF.grids[0]
    HALF.record(grid).write(folder)
    write_unit(folder, HALF, HALF.units(grid)[0])
    log = "Blender 5.0.1\n" + "line\n" * 60_000 + "Error: out of memory\n"
    ledger.set_aside(Failure(grid, "t0002-0003", 3, "Blender ran out of memory."), log)
    return folder
