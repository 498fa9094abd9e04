"""Tensor descriptions against the tensors that torch makes of them, in the suite and in reproducers."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from oracle.number_format import NUMBER_FORMATS
from oracle.route import tensor, to_numpy
from oracle.tensor import Fill, Layout, TensorSpec
from oracle.torch_source import tensor_source
from strategies.layouts import layouts
from strategies.shapes import shapes
from strategies.tensors import tensors
from strategies.values import floats


@st.composite
def any_tensors(draw):
    dtype = draw(st.sampled_from(list(NUMBER_FORMATS)))
    numbers = floats(dtype=dtype, min_exponent=-3, max_exponent=3)
    shape = draw(shapes())
    if draw(st.booleans()):
        return TensorSpec(shape, draw(layouts(shape=shape)), dtype, Fill(draw(st.integers(0, 2**14 - 1)), 8, -4))
    return draw(tensors(dtype=dtype, shape=shape, numbers=numbers))


@given(spec=any_tensors())
def test_torch_shows_the_described_elements(spec):
    made = tensor(spec, "cpu")
    assert tuple(made.shape) == spec.shape
    assert made.dtype == getattr(torch, spec.dtype)
    assert (to_numpy(made) == spec.array).all()
    assert made.requires_grad_().is_leaf


@given(spec=any_tensors())
def test_reproducers_build_the_same_tensor_in_the_same_place(spec):
    names = {"torch": torch, "math": math, "device": "cpu"}
    exec(tensor_source(spec, "built"), names)
    built, made = names["built"], tensor(spec, "cpu")
    assert (built.shape, built.dtype) == (made.shape, made.dtype)
    if made.numel():
        assert built.stride() == made.stride()
        assert built.storage_offset() == made.storage_offset()
    assert torch.equal(built, made)
    # Signs of zeros too.
    assert torch.equal(torch.signbit(built), torch.signbit(made))


@given(spec=any_tensors())
def test_a_contiguous_copy_has_the_same_elements(spec):
    copy = spec.contiguous()
    assert copy.layout.kind == "contiguous"
    assert (copy.array == spec.array).all()


def test_gaps_of_a_storage_hold_nan():
    spec = TensorSpec((2,), Layout((0,), (1,), (3,)), "float32", (1.0, 2.0))
    assert [str(each) for each in spec.storage] == ["nan", "1.0", "nan", "nan", "2.0", "nan", "nan"]


def test_kinds_of_layouts():
    assert Layout.contiguous(3).kind == "contiguous"
    assert Layout((1, 0), (0, 0), (1, 1)).kind == "transposed"
    assert Layout((0,), (1,), (1,)).kind == Layout((0,), (0,), (2,)).kind == "sliced"
    assert Layout((0,), (0,), (1,), expanded=(0,)).kind == "expanded"
    assert Layout.channels_last(4).kind == Layout.channels_last(5).kind == "channels_last"


def test_channels_last_is_what_torch_calls_so():
    spec = TensorSpec((2, 3, 2, 2), Layout.channels_last(4), "float32", tuple(map(float, range(24))))
    assert tensor(spec, "cpu").is_contiguous(memory_format=torch.channels_last)
    assert not tensor(spec, "cpu").is_contiguous()


@pytest.mark.parametrize(
    ("shape", "layout", "dtype", "values", "words"),
    [
        ((2,), Layout.contiguous(1), "float64", (1.0,), "1 values for 2"),
        ((1,), Layout.contiguous(1), "bfloat16", (1.001,), "not a finite bfloat16"),
        ((1,), Layout.contiguous(1), "float16", (70000.0,), "not a finite float16"),
        ((1,), Layout.contiguous(1), "float64", (math.nan,), "not a finite float64"),
        ((1, 1), Layout.contiguous(1), "float64", (1.0,), "no permutation"),
        ((1,), Layout((0,), (), (1,)), "float64", (1.0,), "one start and one step"),
    ],
)
def test_impossible_tensors_are_refused(shape, layout, dtype, values, words):
    with pytest.raises(ValueError, match=words):
        TensorSpec(shape, layout, dtype, values)
