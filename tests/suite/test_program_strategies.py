"""Strategies for programs: every draw runs, what is promised of it holds, and the interesting kinds do occur."""

from __future__ import annotations

import math

import pytest

from oracle.enclosure import certificate, value_shapes
from oracle.measured_arithmetic import device_arithmetic
from oracle.number_format import NUMBER_FORMATS
from oracle.route import ROUTES
from oracle.target import CPU
from strategies import layouts as layouts_module
from strategies.lattice_programs import (
    broadcast_lattice_programs,
    lattice_polynomial_programs,
    lattice_programs,
    lattice_reduction_programs,
)
from strategies.programs import (
    THREADED_COUNTS,
    VECTOR_COUNTS,
    broadcast_programs,
    large_programs,
    polynomial_programs,
    reduction_programs,
)
from strategies.samples import sample
from tests.suite.drawing import minimal

DTYPES = list(NUMBER_FORMATS)
PROGRAMS = [
    polynomial_programs,
    broadcast_programs,
    reduction_programs,
    large_programs,
    lattice_programs,
    lattice_polynomial_programs,
    lattice_reduction_programs,
    broadcast_lattice_programs,
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("strategy", PROGRAMS, ids=lambda each: each.__name__)
def test_programs_run_and_have_the_foretold_shapes(strategy, dtype):
    for program in sample(strategy(dtype=dtype), count=25):
        answer = ROUTES["backward"](program, "cpu")
        assert program.dtype == dtype
        assert tuple(answer.outputs[0].shape) == value_shapes(program)[-1]
        assert program.outputs[0].cotangent is None or program.outputs[0].cotangent.shape == tuple(
            answer.outputs[0].shape
        )
        assert all(gradient is not None for gradient in answer.gradients.values())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spare", [1, 5])
def test_every_lattice_program_is_certified(dtype, spare):
    assert device_arithmetic(CPU, dtype).powers_are_exact
    for program in sample(lattice_programs(dtype=dtype, spare=spare), count=200):
        result = certificate(program)
        assert not result.outputs[0].radius.any()
        assert not any(ball.radius.any() for ball in result.gradients.values())


@pytest.mark.parametrize("dtype", DTYPES)
def test_polynomial_programs_are_of_every_kind(dtype):
    draws = sample(polynomial_programs(dtype=dtype), count=300)
    assert {len(program.inputs) for program in draws} == {1, 2, 3, 4}
    operations = {application.operation for program in draws for application in program.applications}
    assert operations == {"add", "sub", "mul", "neg", "pow"}
    spellings = {application.spelling for program in draws for application in program.applications}
    assert spellings == {0, 1, 2}
    layouts_drawn = {each.tensor.layout.kind for program in draws for each in program.inputs}
    assert layouts_drawn == set(layouts_module.KINDS)
    assert any(not each.requires_grad for program in draws for each in program.inputs)
    assert any(program.outputs[0].cotangent is None for program in draws)
    assert any(0 in each.tensor.shape for program in draws for each in program.inputs)
    smallest = minimal(polynomial_programs(dtype=dtype))
    assert (len(smallest.inputs), len(smallest.applications), smallest.inputs[0].tensor.count) == (1, 1, 1)


def test_broadcast_programs_sum_over_many_elements():
    draws = sample(broadcast_programs(dtype="float32"), count=200)
    fans = [value_shapes(program)[-1] for program in draws]
    assert max(math.prod(shape) for shape in fans) > 50
    assert all(len(program.inputs) >= 2 for program in draws)


def test_large_programs_are_of_every_size():
    draws = sample(large_programs(dtype="float32"), count=1500)
    counts = {max(program.inputs[0].tensor.shape) for program in draws}
    assert counts == set(VECTOR_COUNTS + THREADED_COUNTS)
    assert any(program.applications[-1].operation == "amax" for program in draws)
