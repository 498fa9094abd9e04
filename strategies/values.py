"""Numbers of a format: on the exact lattice, over the exponent range, and the points where faults hide."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from hypothesis.errors import InvalidArgument
from numpy.typing import NDArray

from oracle.number_format import NUMBER_FORMATS, NumberFormat
from strategies.binades import END, SPECIAL, ZERO, binades_between, moderate, numbers_of
from strategies.numbers import Numbers, whole_numbers


def number_format(dtype: str) -> NumberFormat:
    """The number format named ``dtype``, for strategies to validate their argument with."""
    if dtype not in NUMBER_FORMATS:
        raise InvalidArgument(f"{dtype=} must be one of {', '.join(NUMBER_FORMATS)}")
    return NUMBER_FORMATS[dtype]


def constants(*values: float) -> Numbers:
    """The numbers ``values``, and no others. Shrinks towards the first."""
    if not 1 <= len(values) <= 256:
        raise InvalidArgument(f"{values=} must be 1 to 256 numbers")
    table = np.array(values, dtype=np.float64)
    if len(values) == 1:
        return Numbers(0, lambda codes: np.repeat(table, len(codes)), lambda count: values[:count])
    return Numbers(
        1,
        lambda codes: table[codes[:, 0] % len(table)],
        lambda count: tuple(dict.fromkeys(values))[:count],
        zero=0.0 in values,
    )


@cache
def lattice_numbers(*, bound: int, exponent: int = 0) -> Numbers:
    """Integers from ``-bound`` to ``bound``, times ``2**exponent``. Shrinks towards 0."""
    if not 1 <= bound <= 2**53:
        raise InvalidArgument(f"{bound=} must be from 1 to 2**53")
    size = 2 * bound + 1
    scale = 2.0**exponent

    # 0, 1, -1, 2, -2 …
    def number(order: NDArray[np.uint64]) -> NDArray[np.float64]:
        magnitude = ((order + np.uint64(1)) // np.uint64(2)).astype(np.float64)
        return np.where(order % np.uint64(2), magnitude, 0.0 - magnitude) * scale

    # Four bits more than there are integers, so that nearly all are equally likely.
    width = min(8, (size.bit_length() + 4 + 7) // 8)
    return Numbers(
        width,
        lambda codes: number(whole_numbers(codes) % np.uint64(size)),
        lambda count: tuple(number(np.arange(min(count, size), dtype=np.uint64)).tolist()),
        zero=True,
    )


@cache
def special_points(dtype: str) -> tuple[float, ...]:
    """The points of ``dtype`` where derivative formulas go wrong.

    0 and -0; 1 and -1; the numbers next to 1; powers of two; the threshold beyond which the square overflows, and the
    number before it; the one below which the square underflows; the smallest normal and the smallest subnormal number.
    """
    kind = number_format(dtype)
    step = 2 * kind.unit_roundoff
    overflow = 2.0 ** ((kind.maximum_exponent + 1) // 2)
    underflow = 2.0 ** (kind.minimum_exponent // 2)
    positive = [1.0, 2.0, 0.5, 1 + step, 1 - step / 2, overflow, overflow * (1 - step / 2), underflow]
    positive += [kind.smallest_normal, kind.smallest_subnormal]
    return (0.0, -0.0, *positive, *(-each for each in positive))


@cache
def floats(*, dtype: str, min_exponent: int, max_exponent: int, specials: bool = True, zeros: bool = True) -> Numbers:
    """Numbers of ``dtype`` with magnitudes from ``2**min_exponent`` to below ``2**(max_exponent + 1)``.

    - ``specials``: one number in 25 is one of ``special_points`` instead, whatever its exponent.
    - ``zeros``: one number in 25 is 0.

    The significand is short in half of the draws and has all its digits in the other half. Shrinks towards 1, or the
    power of two next to it.
    """
    kind = number_format(dtype)
    lowest = kind.minimum_exponent - kind.precision + 1
    if not lowest <= min_exponent <= max_exponent <= kind.maximum_exponent:
        raise InvalidArgument(f"{min_exponent=} and {max_exponent=} must ascend within {dtype}'s exponents")
    binades = binades_between(kind, -kind.largest, kind.largest, min_exponent, max_exponent)
    points = special_points(dtype) if specials else ()
    return numbers_of(kind, binades, {SPECIAL: points, ZERO: (0.0,) if zeros else ()})


@cache
def floats_between(
    *, dtype: str, lowest: float, highest: float, max_magnitude: float = math.inf, specials: bool = True
) -> Numbers:
    """Numbers of ``dtype`` from ``lowest`` to ``highest``.

    - ``lowest``, ``highest``: included if they are numbers of ``dtype``; they need not be, and may be infinite. To
      leave out an end, pass the float64 number next to it, as ``math.nextafter`` gives it.
    - ``max_magnitude``: of all numbers, special ones included; but for 0, none is below its reciprocal either.
    - ``specials``: one number in 25 is one of the ``special_points`` within these bounds.

    One number in 25 is a finite end, or the number next to it, and one is 0, where there are such. The others have
    magnitudes from 1/8 to 16, or the magnitudes next to these that the bounds allow; in one list in five, any that the
    bounds allow. Significands are as for ``floats``. Shrinks towards 1, or the power of two next to it, or the smallest
    of the numbers next to it.
    """
    kind = number_format(dtype)
    if not lowest <= highest:
        raise InvalidArgument(f"{lowest=} and {highest=} must ascend")
    if not max_magnitude > 0:
        raise InvalidArgument(f"{max_magnitude=} must be positive")
    limit, smallest = min(max_magnitude, kind.largest), 1 / max_magnitude
    least, greatest = max(lowest, -limit), min(highest, limit)
    zeros = tuple(each for each in (0.0,) if least <= each <= greatest)
    lowest_exponent = kind.minimum_exponent - kind.precision + 1
    binades = binades_between(kind, least, greatest, lowest_exponent, kind.maximum_exponent, smallest)
    if not binades:
        if not zeros:
            raise InvalidArgument(f"{dtype} has no number from {lowest=} to {highest=} within {max_magnitude=}")
        return constants(0.0, -0.0)
    outermost = [*zeros, *(binade.number(each) for binade in binades for each in (binade.first, binade.last))]
    ends = tuple(
        end
        for end, given in ((min(outermost), lowest), (max(outermost), highest))
        if math.isfinite(given) and abs(given) <= limit
    )
    points = special_points(dtype) if specials else ()
    points = tuple(each for each in points if least <= each <= greatest and (each == 0 or abs(each) >= smallest))
    rare = {SPECIAL: points, ZERO: zeros, END: tuple(dict.fromkeys(ends))}
    # A binade that holds nothing but an end would be drawn as often as a whole one, and ends have their own share.
    inner = tuple(binade for binade in binades if binade.size > 1) or binades
    narrow, wide = numbers_of(kind, moderate(inner), rare), numbers_of(kind, inner, rare)

    def ladder(count: int) -> tuple[float, ...]:
        simple = narrow.ladder(count)
        return simple if len(simple) == count else numbers_of(kind, binades, {}).ladder(count)

    return Numbers(narrow.width, narrow.decode, ladder, wide.decode, narrow.zero)
