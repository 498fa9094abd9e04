"""Numbers: those that are drawn belong to their format, and the points where faults hide are among them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from oracle.number_format import NUMBER_FORMATS
from strategies.numbers import number_lists
from strategies.samples import sample
from strategies.values import constants, floats, floats_between, lattice_numbers, special_points
from tests.suite.drawing import minimal

DTYPES = list(NUMBER_FORMATS)
MODERATE = {"min_exponent": -2, "max_exponent": 2}


def numbers_of(numbers, count=2000):
    """Many single draws of ``numbers``, drawn in lists."""
    lists = sample(number_lists(numbers=numbers, count=20), count=count // 20)
    return [each for drawn in lists for each in drawn]


def full(dtype, numbers):
    """Those that have all digits of their format."""
    return [each for each in numbers if each and int(math.frexp(each)[0] * 2 ** NUMBER_FORMATS[dtype].precision) % 2]


@pytest.mark.parametrize("dtype", DTYPES)
def test_floats_are_numbers_of_their_format_and_of_every_kind(dtype):
    kind = NUMBER_FORMATS[dtype]
    low, high = kind.minimum_exponent - kind.precision + 1, kind.maximum_exponent
    draws = numbers_of(floats(dtype=dtype, min_exponent=low, max_exponent=high), count=4000)
    assert kind.contains(np.array(draws))
    assert any(math.copysign(1, each) < 0 and each == 0 for each in draws), "no -0"
    assert any(0 < abs(each) < kind.smallest_normal for each in draws), "no subnormal number"
    assert any(abs(each) >= 2.0 ** (0.95 * high) for each in draws), "no number near the largest"
    assert len(draws) / 3 < sum(each < 0 for each in draws) < len(draws) / 1.5
    assert set(special_points(dtype)) <= set(draws)


@pytest.mark.parametrize("dtype", DTYPES)
def test_floats_keep_to_their_exponents(dtype):
    draws = numbers_of(floats(dtype=dtype, min_exponent=-2, max_exponent=3, specials=False))
    assert NUMBER_FORMATS[dtype].contains(np.array(draws))
    assert all(each == 0 or 0.25 <= abs(each) < 16 for each in draws)
    assert {math.frexp(each)[1] - 1 for each in draws if each} == set(range(-2, 4))
    # One in 25, and half of one list in ten.
    assert len(draws) / 20 < draws.count(0) < len(draws) / 7
    assert 0 not in numbers_of(floats(dtype=dtype, min_exponent=-2, max_exponent=3, specials=False, zeros=False))


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_of_the_significands_are_short(dtype):
    draws = numbers_of(floats(dtype=dtype, min_exponent=-2, max_exponent=3, specials=False, zeros=False))
    short = [each for each in draws if math.frexp(each)[0] * 32 % 1 == 0]
    assert len(draws) / 3 < len(short) < len(draws) / 1.4
    # Every second number that has all its digits ends in 1.
    assert len(full(dtype, draws)) > len(draws) / 8


@pytest.mark.parametrize("dtype", DTYPES)
def test_floats_shrink_towards_one_and_short_numbers(dtype):
    numbers = floats(dtype=dtype, min_exponent=-2, max_exponent=3)
    assert minimal(number_lists(numbers=numbers, count=3)) == (1, 1, 1)
    assert minimal(numbers.singles()) == 1
    assert minimal(numbers.singles(), lambda each: each > 1) == 1.5
    assert minimal(numbers.singles(), lambda each: each < 0) == -1
    assert minimal(floats(dtype=dtype, min_exponent=2, max_exponent=3).singles()) == 4


def test_subnormal_numbers_are_cut_to_their_spacing():
    kind = NUMBER_FORMATS["bfloat16"]
    draws = numbers_of(floats(dtype="bfloat16", min_exponent=-133, max_exponent=-127, specials=False), count=20000)
    assert all((each / kind.smallest_subnormal).is_integer() for each in draws)
    assert {abs(each) / kind.smallest_subnormal for each in draws} == set(range(128))


DOMAINS = [
    (-1.0, 1.0),
    (math.nextafter(-1, 0), math.nextafter(1, 0)),
    (math.nextafter(0, 1), math.inf),
    (1.0, math.inf),
    (-math.inf, 0.0),
    (-math.inf, math.inf),
    (0.3, 0.4),
    (100.0, 3000.0),
    (-700.0, -0.001),
    (0.0, 0.0),
    (1.0, 1.0),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("lowest", "highest"), DOMAINS)
@pytest.mark.parametrize("magnitude", [math.inf, 3000.0])
def test_floats_between_two_ends(dtype, lowest, highest, magnitude):
    kind = NUMBER_FORMATS[dtype]
    numbers = floats_between(dtype=dtype, lowest=lowest, highest=highest, max_magnitude=magnitude)
    draws = numbers_of(numbers)
    assert kind.contains(np.array(draws))
    assert all(lowest <= each <= highest and (each == 0 or 1 / magnitude <= abs(each) <= magnitude) for each in draws)
    for end in (lowest, highest):
        if math.isfinite(end) and kind.contains(np.array(end)) and (end == 0 or abs(end) >= 1 / magnitude):
            assert end in draws, "an end is missing"
    if lowest <= 0 <= highest:
        assert {math.copysign(1, each) for each in draws if each == 0} == {1, -1}
    if lowest < highest:
        assert full(dtype, draws)
        points = {each for each in special_points(dtype) if lowest <= each <= highest and abs(each) in (0, 1)}
        assert len(points & set(draws)) >= len(points) / 2
        assert len(set(draws)) > 20
    simplest = minimal(numbers.singles())
    assert simplest in (0, 1, 0.5, -1, 100) or simplest == min(draws)


def test_floats_between_are_moderate_in_most_lists():
    numbers = floats_between(dtype="float64", lowest=-math.inf, highest=math.inf, specials=False)
    lists = [
        [abs(each) for each in drawn if each] for drawn in sample(number_lists(numbers=numbers, count=20), count=300)
    ]
    wide = [drawn for drawn in lists if any(each and not 0.125 <= each < 16 for each in drawn)]
    assert len(lists) / 10 < len(wide) < len(lists) / 3
    assert any(each > 2.0**1000 for drawn in wide for each in drawn)
    assert any(each < 2.0**-1060 for drawn in wide for each in drawn)


def test_floats_between_keep_away_from_where_nothing_but_an_end_is():
    draws = numbers_of(floats_between(dtype="float32", lowest=-1, highest=1))
    assert sum(abs(each) == 1 for each in draws) < len(draws) / 8


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_points_are_where_the_square_overflows(dtype):
    kind = NUMBER_FORMATS[dtype]
    assert kind.contains(np.array(special_points(dtype)))
    squares = [abs(each) ** 2 for each in special_points(dtype) if abs(each) < 1e150]
    assert any(square > kind.largest for square in squares) or dtype == "float64"


@pytest.mark.parametrize("bound", [1, 3, 100, 3000])
def test_lattice_numbers(bound):
    draws = [each * 2 for each in numbers_of(lattice_numbers(bound=bound, exponent=-1), count=6000)]
    assert set(draws) <= set(range(-bound, bound + 1))
    assert len(set(draws)) > min(2 * bound, 1500)
    assert minimal(number_lists(numbers=lattice_numbers(bound=bound), count=3)) == (0, 0, 0)
    assert minimal(lattice_numbers(bound=bound).singles(), bool) == 1


def test_the_largest_lattice():
    draws = numbers_of(lattice_numbers(bound=2**53))
    assert all(each.is_integer() and abs(each) <= 2**53 for each in draws)
    assert any(abs(each) > 2**52 for each in draws)


def test_constants():
    assert set(numbers_of(constants(3.0))) == {3}
    assert set(numbers_of(constants(3.0, -1.0))) == {3, -1}
    assert [math.copysign(1, each) for each in minimal(number_lists(numbers=constants(-0.0), count=2))] == [-1, -1]


def test_two_kinds_of_numbers_are_mixed():
    numbers = constants(0.0) | lattice_numbers(bound=9) | constants(77.0)
    draws = numbers_of(numbers)
    assert set(draws) == {*range(-9, 10), 77}
    assert len(draws) / 3 < draws.count(77) < len(draws) / 1.5
    assert minimal(numbers.singles()) == 0
    wide = floats_between(dtype="float64", lowest=0, highest=math.inf)
    assert max(numbers_of(constants(1.0) | wide)) > 2.0**100
    assert len(set(minimal(number_lists(numbers=numbers, count=20, distinct=True)))) == 20


def test_number_lists_have_ties_and_constant_slices():
    numbers = floats(dtype="float32", min_exponent=-9, max_exponent=9)
    draws = sample(number_lists(numbers=numbers, count=6), count=400)
    assert all(len(each) == 6 for each in draws)
    few = [each for each in draws if len(set(each)) <= 2]
    assert any(len(set(each)) == 1 for each in few)
    assert any(len(set(each)) == 2 for each in few)
    assert len(draws) / 10 < len(few) < len(draws) / 3
    assert any(len(set(each)) == 6 for each in draws)
    assert set(sample(number_lists(numbers=numbers, count=0), count=10)) == {()}


def test_half_of_some_number_lists_is_zero():
    numbers = floats(dtype="float32", min_exponent=-9, max_exponent=9)
    several = [each for each in sample(number_lists(numbers=numbers, count=6), count=400) if 1 < each.count(0) < 6]
    assert 20 < len(several) < 80
    without = floats(dtype="float32", min_exponent=-9, max_exponent=9, specials=False, zeros=False)
    assert not any(0 in each for each in sample(number_lists(numbers=without, count=6), count=400))


@pytest.mark.parametrize(
    "numbers",
    [
        lattice_numbers(bound=10),
        lattice_numbers(bound=30),
        floats(dtype="bfloat16", min_exponent=-1, max_exponent=0),
        floats(dtype="float64", min_exponent=-2, max_exponent=2),
        floats_between(dtype="float32", lowest=0.3, highest=0.4),
        floats_between(dtype="bfloat16", lowest=1, highest=math.inf),
    ],
)
def test_distinct_numbers_differ(numbers):
    for drawn in sample(number_lists(numbers=numbers, count=21, distinct=True), count=200):
        assert len(set(drawn)) == 21
    assert len(set(minimal(number_lists(numbers=numbers, count=21, distinct=True)))) == 21


def test_distinct_numbers_are_the_simplest_in_the_end():
    assert minimal(number_lists(numbers=lattice_numbers(bound=3), count=5, distinct=True)) == (0, 1, -1, 2, -2)
