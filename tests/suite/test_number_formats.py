"""Number formats against NumPy's and torch's own conversions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from oracle.number_format import NUMBER_FORMATS
from oracle.rounding import quantum

FORMATS = list(NUMBER_FORMATS.values())


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda each: each.name)
def test_constants_are_those_of_torch(number_format):
    info = torch.finfo(getattr(torch, number_format.name))
    assert number_format.largest == info.max
    assert number_format.smallest_normal == info.smallest_normal
    assert number_format.unit_roundoff == info.eps / 2
    smallest = torch.tensor(number_format.smallest_subnormal, dtype=getattr(torch, number_format.name))
    assert smallest.item() == number_format.smallest_subnormal
    assert (smallest.double() / 2).to(smallest.dtype).item() == 0


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda each: each.name)
@given(value=st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_rounding_is_that_of_torch(number_format, value):
    # From float32, so that torch's conversion to the 16-bit formats rounds once.
    expected = torch.tensor(value, dtype=torch.float32).to(getattr(torch, number_format.name)).double().item()
    assert number_format.rounded(np.array(value)) == expected


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_to_float32_is_that_of_numpy(value):
    with np.errstate(over="ignore"):
        expected = np.float64(np.float32(value))
    assert NUMBER_FORMATS["float32"].rounded(np.array(value)) == expected


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda each: each.name)
def test_contains_tells_the_numbers_of_a_format(number_format):
    one_more = 1 + 2 * number_format.unit_roundoff
    assert number_format.contains(
        np.array([1.0, one_more, number_format.largest, number_format.smallest_subnormal, -0.0])
    )
    if number_format.name != "float64":
        assert not number_format.contains(np.array([1 + number_format.unit_roundoff]))
        assert not number_format.contains(np.array([2 * number_format.largest]))
    assert not number_format.contains(np.array([np.nan]))


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda each: each.name)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_format_contains_is_what_it_rounds_to_itself(number_format, value):
    nearest = number_format.rounded(np.array(value)).item()
    for each in (value, nearest, math.nextafter(nearest, 0)):
        expected = math.isfinite(each) and number_format.rounded(np.array(each)) == each
        assert number_format.contains(np.array(each)) == expected


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda each: each.name)
def test_spacing_is_the_distance_to_the_next_number(number_format):
    dtype = getattr(torch, number_format.name)
    for value in (1.0, 1.5, 2.0, number_format.smallest_normal, number_format.smallest_subnormal):
        number = torch.tensor(value, dtype=dtype)
        following = torch.nextafter(number, torch.tensor(float("inf"), dtype=dtype))
        assert number_format.spacing(np.array(value)) == (following.double() - number.double()).item()


def test_quantum_is_the_largest_power_of_two_that_divides():
    assert quantum(np.array([12.0, 0.75, 1024.0, 7.0, 2.0**-1074])).tolist() == [4.0, 0.25, 1024.0, 1.0, 2.0**-1074]
    assert quantum(np.array([0.0])) == np.inf
