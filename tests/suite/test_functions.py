"""Elementary functions: their values against Arb's balls, and how far their values spread over intervals."""

from __future__ import annotations

import math
from fractions import Fraction

import flint
import numpy as np
import pytest

from oracle.functions import FUNCTIONS, FUNCTIONS_OF_TWO, QUAD, quad_constant
from oracle.reference import FUNCTIONS as BALLS

BALLS_OF_TWO = {"hypot": lambda a, b: (a * a + b * b).sqrt(), "atan2": flint.arb.atan2}

EVERYWHERE = (-math.inf, math.inf)
DOMAINS = {
    "log": (0, math.inf),
    "log2": (0, math.inf),
    "log10": (0, math.inf),
    "log1p": (-1, math.inf),
    "asin": (-1, 1),
    "acos": (-1, 1),
    "atanh": (-1, 1),
    "erfinv": (-1, 1),
    "acosh": (1, math.inf),
    "loggamma": (0, math.inf),
    "polygamma0": (0, math.inf),
    "polygamma1": (0, math.inf),
}
"""Where the functions are defined, if not everywhere."""

GROWING = {"exp": 700, "exp2": 1000, "expm1": 700, "sinh": 700, "cosh": 700, "loggamma": 1e300, "erfc": 26}
"""Magnitudes beyond which results leave the range of float64."""


def points(name):
    """Operands all over the domain: near its ends, tiny, large, and in between."""
    lowest, highest = DOMAINS.get(name, EVERYWHERE)
    limit = GROWING.get(name, 1e300)
    random = np.random.default_rng(1)
    wide, moderate = 2.0 ** random.uniform(-400, 1000, 60), random.uniform(0, 30, 60)
    magnitudes = np.concatenate((wide, moderate, 2.0 ** -np.arange(50)))
    candidates = np.concatenate((magnitudes, -magnitudes, 1 - magnitudes, magnitudes - 1, 1 + magnitudes))
    inside = (candidates > lowest) & (candidates < highest) & (np.abs(candidates) <= limit)
    return np.unique(candidates[inside])


def exactly(quad):
    """A 128-bit number as a fraction: three float64 numbers hold all its bits."""
    total = Fraction(0)
    for _ in range(3):
        part = float(np.asarray(quad).astype(np.float64))
        total += Fraction(part)
        quad = quad - np.float64(part)
    return total


def ball_of(quad):
    exact = exactly(quad)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def relative_error(came, due):
    """How far a 128-bit number is from a ball, relative to it; also where the ball is beyond the range of float64."""
    return float((abs(ball_of(came) / due - 1)).upper())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_right_to_105_bits(name):
    operands = points(name)
    assert len(operands) >= 80
    with np.errstate(all="ignore"):
        came = FUNCTIONS[name].value(operands.astype(QUAD))
    compared = 0
    with flint.ctx.workprec(2500):
        for operand, result in zip(operands.tolist(), came, strict=True):
            due = BALLS[name](flint.arb(operand))
            # What is smaller may have digits below the smallest number of float64, in which the test reads it.
            if due.is_finite() and 2.0**-900 < abs(float(due)) < math.inf:
                assert relative_error(result, due) < 2.0**-105, operand
                compared += 1
    assert compared >= 60


def test_where_a_function_has_no_real_value_it_is_nan():
    with np.errstate(all="ignore"):
        for name, outside in {
            "log": -1.0,
            "asin": 1.5,
            "acosh": 0.5,
            "erfinv": -2.0,
            "log1p": -3.0,
            "atanh": 2.0,
        }.items():
            assert np.isnan(FUNCTIONS[name].value(np.array([outside]).astype(QUAD))[0]), name


@pytest.mark.parametrize("name", FUNCTIONS_OF_TWO)
def test_functions_of_two_are_right_to_105_bits(name):
    random = np.random.default_rng(2)
    scales = 2.0 ** random.uniform(-300, 300, 200)
    first = random.choice((-1.0, 1.0), 200) * scales * 2.0 ** random.uniform(-30, 30, 200)
    second = random.choice((-1.0, 1.0), 200) * scales
    came = FUNCTIONS_OF_TWO[name].value(first.astype(QUAD), second.astype(QUAD))
    with flint.ctx.workprec(2500):
        for a, b, result in zip(first.tolist(), second.tolist(), came, strict=True):
            assert relative_error(result, BALLS_OF_TWO[name](flint.arb(a), flint.arb(b))) < 2.0**-105


def test_pi_has_105_bits():
    with flint.ctx.workprec(300):
        assert relative_error(quad_constant("pi"), flint.arb.pi()) < 2.0**-105


def test_next_to_zeros_of_a_function_all_digits_are_right():
    # ψ(x) is 0 at 1.4616321449683623…, log Γ(x) at 1 and 2.
    near = {
        "loggamma": (1 + 2.0**-52, 1 - 2.0**-53, 2 - 2.0**-52),
        "polygamma0": (1.4616321449683623, 1.4616321449683625),
    }
    for name, operands in near.items():
        came = FUNCTIONS[name].value(np.array(operands).astype(QUAD))
        with flint.ctx.workprec(2500):
            for operand, result in zip(operands, came, strict=True):
                assert relative_error(result, BALLS[name](flint.arb(operand))) < 2.0**-105


# Spreads


def intervals(name, *, narrow):
    """Midpoints and radii: narrow ones are a thousandth of what the function changes over."""
    lowest, highest = DOMAINS.get(name, EVERYWHERE)
    limit = min(GROWING.get(name, 1e6), 1e6) / 4
    random = np.random.default_rng(3)
    inside = points(name)
    inside = inside[(np.abs(inside) < limit) & (np.abs(inside) > 2.0**-200)]
    middles = np.concatenate((inside, random.uniform(-1, 1, 150)))
    middles = middles[(middles > lowest) & (middles < highest)]
    room = np.minimum(np.minimum(middles - lowest, highest - middles), np.maximum(np.abs(middles), 2.0**-20))
    if narrow:
        room = np.minimum(room, 1 / np.maximum(np.abs(middles), 1))
        return middles, room * 1e-3
    radii = room * random.choice((1e-12, 1e-3, 0.4, 0.99), len(room))
    if name not in DOMAINS:
        # Through 0, and over many periods.
        radii = np.where(random.uniform(size=len(room)) < 0.3, np.abs(middles) * 2 + 0.5, radii)
    return middles, np.minimum(radii, limit)


def moved(function, middles, radii):
    """How far the values at points within each interval are from that at the midpoint, at most; NaN where undefined."""
    quads = middles.astype(QUAD)
    at_middle = function(quads)
    offsets = np.concatenate((np.linspace(-1, 1, 9), np.random.default_rng(4).uniform(-1, 1, 4)))
    others = [np.abs(function(quads + (radii * offset).astype(QUAD)) - at_middle) for offset in offsets]
    return np.max(np.stack(others), axis=0).astype(np.float64)


def spread_of(name, middles, radii):
    function = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        return function.spread(function.value, middles.astype(QUAD), radii)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_within_an_interval_stay_within_its_spread(name):
    middles, radii = intervals(name, narrow=False)
    spread = spread_of(name, middles, radii)
    with np.errstate(all="ignore"):
        away = moved(FUNCTIONS[name].value, middles, radii)
    known = np.isfinite(spread)
    assert np.count_nonzero(known) > 60
    # 2^-90: the 113th bits of the values themselves.
    with np.errstate(all="ignore"):
        own = np.abs(FUNCTIONS[name].value(middles.astype(QUAD))).astype(np.float64) * 2.0**-90
    assert (away <= spread * (1 + 1e-9) + own)[known].all()
    if name not in ("tan", "loggamma", "polygamma0", "polygamma1"):
        assert known.all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_spreads_over_narrow_intervals_are_not_too_wide(name):
    middles, radii = intervals(name, narrow=True)
    if name == "loggamma":
        # Its slope is 0 between 1 and 2, where the bound is not.
        radii, middles = (each[(middles < 0.8) | (middles > 3)] for each in (radii, middles))
    if name == "polygamma0":
        radii, middles = (each[middles < 1e4] for each in (radii, middles))
    spread = spread_of(name, middles, radii)
    with np.errstate(all="ignore"):
        away = moved(FUNCTIONS[name].value, middles, radii)
        # Elsewhere the function is constant to its 113 bits.
        value = np.abs(FUNCTIONS[name].value(middles.astype(QUAD))).astype(np.float64)
    compared = np.isfinite(away) & (away > 2.0**-900) & (away > 2.0**-90 * value)
    assert np.count_nonzero(compared) > 60
    assert (spread <= 3 * away)[compared].all()
    assert (spread >= away * (1 - 1e-9))[compared].all()


def test_spreads_of_nothing_are_nothing():
    for name in FUNCTIONS:
        middles = points(name)[::9]
        spread = spread_of(name, middles, np.zeros(len(middles)))
        assert not spread[np.isfinite(spread)].any(), name
        assert np.count_nonzero(np.isfinite(spread)) >= 0.8 * len(middles), name


@pytest.mark.parametrize(
    ("name", "middle", "radius"),
    [
        ("log", 0.5, 1.0),
        ("log", 1.0, 1.0),
        ("log2", 0.5, 0.75),
        ("log10", 0.25, 0.5),
        ("log1p", -0.5, 1.0),
        ("asin", 0.5, 0.75),
        ("acos", -0.5, 0.75),
        ("atanh", 0.75, 0.5),
        ("atanh", 0.75, 0.25),
        ("acosh", 1.25, 0.5),
        ("erfinv", 0.75, 0.5),
        ("loggamma", 0.5, 1.0),
        ("polygamma0", 0.5, 0.5),
        ("polygamma1", 0.5, 0.75),
        ("tan", 1.5, 0.25),
        ("tan", 0.0, 2.0),
        ("tan", 0.0, 100.0),
        ("tan", 1e6, 4.0),
    ],
)
def test_where_a_function_is_not_defined_throughout_nothing_is_known(name, middle, radius):
    assert spread_of(name, np.array([middle]), np.array([radius]))[0] == np.inf


def test_spreads_of_sine_and_cosine_are_at_most_2_and_at_most_the_radius():
    for name in ("sin", "cos"):
        assert spread_of(name, np.array([0.3, 0.3]), np.array([1e9, 1.9])).tolist() == [2.0, 1.9]


# Far down, a product of two numbers leaves the range of float64, in which spreads are computed.
@pytest.mark.parametrize("exponents", [(-20, 20), (-1020, -300), (300, 1020)], ids=["usual", "small", "large"])
@pytest.mark.parametrize("name", FUNCTIONS_OF_TWO)
def test_values_of_two_operands_stay_within_their_spread(name, exponents):
    function, count, random = FUNCTIONS_OF_TWO[name], 400, np.random.default_rng(5)
    scales = 2.0 ** random.uniform(*exponents, count)
    first, second = (scales * random.uniform(-3, 3, count) for _ in range(2))
    radii = [scales * random.choice((0.0, 1e-12, 1e-3, 0.3, 2.0), count) for _ in range(2)]
    quads = first.astype(QUAD), second.astype(QUAD)
    with np.errstate(all="ignore"):
        spread = function.spread(*quads, *radii)
    at_middle = function.value(*quads)
    away = np.zeros(count)
    for _ in range(40):
        offsets = [radius * np.clip(random.uniform(-1.5, 1.5, count), -1, 1) for radius in radii]
        value = function.value(*(quad + offset.astype(QUAD) for quad, offset in zip(quads, offsets, strict=True)))
        away = np.maximum(away, np.abs(value - at_middle).astype(np.float64))
    known = np.isfinite(spread)
    assert (away <= spread * (1 + 1e-9) + np.abs(at_middle).astype(np.float64) * 2.0**-90)[known].all()
    assert np.count_nonzero(known) > 200
    assert known.all() or name == "atan2"
    narrow = (radii[0] <= 1e-3 * scales) & (radii[1] <= 1e-3 * scales) & (np.hypot(first, second) > scales / 4)
    assert known[narrow & (second > scales / 100)].all()
    wide = narrow & (away > 1e-18 * np.abs(at_middle).astype(np.float64))
    assert (spread <= 3 * away)[wide & (radii[0] + radii[1] > 0)].mean() > 0.8


def test_the_cut_of_the_angle_is_left_out():
    spread = FUNCTIONS_OF_TWO["atan2"].spread
    a, b = np.array([0.1, 0.1, -0.1, 0.0]).astype(QUAD), np.array([-1.0, 1.0, -1.0, 0.5]).astype(QUAD)
    radius = np.full(4, 0.2)
    with np.errstate(all="ignore"):
        assert np.isinf(spread(a, b, radius, radius)).tolist() == [True, False, True, False]
        assert np.isinf(spread(a[3:], b[3:], radius[3:], np.array([0.5])))[0]
