"""Numbers as people read them: three digits, and a unit."""

from __future__ import annotations

import math

ABSENT = "–"
"""Stands for a number that there is none of."""


def three_digits(number: float) -> str:
    """``number`` with three significant digits and without an exponent, as long as that is readable."""
    if not 1e-3 <= abs(number) < 1e6:
        return f"{number:.3g}"
    decimals = max(2 - math.floor(math.log10(abs(number))), 0)
    return f"{number:,.{decimals}f}"


def short(number: float) -> str:
    """``number`` with at most four significant digits, and none that say nothing, as in 4 or 2,048."""
    return f"{number:,.4g}"


def seconds(number: float) -> str:
    """A time in µs, ms or s."""
    if math.isnan(number):
        return ABSENT
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if number >= size:
            return f"{three_digits(number / size)} {unit}"
    return f"{three_digits(number / 1e-6)} µs"


def seconds_between(low: float, high: float) -> str:
    """Two times with the unit of the larger one."""
    unit, size = next(((unit, size) for unit, size in (("s", 1.0), ("ms", 1e-3)) if high >= size), ("µs", 1e-6))
    return f"{three_digits(low / size)} to {three_digits(high / size)} {unit}"


def ratio(number: float) -> str:
    """How many times."""
    return ABSENT if math.isnan(number) else f"{three_digits(number)}×"


def share(number: float) -> str:
    """A part of a whole in percent; 100 % is all of it, nothing less."""
    if math.isnan(number):
        return ABSENT
    percent = min(round(number * 100, 1), 99.9) if number < 1 else round(number * 100, 1)
    return f"{percent:,.1f}%"


def count(number: int) -> str:
    """A whole number with commas."""
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A whole number of things."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Bytes in B, KB, MB or GB, powers of ten."""
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if number >= of:
            return f"{three_digits(number / of)} {unit}"
    return f"{number} B"


def scientific(number: float) -> str:
    """A number with two digits and a power of ten, as in 1.2 × 10⁻¹²."""
    if number == 0 or not math.isfinite(number):
        return f"{number:g}"
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
