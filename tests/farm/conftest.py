"""One Ray for all tests of the farm, and one dataset that nothing went wrong with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from camxtime.farm.driver import render
from camxtime.farm.options import RenderSummary

from .helpers import FAST, slow_spec


@pytest.fixture(scope="session")
def local_ray() -> Iterator[None]:
    """A local Ray with room for several workers, whatever the machine has."""
    ray = pytest.importorskip("ray")
    ray.init(
        address="local",
        num_cpus=8,
        include_dashboard=False,
        object_store_memory=80 * 2**20,
        log_to_driver=False,
        _system_config={"metrics_report_interval_ms": 1000},  # ten seconds otherwise
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def reference(local_ray: None, tmp_path_factory: pytest.TempPathFactory) -> RenderSummary:
    """The spec that the fault tests use, rendered by one worker without any fault."""
    root: Path = tmp_path_factory.mktemp("reference") / "dataset"
    summary = render(slow_spec(), root, FAST)
    assert summary.ok
    return summary
