"""Distances between grids: the definition, the blocks, and that twins are told from kin."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camxtime.quality import diversity
from camxtime.quality.diversity import FRAMES, descriptor, neighbours


def test_the_distance_of_two_colours_is_their_delta_e() -> None:
    a, b = (200, 60, 40), (40, 90, 180)
    described = [descriptor([np.full((30, 40, 3), colour, np.uint8)] * FRAMES) for colour in (a, b)]
    lab = cv2.cvtColor(np.array([[a, b]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    assert np.linalg.norm(described[0] - described[1]) == pytest.approx(np.linalg.norm(lab[0] - lab[1]), rel=1e-4)


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 60), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_blocks_find_what_the_definition_finds(count: int, block: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(50, 10, (count, 6)).astype(np.float32)
    wanted = np.linalg.norm(points[:, None].astype(float) - points[None], axis=-1)
    pairs = {(i, j) for i in range(count) for j in range(i + 1, count) if wanted[i, j] < 12}
    np.fill_diagonal(wanted, np.inf)
    whole = diversity._BLOCK
    diversity._BLOCK = block
    try:
        found = neighbours(points, 12.0)
    finally:
        diversity._BLOCK = whole
    np.testing.assert_allclose(found.distance, wanted.min(axis=1), rtol=1e-5)
    assert {(i, j) for i, j, _ in found.pairs} == pairs
    assert [d for *_, d in found.pairs] == sorted(d for *_, d in found.pairs)


def test_a_single_grid_has_no_neighbour() -> None:
    found = neighbours(np.zeros((1, 4), np.float32), 3.0)
    assert np.isinf(found.distance[0]) and found.pairs == ()


def test_noise_makes_twins_and_another_view_does_not() -> None:
    rng = np.random.default_rng(1)
    base = cv2.resize(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8), (64, 64), interpolation=cv2.INTER_LINEAR)
    noisy = np.clip(base + rng.normal(0, 12, base.shape), 0, 255).astype(np.uint8)
    turned = np.roll(base, 6, axis=1)
    one, twin, kin = (descriptor([image] * FRAMES) for image in (base, noisy, turned))
    assert np.linalg.norm(one - twin) < 3 < np.linalg.norm(one - kin)
