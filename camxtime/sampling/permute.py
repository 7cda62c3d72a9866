"""A pseudo-random permutation of 0..n−1 that is computed, not stored: any element on its own, in constant memory.

A balanced Feistel network of 8 rounds over the smallest even number of bits that holds n, with cycle walking: values ≥ n
are permuted again until one falls below n (Black and Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002). The
round function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014). It shuffles; it is not meant to hide anything.
"""

from __future__ import annotations

from camxtime.errors import InputError

_MASK = 2**64 - 1
_ROUNDS = 8


def _mix(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


class Permutation:
    """The permutation of 0..count−1 that belongs to `key` (an int of 64 bits). `permutation[i]` is O(1)."""

    def __init__(self, count: int, key: int):
        if count < 1:
            raise InputError(f"A permutation needs at least one element, not {count}.")
        self.count = count
        half = max((count - 1).bit_length() + 1, 2) // 2
        self._half = half
        self._low = (1 << half) - 1
        self._keys = [_mix((key + round_) & _MASK) for round_ in range(_ROUNDS)]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise IndexError(index)
        value = self._network(index)
        while value >= self.count:  # at most 4 times as many values as elements: 4 walks on average at worst
            value = self._network(value)
        return value

    def _network(self, value: int) -> int:
        left, right = value >> self._half, value & self._low
        for key in self._keys:
            left, right = right, left ^ (_mix(right ^ key) & self._low)
        return (left << self._half) | right
