"""Rules of the house, read off the sources: who may import whom, and no randomness or clock behind the caller's back."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("camxtime", "blender_scripts")
STDLIB = sys.stdlib_module_names


def modules(repo: Path, folder: str) -> list[Path]:
    return sorted((repo / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Names of all modules that a file imports anywhere in it, those under TYPE_CHECKING excepted."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module


def importers(repo: Path, package: str, root: str) -> set[str]:
    """Files of `package` that import `root` or something in it."""
    return {
        str(file.relative_to(repo))
        for file in modules(repo, package)
        if any(name == root or name.startswith(f"{root}.") for name in imports(file))
    }


@pytest.mark.parametrize("heavy", ["bpy", "mathutils", "bmesh"])
def test_only_blender_scripts_know_blender(repo: Path, heavy: str) -> None:
    assert importers(repo, "camxtime", heavy) == set()


def test_only_the_farm_and_one_training_module_know_ray(repo: Path) -> None:
    for name in importers(repo, "camxtime", "ray"):
        assert name.split("/")[1] == "farm" or name == "camxtime/training/ray_train.py", name


def test_only_training_evaluation_and_one_sampling_module_know_torch(repo: Path) -> None:
    for name in importers(repo, "camxtime", "torch"):
        room = name.split("/")[1]
        assert room in ("training", "evaluation") or name == "camxtime/sampling/torch_data.py", name


def test_blender_scripts_need_blender_numpy_and_the_standard_library_only(repo: Path) -> None:
    allowed = {"bpy", "bpy_extras", "mathutils", "bmesh", "numpy", "blender_scripts", "_cycles", "cycles", "oslquery"}
    for file in modules(repo, "blender_scripts"):
        for name in imports(file):
            root = name.split(".")[0]
            assert root in allowed or root in STDLIB, f"{file.name} imports {name}"


ORDER = [
    "errors",
    "codec_names",
    "geometry",
    "timewarp",
    "spec",
    "shards",
    "sampling",
    "splits",
    "formats",
    "quality",
    "evaluation",
    "training",
    "farm",
    "viewer",
    "cli",
]


def test_dependencies_point_one_way(repo: Path) -> None:
    """A room may import those before it in `ORDER`, never those after."""
    for file in modules(repo, "camxtime"):
        parts = file.relative_to(repo / "camxtime").parts
        room = parts[0].removesuffix(".py")
        if room not in ORDER:
            continue
        for name in imports(file):
            if name.startswith("camxtime."):
                used = name.split(".")[1]
                assert used not in ORDER or ORDER.index(used) <= ORDER.index(room), f"{'/'.join(parts)} imports {name}"


def test_geometry_needs_numpy_only(repo: Path) -> None:
    for file in modules(repo, "camxtime/geometry"):
        for name in imports(file):
            root = name.split(".")[0]
            assert root in {"numpy", "camxtime", "yaml", "scipy"} or root in STDLIB, f"{file.name} imports {name}"


BANNED = {
    r"\bnp\.random\.(seed|rand|randn|randint|random|choice|shuffle|uniform|normal)\(": "NumPy's global generator",
    r"^\s*(import random\b|from random import)": "the standard library's global generator",
    r"\b(uuid\.uuid|os\.urandom|secrets\.)": "randomness without a seed",
    r"\bdefault_rng\(\s*\)": "a generator without a seed",
    r"\b(time\.time\(|datetime\.now\(|date\.today\()": "the wall clock",
}
EXEMPT = {("camxtime/splits/card.py", "the wall clock")}  # a card says on which day it was published
RANDOM_FREE = [
    "camxtime/geometry",
    "camxtime/spec",
    "camxtime/sampling",
    "camxtime/timewarp",
    "camxtime/splits",
    "blender_scripts",
]


@pytest.mark.parametrize("folder", RANDOM_FREE)
def test_content_depends_on_seeds_alone(repo: Path, folder: str) -> None:
    files = modules(repo, folder) or [file for file in [repo / f"{folder}.py"] if file.is_file()]
    for file in files:
        text = file.read_text(encoding="utf-8")
        for pattern, what in BANNED.items():
            found = re.search(pattern, text, re.M)
            if (str(file.relative_to(repo)), what) in EXEMPT:
                continue
            assert found is None, f"{file.relative_to(repo)} uses {what}: {found.group(0) if found else ''}"


def test_reading_needs_neither_blender_ray_nor_torch(repo: Path) -> None:
    code = (
        "import sys, camxtime, camxtime.shards.dataset, camxtime.shards.verify, camxtime.spec, camxtime.geometry.paths\n"
        "heavy = {'bpy', 'ray', 'torch', 'OpenEXR', 'PyOpenColorIO', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_tracked_text_names_no_machine_and_no_registry(repo: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=repo, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    hosts = re.compile(r"pypi\.[o]rg|python[h]osted\.org|npmjs\.[o]rg|debian\.[o]rg")
    for name in listed.stdout.splitlines():
        file = repo / name
        if (
            file.suffix in {".py", ".md", ".yaml", ".toml", ".json", ""}
            and file.is_file()
            and file.stat().st_size < 400_000
        ):
            found = hosts.search(file.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{name} names a package registry's host"
