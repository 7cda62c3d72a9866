"""The spec's quality section: defaults, changes, errors; and judging by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from camxtime.errors import InputError
from camxtime.quality.judge import badness, judge, unmeasured
from camxtime.spec import DatasetSpec, json_schema, load, loads
from camxtime.spec.quality import MEASURES, Quality
from camxtime.splits.content import content_of

GOOD = {
    "luminance": 0.5, "clipped_share": 0.0, "black_share": 0.01, "sharpness": 20.0, "subject_share": 0.05,
    "subject_visible": 1.0, "motion_px": 1.0, "static_share": 0.95, "camera_motion_px": 3.0, "parallax_px": 2.0,
    "covisibility": 0.6, "seconds_per_cell": 0.1,
}  # fmt: skip


def with_quality(repo: Path, quality: object) -> DatasetSpec:
    data = load(repo / "scene_specs" / "demo.yaml").spec.canonical()
    return loads(yaml.safe_dump({**data, "quality": quality}), "my.yaml")


def test_a_section_that_says_what_holds_anyway_changes_no_digest(repo: Path) -> None:
    plain = load(repo / "scene_specs" / "demo.yaml").spec
    assert "quality" not in plain.canonical()
    for same in ({}, {"gate": True}, {"luminance": {"min": MEASURES["luminance"].low}}):
        assert with_quality(repo, same).digest == plain.digest
    other = with_quality(repo, {"luminance": {"min": 0.3}})
    assert other.digest != plain.digest and loads(yaml.safe_dump(other.canonical())) == other
    plans = [next(iter(content_of(spec).grids.values())).plan_digest for spec in (plain, other)]
    assert plans[0] != plans[1], "other bounds may draw other paths"


def test_shipped_manifests_still_fit_their_specs(repo: Path) -> None:
    for name in ("mini", "camxtime-180k", "camxtime-360k"):
        frozen = json.loads((repo / "manifests" / f"{name}.splits.json").read_text())
        assert "quality" not in load(repo / "scene_specs" / f"{name}.yaml").spec.canonical() and frozen["source"]


def test_a_bound_left_out_keeps_its_default_and_null_switches_it_off(repo: Path) -> None:
    quality = with_quality(repo, {"luminance": {"max": 0.7}, "camera_motion_px": {"min": None}}).quality
    assert (quality.bounds("luminance").min, quality.bounds("luminance").max) == (MEASURES["luminance"].low, 0.7)
    assert quality.bounds("camera_motion_px").min is None
    assert quality.bounds("sharpness").min == MEASURES["sharpness"].low


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"luminence": {"min": 0}}, "quality.luminence: unknown field"),
        ({"luminance": {"least": 0}}, "quality.luminance.least: unknown field"),
        ({"luminance": {"min": 0.95}}, "min 0.95 is above max"),
        ({"black_share": {"max": "much"}}, "quality.black_share.max"),
        ({"max_left_out": 2}, "quality.max_left_out"),
    ],
)
def test_a_mistake_names_the_field(repo: Path, section: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        with_quality(repo, section)


def test_the_schema_documents_every_measure() -> None:
    fields = json_schema()["$defs"]["Quality"]["properties"]
    for name, known in MEASURES.items():
        assert known.help in fields[name]["description"] and known.unit in fields[name]["description"]


def test_good_values_pass_and_each_bad_one_is_named_with_its_mend() -> None:
    quality = Quality()
    assert judge(GOOD, quality) == [] and badness(GOOD, quality) < 0
    for name, known in MEASURES.items():
        for bound, factor, mend in ((known.low, 0.5, known.mend_low), (known.high, 2.0, known.mend_high)):
            if bound is None:
                continue
            (fault,) = judge({**GOOD, name: bound * factor}, quality)
            assert fault.measure == name and fault.mend == mend and mend
            assert name in str(fault) and known.unit in str(fault)


def test_the_worst_comes_first_and_a_bound_itself_passes() -> None:
    quality = Quality()
    low = quality.bounds("luminance").min
    assert low is not None and judge({**GOOD, "luminance": low}, quality) == []
    found = judge({**GOOD, "luminance": 0.9 * low, "subject_share": 0.0}, quality)
    assert [fault.measure for fault in found] == ["subject_share", "luminance"]
    two = {**GOOD, "luminance": 0.0, "sharpness": 0.0}
    assert badness(two, quality) > badness({**GOOD, "luminance": 0.0}, quality) > 0 > badness(GOOD, quality)
    near = {**GOOD, "luminance": 1.05 * low}
    assert badness(near, quality) > badness(GOOD, quality), "of two that pass, the one nearer to a bound is worse"


def test_only_bounded_measures_count_as_unmeasured() -> None:
    values = {**GOOD, "parallax_px": None, "sharpness": None}
    assert unmeasured(values, Quality()) == ["sharpness"]
    assert judge(values, Quality()) == []
