"""Real characters in three rooms, from a spec to what renders: on the floor, at the height asked for, seen; and a folder of
assets that becomes a dataset by two commands."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import camxtime
from camxtime.cli.spec import command
from camxtime.farm.blender import BlenderProcess
from camxtime.farm.blender_types import BlenderLaunch, RenderRequest
from camxtime.farm.driver import render
from camxtime.farm.jobs import Recipe, plan_run
from camxtime.farm.prepare import prepare
from camxtime.shards.verify import verify
from camxtime.spec import DatasetSpec, expand, load

from .helpers import FAST, tiny_spec

pytestmark = pytest.mark.slow

HEIGHTS = {"Knight": 1.8, "Barbarian": 2.0, "character": 1.1}
CLIPS = {
    "Knight": ("Running_A", "Cheer", "1H_Melee_Attack_Chop"),
    "Barbarian": ("Walking_A", "Jump_Full_Long", "Spellcasting"),
    "character": ("walk",),
}
SCENES = [
    {"id": "dungeon", "file": "dungeon/dungeon_room.glb"},
    {"id": "indoors", "family": "living_room"},
    {"id": "outdoors", "family": "courtyard"},
]


@pytest.fixture(scope="module")
def assets(assets_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assets, the small character with a texture in place of the one that did not come with it."""
    folder = tmp_path_factory.mktemp("assets")
    for name in ("dungeon", "kaykit", "kenney"):
        shutil.copytree(assets_dir / name, folder / name)
    (folder / "kenney" / "Textures").mkdir(exist_ok=True)
    ramp = np.linspace(60, 230, 64).astype(np.uint8)
    swatches = np.stack(
        [ramp[None].repeat(64, 0), ramp[:, None].repeat(64, 1), np.full((64, 64), 128, np.uint8)], axis=-1
    )
    Image.fromarray(swatches).save(folder / "kenney" / "Textures" / "colormap.png")
    return folder


GRIDS = {"scene": "dungeon_room", "animation": "knight-walking_a", "paths": ["arc", "dolly"]}


def spec() -> DatasetSpec:
    files = {"Knight": "kaykit/Knight.glb", "Barbarian": "kaykit/Barbarian.glb", "character": "kenney/character.glb"}
    animations = [
        {
            "id": f"{who}_{i}".lower(),
            "file": files[who],
            "clip": clip,
            "height_m": HEIGHTS[who],
            "root_motion": "remove",
        }
        for who, clips in CLIPS.items()
        for i, clip in enumerate(clips)
    ]
    combine = {"how": "list", "grids": [{"scene": s["id"], "animation": a["id"]} for s, a in _meetings(animations)]}
    return tiny_spec(
        grid={"cameras": 3, "times": 3, "fps": 12}, image={"width": 96, "height": 96}, scenes=SCENES, animations=animations,
        camera_paths=[{"id": "arc", "kind": "arc", "sweep_deg": [20, 40]}], combine=combine,
        path_checks={"min_subject_visible": 0.3, "min_camera_visible": 0.05},
    )  # fmt: skip


def _meetings(animations: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every clip once, each character in every scene: clip i in scene i; the small one's only clip in all."""
    for number, animation in enumerate(animations):
        alone = animation["id"].startswith("character")
        yield from ((scene, animation) for scene in (SCENES if alone else [SCENES[number % 3]]))


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlenderProcess]:
    folder: Path = tmp_path_factory.mktemp("blender")
    with BlenderProcess(BlenderLaunch(None, folder, folder / "log")) as process:
        process.start()
        yield process


STAGES = [stage.stage_id for stage in expand(spec()).stages]


@pytest.mark.parametrize("name", STAGES)
def test_characters_stand_in_rooms(blender: BlenderProcess, assets: Path, name: str) -> None:
    plan = next(s for s in plan_run(expand(spec()), assets).stages if s.stage.stage_id == name)
    recipe = Recipe.of(spec())
    process = blender
    process.configure(
        {**recipe.engine, "device": "CPU", "threads": 2}, (96, 96), ["rgb", "depth", "instance", "position"]
    )
    stage = process.load_stage(plan.stage.request)
    who = next(w for w in HEIGHTS if w.lower() in name)
    bounds = np.array(stage.framing["subject_bounds"])
    floor = stage.framing["floor_m"]
    assert bounds[:, 0, 2].min() == pytest.approx(floor, abs=0.01), "its lowest point is on the floor"
    record = prepare(process, stage, plan.grids[0], recipe)
    words = {"Knight": "A knight ", "Barbarian": "A barbarian ", "character": "A character walks "}[who]
    assert record.caption.startswith(words) and ". The camera arcs " in record.caption
    batches = process.render(RenderRequest(record.cameras, [0, 2], [1, 2], 3))
    for batch in batches:
        instance, position = batch.passes["instance"][..., 0], batch.passes["position"]
        seen = position[instance == 1]
        assert len(seen) > 40, "it is seen"
        height = seen[:, 2].max() - floor
        if batch.time == 0 and "jump" not in name and who != "Barbarian":
            assert height == pytest.approx(HEIGHTS[who], rel=0.2), "as high as asked for, whatever its pose"
        assert seen[:, 2].min() > floor - 0.03, "it does not sink in"
        assert 0.01 < batch.passes["rgb"][..., :3].mean() < 5, "the room is lit"


def test_heights_are_those_asked_for(blender: BlenderProcess, assets: Path) -> None:
    """In a resting pose, what renders is as high as the spec says, to a per cent."""
    for who, file, clip in (
        ("Knight", "kaykit/Knight.glb", "T-Pose"),
        ("character", "kenney/character.glb", "static"),
    ):
        animation = {"id": "a", "file": file, "clip": clip, "height_m": HEIGHTS[who]}
        (plan,) = plan_run(
            expand(tiny_spec(animations=[animation], camera_paths=[{"id": "p", "kind": "arc"}])), assets
        ).stages
        bounds = np.array(blender.load_stage(plan.stage.request).framing["subject_bounds"])
        assert np.ptp(bounds[0, :, 2]) == pytest.approx(HEIGHTS[who], rel=0.01)


def test_a_folder_becomes_a_dataset(local_ray: None, assets: Path, tmp_path: Path) -> None:
    (assets / "kaykit" / "cut.glb").write_bytes((assets / "kaykit" / "Knight.glb").read_bytes()[:1000])
    out = tmp_path / "mine.yaml"
    done = CliRunner().invoke(command, ["from-assets", str(assets), "--out", str(out), "--clips", "1", "--json"])
    assert done.exit_code == 0, done.output
    found = {item["file"]: item for item in json.loads(done.stdout)}
    assert (
        found["dungeon/dungeon_room.glb"]["role"] == "scene"
        and found["dungeon/dungeon_room.glb"]["licence"] == "CC0-1.0"
    )
    assert {f for f, item in found.items() if item["role"] == "animation"} == {
        "kaykit/Barbarian.glb", "kaykit/Knight.glb", "kenney/character.glb"
    }  # fmt: skip
    assert "cut short" in found["kaykit/cut.glb"]["why"]
    assert found["kenney/platform-grass-large-round.glb"]["role"] == "scene"
    loaded = load(out)
    small = {
        "grid": {"cameras": 2, "times": 2, "times_per_unit": 2}, "image": {"width": 48, "height": 48},
        "engine": {"samples": 1, "max_bounces": 1}, "captions": "words.csv",
        "combine": {"how": "list", "grids": [GRIDS]},
    }  # fmt: skip
    (assets / "words.csv").write_text("grid,caption\ndungeon_room.knight-walking_a.dolly,My own words.\n")
    whole = DatasetSpec.model_validate({**loaded.spec.canonical(), **small})
    root = tmp_path / "dataset"
    summary = render(whole, root, dataclasses.replace(FAST, assets=assets))
    assert summary.ok, summary.lines()
    assert verify(root).ok
    dataset = camxtime.open(root)
    captions = dict(zip(dataset.grids.column("grid"), dataset.grids.column("caption"), strict=True))
    assert captions["dungeon_room.knight-walking_a.dolly"] == "My own words."
    assert captions["dungeon_room.knight-walking_a.arc"].startswith(
        "A knight walks in a dungeon room. The camera arcs "
    )
    card = (root / "README.md").read_text()
    assert "| animation | knight-walking_a | kaykit/Knight.glb | CC0-1.0 |" in card
    assert "| animation | character-walk | kenney/character.glb | not stated |" in card
    licences = [a.get("licence") for a in json.loads((root / "dataset.json").read_text())["spec"]["animations"]]
    assert licences.count("CC0-1.0") == 2
    again = CliRunner().invoke(command, ["from-assets", str(assets), "--out", str(out)])
    assert again.exit_code != 0 and "exists already" in str(again.exception or again.output)
