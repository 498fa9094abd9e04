"""Numbers of a format: on the exact lattice, over the exponent range, and the points where faults hide."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.number_format import NUMBER_FORMATS, NumberFormat


def number_format(dtype: str) -> NumberFormat:
    """The number format named ``dtype``, for strategies to validate their argument with."""
    if dtype not in NUMBER_FORMATS:
        raise InvalidArgument(f"{dtype=} must be one of {', '.join(NUMBER_FORMATS)}")
    return NUMBER_FORMATS[dtype]


@cache
def lattice_numbers(*, bound: int, exponent: int = 0) -> SearchStrategy[float]:
    """Integers from ``-bound`` to ``bound``, times ``2**exponent``. Shrinks towards 0."""
    if bound < 1:
        raise InvalidArgument(f"{bound=} must be at least 1")
    return st.integers(-bound, bound).map(lambda integer: integer * 2.0**exponent)


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
def floats(
    *, dtype: str, min_exponent: int, max_exponent: int, specials: bool = True, zeros: bool = True
) -> SearchStrategy[float]:
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
    bits = kind.precision - 1
    exponents = sorted(range(min_exponent, max_exponent + 1), key=lambda exponent: (abs(exponent), exponent < 0))
    points = special_points(dtype)

    def number(code: int, fraction: int) -> float:
        code, choice = divmod(code, _CHOICES)
        if choice == _SPECIAL and specials:
            return points[fraction % len(points)]
        if choice == _ZERO and zeros:
            return 0.0
        if choice % 2:
            fraction = fraction * _SCATTER % 2**bits
        code, negative = divmod(code, 2)
        exponent = exponents[code]
        # Reversed, so that a small integer becomes a short fraction: 1 is .1, 2 is .01, 3 is .11 in binary.
        reversed_bits = int(f"{fraction:0{bits}b}"[::-1], 2)
        magnitude = (1 + reversed_bits / 2.0**bits) * 2.0**exponent
        # Subnormal numbers have fewer digits; cut what does not fit.
        spacing = 2.0 ** max(lowest, exponent - bits)
        return (-1 if negative else 1) * (magnitude // spacing) * spacing

    # Two integers for each number: draws are what a large tensor costs.
    codes = st.integers(0, _CHOICES * 2 * len(exponents) - 1)
    return st.tuples(codes, st.integers(0, 2**bits - 1)).map(lambda drawn: number(*drawn))


_CHOICES, _ZERO, _SPECIAL = 25, 23, 24
_SCATTER = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: scatters small integers over all digits


@st.composite
def number_lists(
    draw: DrawFn, *, elements: SearchStrategy[float], count: int, distinct: bool = False
) -> tuple[float, ...]:
    """``count`` numbers from ``elements``.

    - ``distinct``: whether all must differ; otherwise one list in five is drawn from a pool of two numbers, so that
      there are ties and constant slices.
    """
    if not distinct and count > 2 and draw(st.integers(0, 4)) == 4:
        pool = draw(st.lists(elements, min_size=1, max_size=2))
        return tuple(draw(st.lists(st.sampled_from(pool), min_size=count, max_size=count)))
    return tuple(draw(st.lists(elements, min_size=count, max_size=count, unique=distinct)))
