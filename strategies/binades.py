"""The numbers of a format between two consecutive powers of two, as bytes tell them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oracle.number_format import NumberFormat
from strategies.numbers import Codes, Numbers, whole_numbers


@dataclass(frozen=True)
class Binade:
    """The numbers ``sign * m * 2**quantum`` with integers m from ``first`` to ``last``, of about one magnitude.

    Attributes:
        exponent: their magnitudes are from ``2**exponent`` to below ``2**(exponent + 1)``.
    """

    sign: int
    exponent: int
    quantum: int
    first: int
    last: int

    @property
    def size(self) -> int:
        """How many numbers these are."""
        return self.last - self.first + 1

    def number(self, integer: int) -> float:
        """The number that ``integer`` stands for."""
        return self.sign * math.ldexp(integer, self.quantum)


def binades_between(
    kind: NumberFormat, lowest: float, highest: float, low: int, high: int, smallest: float = 0.0
) -> tuple[Binade, ...]:
    """The numbers from ``lowest`` to ``highest`` with exponents from ``low`` to ``high``, the simplest ones first.

    - ``smallest``: a bound for magnitudes.
    """
    found = []
    for sign, least, greatest in ((1, max(lowest, smallest), highest), (-1, max(-highest, smallest), -lowest)):
        if greatest <= 0:
            continue
        bottom = max(low, math.frexp(least)[1] - 1) if least > 0 else low
        for exponent in range(bottom, min(high, math.frexp(greatest)[1] - 1) + 1):
            # Subnormal numbers have fewer digits.
            quantum = max(kind.minimum_exponent, exponent) - kind.precision + 1
            first, last = 2 ** (exponent - quantum), 2 ** (exponent - quantum + 1) - 1
            if least > math.ldexp(first, quantum):
                first = math.ceil(math.ldexp(least, -quantum))
            if greatest < math.ldexp(last, quantum):
                last = math.floor(math.ldexp(greatest, -quantum))
            if first <= last:
                found.append(Binade(sign, exponent, quantum, first, last))
    return tuple(sorted(found, key=lambda each: (abs(each.exponent), each.exponent < 0, each.sign < 0)))


def moderate(binades: tuple[Binade, ...]) -> tuple[Binade, ...]:
    """Those of ``binades`` with exponents from -3 to 3, and those of four exponents at least."""
    simplest = list(dict.fromkeys(binade.exponent for binade in binades))[:4]
    return tuple(binade for binade in binades if abs(binade.exponent) <= 3 or binade.exponent in simplest)


_CHOICES, END, ZERO, SPECIAL = 25, 22, 23, 24
"""One number in ``_CHOICES`` is an end, one is 0, and one is a special point, where there are such."""

_SCATTER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: scatters small integers over all digits
# 0, 1/2, 1/4, 3/4, 1/8 … in sixteenths: a small integer makes a short fraction.
_SIXTEENTHS = np.array([int(f"{each:04b}"[::-1], 2) for each in range(16)], dtype=np.uint64)


def numbers_of(kind: NumberFormat, binades: tuple[Binade, ...], rare: dict[int, tuple[float, ...]]) -> Numbers:
    """Numbers of ``binades``, each of these equally often; one number in ``_CHOICES`` from each of ``rare``.

    A number's bytes are one for its choice, two for its binade, and as many as its digits take.
    """
    signs = np.array([each.sign for each in binades], dtype=np.float64)
    quanta = np.array([each.quantum for each in binades], dtype=np.int32)
    digits = np.array([each.exponent - each.quantum for each in binades], dtype=np.uint64)
    firsts = np.array([each.first for each in binades], dtype=np.uint64)
    lasts = np.array([each.last for each in binades], dtype=np.uint64)
    sizes = lasts - firsts + np.uint64(1)
    tables = {choice: np.array(points) for choice, points in rare.items() if points}
    four = np.uint64(4)

    def decode(codes: Codes) -> NDArray[np.float64]:
        choices = codes[:, 0] % _CHOICES
        places = whole_numbers(codes[:, 1:3]) % np.uint64(len(binades))
        code = whole_numbers(codes[:, 3:])
        first, size = firsts[places], sizes[places]
        sixteenths = _SIXTEENTHS[codes[:, -1] % 16]
        short = (np.uint64(16) + sixteenths) << digits[places] >> four
        # Where the bounds leave out the short number, one as far into what they leave.
        short = np.where((short < first) | (short > lasts[places]), first + (size * sixteenths >> four), short)
        integers = np.where(choices % 2, first + code * _SCATTER % size, short)
        numbers = signs[places] * np.ldexp(integers.astype(np.float64), quanta[places])
        for choice, points in tables.items():
            chosen = choices == choice
            if chosen.any():
                numbers[chosen] = points[code[chosen] % np.uint64(len(points))]
        return np.asarray(numbers)

    def ladder(count: int) -> tuple[float, ...]:
        found: dict[float, None] = {}
        parts = 1
        while len(found) < count and parts <= 2**kind.precision:
            steps = (
                (binade, binade.first + binade.size * part // parts) for part in range(parts) for binade in binades
            )
            for binade, integer in steps:
                if len(found) < count:
                    found[binade.number(integer)] = None
            parts *= 4
        return tuple(found)

    return Numbers(1 + 2 + (kind.precision - 1 + 7) // 8, decode, ladder, zero=bool(rare.get(ZERO)))
