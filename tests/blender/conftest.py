"""One Blender per module for tests that do not need a fresh one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from camxtime.farm.blender import BlenderProcess
from tests.blender import stages


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlenderProcess]:
    """A Blender configured for tiny images with all passes."""
    process = stages.start(tmp_path_factory.mktemp("blender"))
    process.configure(stages.engine(), (stages.WIDTH, stages.HEIGHT), stages.ALL_PASSES)
    yield process
    process.close()
