"""The smallest relative error in one element of one operation's gradient that is caught.

For each trial a well-conditioned program is drawn: an elementwise operation or a chain of three, whose gradients lose
no digits to cancellation; for the exact tier products, sums and differences of small integers. In the gradient of one
of its operations one element is multiplied by 1 + ε, and the smallest ε that is caught is found by bisection. The
threshold is what is caught in 99 of 100 trials.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from oracle.arithmetic import DeviceArithmetic
from oracle.number_format import NUMBER_FORMATS
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.route import read_answer
from oracle.target import CPU
from oracle.tensor import Fill, Layout, TensorSpec
from oracle.verdict import Truths, certified, enclosed, judge
from tests.suite.faults.fault import Call, Case, Fault
from tests.suite.faults.planting import planted

SIZES = (1, 10**3, 10**6)
CHAINS = (("exact", 3), ("enclosure", 1), ("enclosure", 3))
"""Which tier judges, and how many operations come after one another."""

TRIALS = 100

_OPERATIONS = {
    "mul": "mul.Tensor", "add": "add.Tensor", "sub": "sub.Tensor", "exp": "exp", "sin": "sin", "sigmoid": "sigmoid",
}  # fmt: skip
"""Operations of the chains, by their names in aten; the first three take a second tensor, and are exact on integers."""

_STEPS_AN_OCTAVE = 4
"""Errors are 2^(-k/4): the threshold is found to a factor of 1.19."""


@dataclass(frozen=True)
class Threshold:
    """What was found for chains of ``operations`` on tensors of ``size`` elements.

    The relative ``error`` is caught in 99 of 100 trials, ``typical`` in half of them.
    """

    dtype: str
    tier: str
    operations: int
    size: int
    trials: int
    error: float
    typical: float


def threshold(dtype: str, tier: str, operations: int, size: int, trials: int = TRIALS) -> Threshold:
    """Run ``trials`` trials of ``tier`` in ``dtype`` on chains of ``operations`` on tensors of ``size`` elements.

    Large programs are used for several trials each: their enclosure takes seconds.
    """
    generator = random.Random(f"{dtype} {tier} {operations} {size}")
    found: list[float] = []
    while len(found) < trials:
        program = _chain(generator, dtype, tier, operations, size)
        truths = certified(program, DeviceArithmetic(powers_are_exact=False)) if tier == "exact" else enclosed(program)
        places = _informative(truths)
        repeated = min(25 if size > 10**4 else 1, trials - len(found)) if len(places) else 0
        found += [_smallest(program, truths, generator, int(generator.choice(places))) for _ in range(repeated)]
    found.sort()
    return Threshold(dtype, tier, operations, size, trials, found[math.ceil(0.99 * trials) - 1], found[trials // 2])


def _chain(generator: random.Random, dtype: str, tier: str, operations: int, size: int) -> Program:
    bits = 2 if tier == "exact" else min(NUMBER_FORMATS[dtype].precision - 1, 29)
    exponent = 0 if tier == "exact" else -bits

    def numbers() -> TensorSpec:
        return TensorSpec((size,), Layout.contiguous(1), dtype, Fill(generator.randrange(2**14), bits, exponent))

    builder = ProgramBuilder([Input(numbers()), Input(numbers())])
    value = Value(0)
    for name in generator.choices(list(_OPERATIONS)[: 3 if tier == "exact" else None], k=operations):
        value = builder.apply(name, value, *([Value(1)] if _OPERATIONS[name].endswith("Tensor") else []))
    return builder.program(numbers())


def _informative(truths: Truths) -> Any:
    """The elements of the first input's gradient of which anything can be told."""
    due = truths.gradients[0]
    return np.flatnonzero(due.radius.ravel() < 0.1 * np.abs(due.midpoint.astype(np.float64)).ravel())


class _OneElement:
    """Multiplies the gradient of call number ``number`` by 1 + ``error`` at ``place``."""

    def __init__(self, number: int, place: int) -> None:
        self.number = number
        self.place = place
        self.error = 0.0
        self.calls = 0

    def when(self, call: Call) -> bool:
        self.calls += 1
        return self.calls - 1 == self.number

    def change(self, gradient: Tensor, call: Call) -> Tensor:
        wrong = gradient.clone(memory_format=torch.contiguous_format)
        wrong.view(-1)[self.place] = gradient.reshape(-1)[self.place].double() * (1 + self.error)
        return wrong


def _smallest(program: Program, truths: Truths, generator: random.Random, place: int) -> float:
    names = [each.operation for each in program.applications]
    chosen = generator.randrange(len(names))
    wrong = _OneElement(names[:chosen].count(names[chosen]), place)
    fault = Fault(
        "one-element", "one element is wrong", _OPERATIONS[names[chosen]], Case("x", {}), change=wrong.change,
        when=wrong.when,
    )  # fmt: skip

    def is_caught(exponent: int) -> bool:
        wrong.calls, wrong.error = 0, 2.0 ** (-exponent / _STEPS_AN_OCTAVE)
        return bool(judge(program, read_answer(program, CPU, "backward"), truths).wrong)

    due = truths.gradients[0]
    relative = float(due.radius.ravel()[place] / abs(due.midpoint.ravel()[place].astype(np.float64)))
    guess = -math.log2(max(relative, NUMBER_FORMATS[program.dtype].unit_roundoff / 2)) * _STEPS_AN_OCTAVE
    with planted(fault):
        return float(2.0 ** (-last(is_caught, int(guess)) / _STEPS_AN_OCTAVE))


def last(holds: Callable[[int], bool], guess: int) -> int:
    """The last number for which ``holds`` is true, if it is so up to there from 0 on, and not beyond.

    The search begins at ``guess`` and takes ever longer steps, as every question may take seconds.

    Raises:
        AssertionError: if it does not hold for 0.
    """
    step = 1
    low = guess
    while low > 0 and not holds(low):
        low, step = max(low - step, 0), 2 * step
    assert low > 0 or holds(0), "an error of 100 % was not caught"
    high = guess + 1 if low == guess else low + step // 2
    while low >= guess and holds(high):
        low, high, step = high, high + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
