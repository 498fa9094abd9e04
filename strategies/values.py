"""Numbers of a format: on the exact lattice, over the exponent range, and the points where faults hide.

Hypothesis takes tens of microseconds for every draw, whatever its size. So the numbers of a tensor come from one draw
of bytes, a few for each number, which are decoded together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy
from numpy.typing import NDArray

from oracle.number_format import NUMBER_FORMATS, NumberFormat
from strategies.reuse import reused, some_bytes

Codes = NDArray[np.uint8]
Decoder = Callable[[Codes], NDArray[np.float64]]


@dataclass(frozen=True)
class Numbers:
    """Numbers, told by a few bytes each.

    Attributes:
        width: how many bytes tell a number.
        decode: the numbers, shape ``(n,)``, that bytes of shape ``(n, width)`` tell. Bytes that are all 0 tell the
            simplest number; small bytes tell simpler numbers than large ones.
        ladder: that many different numbers, simple ones first, or all there are to offer: what takes the places of
            duplicates.
        wide: how the bytes of one list in five are decoded instead, if that is another way.
    """

    width: int
    decode: Decoder
    ladder: Callable[[int], tuple[float, ...]]
    wide: Decoder | None = None

    def singles(self) -> SearchStrategy[float]:
        """The numbers one by one, for what is no tensor. Shrinks towards the simplest."""

        def number(drawn: bytes) -> float:
            return float(self.decode(np.frombuffer(drawn, np.uint8).reshape(1, self.width))[0])

        return some_bytes(size=self.width).map(number)

    def __or__(self, other: Numbers) -> Numbers:
        """Half of the numbers are from here and half from ``other``."""

        def mixed(first: Decoder, second: Decoder) -> Decoder:
            def decode(codes: Codes) -> NDArray[np.float64]:
                ours, theirs = codes[:, 1 : 1 + self.width], codes[:, 1 : 1 + other.width]
                return np.where(codes[:, 0] % 2 == 0, first(ours), second(theirs))

            return decode

        wide = None
        if self.wide or other.wide:
            wide = mixed(self.wide or self.decode, other.wide or other.decode)
        return Numbers(
            1 + max(self.width, other.width),
            mixed(self.decode, other.decode),
            lambda count: tuple(dict.fromkeys(self.ladder(count) + other.ladder(count)))[:count],
            wide,
        )


def number_format(dtype: str) -> NumberFormat:
    """The number format named ``dtype``, for strategies to validate their argument with."""
    if dtype not in NUMBER_FORMATS:
        raise InvalidArgument(f"{dtype=} must be one of {', '.join(NUMBER_FORMATS)}")
    return NUMBER_FORMATS[dtype]


def _integers(codes: Codes) -> NDArray[np.uint64]:
    """The integer that the bytes of each row write, the first byte the highest; at most eight bytes."""
    padded = np.zeros((len(codes), 8), np.uint8)
    padded[:, 8 - codes.shape[1] :] = codes
    return padded.view(">u8")[:, 0].astype(np.uint64)


def constants(*values: float) -> Numbers:
    """The numbers ``values``, and no others. Shrinks towards the first."""
    if not 1 <= len(values) <= 256:
        raise InvalidArgument(f"{values=} must be 1 to 256 numbers")
    table = np.array(values, dtype=np.float64)
    if len(values) == 1:
        return Numbers(0, lambda codes: np.repeat(table, len(codes)), lambda count: values[:count])
    return Numbers(1, lambda codes: table[codes[:, 0] % len(table)], lambda count: tuple(dict.fromkeys(values))[:count])


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
        lambda codes: number(_integers(codes) % np.uint64(size)),
        lambda count: tuple(number(np.arange(min(count, size), dtype=np.uint64)).tolist()),
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
    binades = _binades(kind, -kind.largest, kind.largest, min_exponent, max_exponent)
    points = special_points(dtype) if specials else ()
    return _numbers(kind, binades, {_SPECIAL: points, _ZERO: (0.0,) if zeros else ()})


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
    binades = _binades(kind, least, greatest, lowest_exponent, kind.maximum_exponent, smallest)
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
    rare = {_SPECIAL: points, _ZERO: zeros, _END: tuple(dict.fromkeys(ends))}
    # A binade that holds nothing but an end would be drawn as often as a whole one, and ends have their own share.
    inner = tuple(binade for binade in binades if binade.size > 1) or binades
    narrow, wide = _numbers(kind, _moderate(inner), rare), _numbers(kind, inner, rare)

    def ladder(count: int) -> tuple[float, ...]:
        simple = narrow.ladder(count)
        return simple if len(simple) == count else _numbers(kind, binades, {}).ladder(count)

    return Numbers(narrow.width, narrow.decode, ladder, wide.decode)


@dataclass(frozen=True)
class _Binade:
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


def _binades(
    kind: NumberFormat, lowest: float, highest: float, low: int, high: int, smallest: float = 0.0
) -> tuple[_Binade, ...]:
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
                found.append(_Binade(sign, exponent, quantum, first, last))
    return tuple(sorted(found, key=lambda each: (abs(each.exponent), each.exponent < 0, each.sign < 0)))


def _moderate(binades: tuple[_Binade, ...]) -> tuple[_Binade, ...]:
    """Those of ``binades`` with exponents from -3 to 3, and those of four exponents at least."""
    simplest = list(dict.fromkeys(binade.exponent for binade in binades))[:4]
    return tuple(binade for binade in binades if abs(binade.exponent) <= 3 or binade.exponent in simplest)


_CHOICES, _END, _ZERO, _SPECIAL = 25, 22, 23, 24
_SCATTER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: scatters small integers over all digits
# 0, 1/2, 1/4, 3/4, 1/8 … in sixteenths: a small integer makes a short fraction.
_SIXTEENTHS = np.array([int(f"{each:04b}"[::-1], 2) for each in range(16)], dtype=np.uint64)


def _numbers(kind: NumberFormat, binades: tuple[_Binade, ...], rare: dict[int, tuple[float, ...]]) -> Numbers:
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
        places = _integers(codes[:, 1:3]) % np.uint64(len(binades))
        code = _integers(codes[:, 3:])
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

    return Numbers(1 + 2 + (kind.precision - 1 + 7) // 8, decode, ladder)


@reused
@st.composite
def number_lists(draw: DrawFn, *, numbers: Numbers, count: int, distinct: bool = False) -> tuple[float, ...]:
    """Lists of ``count`` of ``numbers``.

    - ``distinct``: whether all must differ; otherwise one list in five is drawn from a pool of one or two numbers, so
      that there are ties and constant slices.

    Shrinks towards the simplest numbers, all equal unless they must differ.
    """
    return listed(draw(some_bytes(size=list_size(numbers, count))), numbers, count, distinct)


def list_size(numbers: Numbers, count: int) -> int:
    """How many bytes tell ``count`` of ``numbers``: the first one is about the whole list."""
    return 1 + count * numbers.width


def listed(drawn: bytes, numbers: Numbers, count: int, distinct: bool = False) -> tuple[float, ...]:
    """The list that ``drawn`` tells, as ``number_lists`` draws it; bytes that are left over tell nothing."""
    rest, shared = divmod(drawn[0], 5)
    rest, two = divmod(rest, 2)
    decode = numbers.wide if numbers.wide and rest % 5 == 4 else numbers.decode
    codes = np.frombuffer(drawn, np.uint8, count * numbers.width, offset=1).reshape(count, numbers.width)
    if distinct:
        return _parted(decode(codes).tolist(), numbers.ladder(count))
    if shared == 4 and count > 2 and numbers.width > 0:
        pool = decode(codes[: 1 + two])
        return tuple(pool[codes[:, -1] % len(pool)].tolist())
    return tuple(decode(codes).tolist())


def _parted(numbers: list[float], others: tuple[float, ...]) -> tuple[float, ...]:
    """``numbers`` with others in the places of duplicates."""
    if len(others) < len(numbers):
        raise InvalidArgument(f"{len(numbers)} different numbers are wanted, and there are {len(others)}")
    taken = set(numbers)
    free = (other for other in others if other not in taken)
    seen: set[float] = set()
    for place, number in enumerate(numbers):
        if number in seen:
            numbers[place] = next(free)
        seen.add(number)
    return tuple(numbers)
