"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository's root."""
    return REPO


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    """Folder of real CC0 assets (a dungeon room, rigged characters); the test is skipped where there is none."""
    folder = Path(os.environ.get("CAMXTIME_ASSETS", REPO.parent / "shared" / "assets"))
    if not (folder / "kaykit" / "Knight.glb").is_file():
        pytest.skip(f"no assets in {folder}; set CAMXTIME_ASSETS to a folder with kaykit/ and dungeon/")
    return folder
