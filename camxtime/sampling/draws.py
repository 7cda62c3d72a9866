"""Random numbers of pair i: counter-based, so any pair's numbers are had without drawing those before it.

A Philox-4x64 generator (Salmon et al., SC 2011) whose key is the first 128 bits of SHA-256 over what the sampler draws
from, and whose 256-bit counter starts at (0, i, 0, stream): 2^64 draws a pair, and separate streams for separate
purposes, so that asking for contexts does not change the pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from camxtime.errors import InputError

PAIR, CONTEXT, VIEW = range(3)
"""Streams: the pair itself; its context clips; how its pixels are cut."""

MAX_INDEX = 2**63


def draw_key(fingerprint: str, seed: int) -> bytes:
    """32 bytes: the first 16 are the Philox key, the next 8 the key of the epochs' permutations."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise InputError(f"A seed must be a whole number from 0 to 2^64 − 1, not {seed!r}.")
    return hashlib.sha256(f"camxtime draws 1\n{fingerprint}\n{seed}".encode()).digest()


def generator(key: bytes, index: int, stream: int) -> np.random.Generator:
    """The generator of pair `index` for one purpose."""
    words = np.frombuffer(key[:16], "<u8")
    return np.random.Generator(np.random.Philox(key=words, counter=[0, index, 0, stream]))


def digest_of_ids(ids: Iterable[str]) -> str:
    """SHA-256 over the sorted ids of a split's grids, 64 hexadecimal digits."""
    return hashlib.sha256(("camxtime grids 1\n" + "\n".join(sorted(ids))).encode()).hexdigest()
