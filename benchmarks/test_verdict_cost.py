"""What a verdict costs: of small random programs, of large ones, and beside ``gradcheck``."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from oracle.enclosure import enclosure
from oracle.number_format import NUMBER_FORMATS
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.route import leaves, read_answer, torch_function
from oracle.target import CPU
from oracle.tensor import Fill, Layout, TensorSpec
from oracle.verdict import enclosed, judge
from strategies.fresh import fresh
from strategies.random_programs import random_programs

SIZES = (10**3, 10**4, 10**5, 10**6)


def ten_operations(size: int, dtype: str = "float32") -> Program:
    """A program of ten operations on two tensors of ``size`` elements, with the output's cotangent a drawn one."""

    def filled(seed: int) -> TensorSpec:
        return TensorSpec((size,), Layout.contiguous(1), dtype, Fill(seed, 20, -20))

    builder = ProgramBuilder([Input(filled(1)), Input(filled(2))])
    x, y = Value(0), Value(1)
    value = builder.apply("mul", x, y)
    value = builder.apply("add", builder.apply("sin", value), x)
    value = builder.apply("tanh", builder.apply("exp", value))
    value = builder.apply("mul", value, builder.apply("sigmoid", y))
    value = builder.apply("softmax", value, arguments={"dim": 0})
    builder.apply("silu", builder.apply("sub", value, y))
    return builder.program(filled(3))


@pytest.mark.parametrize("dtype", NUMBER_FORMATS)
def test_small_random_programs(benchmark: Any, dtype: str) -> None:
    """Seconds of drawing, running and judging 500 programs of 1 to 8 operations."""

    @settings(max_examples=500, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(fresh(random_programs(dtype=dtype)))
    def all_right(program: Program) -> None:
        assert judge(program, read_answer(program, CPU, "backward"), enclosed(program)).wrong == ()

    benchmark.pedantic(all_right, rounds=3, warmup_rounds=1)
    benchmark.extra_info["programs a second"] = round(500 / benchmark.stats.stats.median)


def test_enclosures_grow_linearly(benchmark: Any) -> None:
    """Seconds of the enclosure of ten operations on 10^6 elements, and the growth from 10^3 on."""
    seconds = []
    for size in SIZES[:-1]:
        program = ten_operations(size)
        enclosure(program)
        start = time.perf_counter()
        enclosure(program)
        seconds.append(time.perf_counter() - start)
    program = ten_operations(SIZES[-1])
    benchmark.pedantic(lambda: enclosure(program), rounds=1)
    seconds.append(benchmark.stats.stats.median)
    exponent = np.polyfit(np.log(SIZES), np.log(seconds), 1)[0]
    benchmark.extra_info["seconds by size"] = dict(zip(SIZES, seconds, strict=True))
    benchmark.extra_info["growth exponent"] = round(float(exponent), 3)


def test_verdict_beside_gradcheck(benchmark: Any) -> None:
    """Seconds of a verdict on a vector function of 1,000 elements, and how many times longer slow gradcheck takes.

    The verdict's radius, relative to the gradient's largest element, is also set against gradcheck's ``rtol`` of 10^-3.
    """
    program = ten_operations(1000, "float64")
    truths = enclosed(program)
    assert judge(program, read_answer(program, CPU, "backward"), truths).wrong == ()
    benchmark.pedantic(
        lambda: judge(program, read_answer(program, CPU, "backward"), enclosed(program)), rounds=5, warmup_rounds=1
    )
    function = torch_function(program, "cpu")
    inputs = leaves(program, "cpu")
    start = time.perf_counter()
    assert torch.autograd.gradcheck(lambda *x: function(*x)[0], inputs, fast_mode=False)
    seconds = time.perf_counter() - start
    thresholds = [
        float(truth.radius.max() / np.abs(truth.midpoint).astype(np.float64).max())
        for truth in truths.gradients.values()
    ]
    benchmark.extra_info["gradcheck seconds"] = round(seconds, 2)
    benchmark.extra_info["gradcheck takes times"] = round(seconds / benchmark.stats.stats.median)
    benchmark.extra_info["threshold is times finer"] = f"{1e-3 / max(thresholds):.1e}"
