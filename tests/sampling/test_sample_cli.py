"""`camxtime sample` as users call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

import camxtime
from camxtime.cli.sample import command
from camxtime.errors import DataError, InputError
from camxtime.sampling import PairLoader, PairSampler, Recipe
from camxtime.sampling.recipe_file import read_recipe
from camxtime.sampling.strip import StripOptions, pair_strip
from camxtime.splits import Recipe as SplitRecipe
from camxtime.splits import content_of, cut


def run(*words: object) -> str:
    """The output; raises what the command raises (the entry point turns that into a message and an exit code)."""
    result = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_lists_the_pairs(dataset_folder: Path) -> None:
    lines = run(dataset_folder, "-n", 3, "--start", 5, "--frames", 9).splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["5", "6", "7"]
    assert "9 frames, an epoch has 3 pairs" in "\n".join(lines)


def test_frames_default_to_what_fits(dataset_folder: Path) -> None:
    assert "11 frames" in run(dataset_folder, "-n", 1)
    with pytest.raises(InputError, match="11 times: 12 frames"):
        run(dataset_folder, "--frames", 12)


def test_json_has_every_cell(dataset_folder: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("frames: 5\ncontexts: {count: 1}\n")
    value = json.loads(run(dataset_folder, "-n", 2, "--recipe", recipe, "--contexts", 2, "--seed", 4, "--json"))
    wanted = Recipe.of_json(value["recipe"])
    sampler = PairSampler(camxtime.open(dataset_folder), wanted, 4)
    assert wanted.contexts.count == 2 and value["fingerprint"] == sampler.fingerprint
    assert value["pairs"] == [sampler.pair(i).to_json() for i in range(2)]


def test_a_split_of_a_manifest(dataset_folder: Path, tmp_path: Path) -> None:
    content = content_of(camxtime.open(dataset_folder))
    manifest = cut(content, SplitRecipe(hold_out={"test": "name:hall"}, by="scene")).write(tmp_path / "m.json")
    found = {}
    for split in ("train", "test"):
        value = json.loads(
            run(dataset_folder, "-n", 12, "--frames", 5, "--manifest", manifest, "--split", split, "--json")
        )
        found[split] = {pair["source"]["grid"].split(".")[0] for pair in value["pairs"]}
    assert found == {"train": {"room"}, "test": {"hall"}}
    with pytest.raises(InputError, match="there is no split 'val'"):
        run(dataset_folder, "--manifest", manifest, "--split", "val")
    damaged = tmp_path / "damaged.json"
    damaged.write_text(manifest.read_text().replace("hall", "hill", 1))
    with pytest.raises(DataError):
        run(dataset_folder, "--manifest", damaged)


def test_the_strip_is_a_picture(dataset_folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "pairs.png"
    text = run(dataset_folder, "-n", 2, "--frames", 9, "--contexts", 1, "--choose", "frustum", "--condition", "--strip", target,
               "--columns", 5, "--thumb", 64)  # fmt: skip
    assert str(target) in text
    with Image.open(target) as picture:
        assert picture.width > 5 * 64 and picture.height > 2 * 4 * 40
    with pytest.raises(InputError, match="--strip"):
        run(dataset_folder, "--condition")
    with pytest.raises(InputError, match="2 to 100 frames"):
        StripOptions(columns=1)
    with pytest.raises(InputError, match="no pair"):
        pair_strip([])


def test_a_strip_of_a_hop(dataset_folder: Path) -> None:
    sampler = PairSampler(camxtime.open(dataset_folder), Recipe(frames=5))
    hop = next(pair for pair in map(sampler.pair, range(999)) if pair.camera == "hop")
    assert pair_strip([PairLoader(sampler).load(hop)], StripOptions(3, 32)).width > 96


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("frames: 0", "frames"),
        ("frames: [", "not YAML"),
        ("- 1", "mapping"),
        ("families: 3", "families"),
        ("x: 1", "no field 'x'"),
    ],
)
def test_bad_recipes_are_refused_by_file_and_field(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"recipe\.yaml.*{match}"):
        read_recipe(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "none.yaml")
    (tmp_path / "empty.yaml").write_text("")
    assert read_recipe(tmp_path / "empty.yaml") == Recipe()
