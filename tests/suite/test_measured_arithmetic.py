"""What is measured of a device is what it does, also where it is another one than this machine's CPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from oracle import measured_arithmetic
from oracle.arithmetic import USUAL, Accumulation, DeviceArithmetic
from oracle.measured_arithmetic import COMPOSITES, SUMMED, SUMS, device_arithmetic
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import OPERATIONS
from oracle.program import Input, ProgramBuilder, Value
from oracle.route import read_answer
from oracle.target import CPU, Target
from oracle.tensor import Layout, TensorSpec
from oracle.verdict import certified, enclosed, judge

WITHOUT_ONEDNN = Target.parse("cpu/onednn=off")
SIXTEEN_BIT = ("bfloat16", "float16")
OF_CONVOLUTIONS = {Accumulation.CONVOLUTION_WEIGHTS, Accumulation.DILATED_BIASES, Accumulation.WINDOWS}


def vector(values, dtype):
    return TensorSpec((len(values),), Layout.contiguous(1), dtype, tuple(values))


def applied_once(operation, *tensors, arguments=None, cotangent=None):
    builder = ProgramBuilder([Input(each) for each in tensors])
    builder.apply(operation, *(Value(place) for place in range(len(tensors))), arguments=arguments)
    return builder.program(cotangent)


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_without_onednn_convolutions_keep_their_sums_in_16_bits(dtype):
    assert device_arithmetic(WITHOUT_ONEDNN, dtype).kept_in_dtype >= OF_CONVOLUTIONS


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_wide_formats_have_no_sums_to_keep(dtype):
    assert device_arithmetic(CPU, dtype) == replace(USUAL, kept_in_dtype=frozenset())


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_the_engine_and_indices_add_in_16_bits(dtype):
    assert {Accumulation.USES, Accumulation.SCATTERED} <= device_arithmetic(CPU, dtype).kept_in_dtype


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_matrices_are_multiplied_in_a_wider_format(dtype):
    assert Accumulation.PRODUCTS not in device_arithmetic(CPU, dtype).kept_in_dtype


def one_by_one(terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_a_sum_is_called_kept_exactly_if_it_loses_terms(monkeypatch, dtype):
    sums = {Accumulation.SCATTERED: lambda: iter([torch.sum]), Accumulation.PRODUCTS: lambda: iter([one_by_one])}
    monkeypatch.setattr(measured_arithmetic, "SUMS", sums)
    device_arithmetic.cache_clear()
    assert device_arithmetic(CPU, dtype).kept_in_dtype == {Accumulation.PRODUCTS}
    device_arithmetic.cache_clear()


@pytest.mark.parametrize("kind", SUMS)
def test_what_is_summed_in_a_wider_format_is_not_called_kept(kind):
    # In float64 nothing is lost of terms of bfloat16.
    terms = torch.tensor([1.0] + [2.0**-9] * (SUMMED - 1), dtype=torch.float64)
    for summed in SUMS[kind]():
        assert (summed(terms) == terms.sum()).all()


COMPOSITE = {
    "silu": lambda x: torch.sigmoid(x) * (1 + x * (1 - torch.sigmoid(x))),
    "mish": lambda x: (t := functional.softplus(x).tanh()) + x * torch.sigmoid(x) * (1 - t * t),
}
"""PyTorch's derivatives for devices that have no kernel: aten/src/ATen/native/Activation.cpp, math_silu_backward."""


class Composite(torch.autograd.Function):
    """A function whose gradient is computed step by step in the dtype."""

    @staticmethod
    def forward(ctx, x, name):
        ctx.save_for_backward(x)
        ctx.name = name
        return getattr(functional, name)(x)

    @staticmethod
    def backward(ctx, cotangent):
        (x,) = ctx.saved_tensors
        return cotangent * COMPOSITE[ctx.name](x), None


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
@pytest.mark.parametrize("name", COMPOSITE)
def test_a_composite_gradient_is_noticed_and_judged_as_one(monkeypatch, dtype, name):
    assert not device_arithmetic(CPU, dtype).composite
    _, point, derivative = COMPOSITES[dtype][name]
    planted = {name: (lambda x: Composite.apply(x, name), point, derivative)}
    monkeypatch.setitem(COMPOSITES, dtype, planted)
    device_arithmetic.cache_clear()
    arithmetic = device_arithmetic(CPU, dtype)
    device_arithmetic.cache_clear()
    assert arithmetic.composite == {name}
    program = applied_once(name, vector((point, 1.0), dtype), cotangent=vector((1.0, 1.0), dtype))
    at = torch.tensor([point, 1.0], dtype=getattr(torch, dtype))
    fused = read_answer(program, CPU, "backward")
    composite = replace(fused, gradients={0: replace(fused.gradients[0], values=COMPOSITE[name](at).double().numpy())})
    assert not judge(program, fused, enclosed(program)).wrong
    assert judge(program, composite, enclosed(program)).wrong
    assert not judge(program, composite, enclosed(program, arithmetic)).wrong


def rounded_to(precision):
    """A product of matrices whose factors are rounded to so many bits."""

    def product(a, b):
        return torch.matmul(*(torch.from_numpy(_rounded(each.numpy(), precision)) for each in (a, b)))

    return product


def _rounded(values, precision):
    fractions, exponents = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(fractions, precision)), exponents - precision).astype(values.dtype)


@pytest.mark.parametrize("precision", [8, 11, 16])
def test_rounded_factors_are_noticed_and_judged_as_such(monkeypatch, precision):
    monkeypatch.setattr(torch.Tensor, "__matmul__", rounded_to(precision))
    came = measured_arithmetic._product_roundoff("cpu", NUMBER_FORMATS["float32"])
    assert came == 2.0**-precision
    arithmetic = DeviceArithmetic(product_roundoff=came)
    # Two factors, and a cotangent, that lose almost half a unit in the last place each.
    factor = 1 + came * 0.96875
    single = TensorSpec((1, 1), Layout.contiguous(2), "float32", (factor,))
    program = applied_once("mm", single, single, cotangent=single)
    right = read_answer(program, CPU, "backward")

    def product_of_rounded(each):
        return replace(each, values=_rounded(np.full((1, 1), factor), precision) ** 2)

    coarse = replace(
        right,
        outputs=list(map(product_of_rounded, right.outputs)),
        gradients={place: product_of_rounded(each) for place, each in right.gradients.items()},
    )
    assert not judge(program, right, enclosed(program)).wrong
    assert judge(program, coarse, enclosed(program)).wrong
    assert not judge(program, coarse, enclosed(program, arithmetic)).wrong


def test_facts_survive_json():
    arithmetic = DeviceArithmetic(
        powers_are_exact=False,
        flushes_subnormals=True,
        kept_in_dtype=frozenset({Accumulation.WINDOWS}),
        composite=frozenset({"silu"}),
        product_roundoff=2.0**-11,
        products_flush_subnormals=True,
    )
    data = arithmetic.to_json()
    assert DeviceArithmetic.from_json(data) == arithmetic
    # An enumeration does not travel between processes.
    assert {type(each) for each in data["kept_in_dtype"]} == {str}


def test_every_composite_function_is_one_of_the_catalogue():
    named = {name for functions in COMPOSITES.values() for name in functions}
    assert named == {each.formula.composite for each in OPERATIONS.values() if getattr(each.formula, "composite", "")}


def flushed(product):
    """``product`` of matrices as a device computes it that takes subnormal numbers for 0, before and after it."""

    def flush(tensor):
        return torch.where(tensor.abs() < torch.finfo(tensor.dtype).smallest_normal, 0, tensor)

    return lambda *factors: flush(product(*map(flush, factors)))


def test_flushed_products_are_noticed(monkeypatch):
    assert not measured_arithmetic._products_flush_subnormals("cpu", NUMBER_FORMATS["float32"])
    monkeypatch.setattr(torch.Tensor, "__matmul__", flushed(torch.matmul))
    assert measured_arithmetic._products_flush_subnormals("cpu", NUMBER_FORMATS["float32"])


FLUSHING = replace(USUAL, products_flush_subnormals=True)


@pytest.mark.parametrize("operation", ["mm", "conv1d"])
@pytest.mark.parametrize("values", [(2.0**-130, 2.0**20), (2.0**20, 2.0**-130), (2.0**-65, 2.0**-65), (2.0**-130, 1.0)])
def test_flushed_products_are_judged_as_such_and_no_others(operation, values):
    rank = 2 if operation == "mm" else 3
    x, y, cotangent = (
        TensorSpec((1,) * rank, Layout.contiguous(rank), "bfloat16", (value,)) for value in (*values, 2.0**-130)
    )
    program = applied_once(operation, x, y, cotangent=cotangent)
    right = read_answer(program, WITHOUT_ONEDNN, "backward")
    nothing = replace(
        right,
        outputs=[replace(each, values=each.values * 0) for each in right.outputs],
        gradients={place: replace(each, values=each.values * 0) for place, each in right.gradients.items()},
    )
    for answer in (right, nothing):
        assert not judge(program, answer, enclosed(program, FLUSHING)).wrong
    assert judge(program, nothing, enclosed(program)).wrong
    assert not judge(program, right, enclosed(program)).wrong


def test_normal_products_are_judged_as_strictly_where_others_are_flushed():
    x = TensorSpec((1, 1), Layout.contiguous(2), "bfloat16", (1.5,))
    program = applied_once("mm", x, x, cotangent=x)
    strict, flushing = (enclosed(program, each).outputs[0].radius for each in (USUAL, FLUSHING))
    assert flushing <= strict * (1 + 2.0**-100) + 2.0**-120


def test_certificates_claim_nothing_of_products_that_may_be_flushed():
    tiny = TensorSpec((1, 1), Layout.contiguous(2), "bfloat16", (2.0**-65,))
    program = applied_once("mm", tiny, tiny, cotangent=tiny)
    assert certified(program).outputs[0].radius == 0
    assert np.isinf(certified(program, FLUSHING).outputs[0].radius)
    one = TensorSpec((1, 1), Layout.contiguous(2), "bfloat16", (1.0,))
    assert certified(applied_once("mm", one, one, cotangent=one), FLUSHING).outputs[0].radius == 0
