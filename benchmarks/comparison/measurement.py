"""One comparison of two interpreters: the gradients first, then what can be counted, then times taken in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks.comparison.interpreter import Interpreter, NoGradients
from benchmarks.comparison.rule import Comparison, Pairs, compared
from benchmarks.passes import ROUTE, WrongGradient
from benchmarks.workloads import WORKLOADS
from oracle.arithmetic import DeviceArithmetic
from oracle.finding import Finding
from oracle.program import Program
from oracle.reproducer import definitions
from oracle.route import ReadAnswer, ReadTensor
from oracle.target import Target
from oracle.verdict import Truths, enclosed, judge

ROUND_SECONDS = 0.004
"""How long one of a pair takes: far longer than reading the clock, and over before the load of the machine changes."""

COUNTED = ("nodes", "saved_bytes", "dispatched")
"""What is compared with no tolerance."""

GATED = (
    ("notebook-chain", 1000, "float32"),
    ("polynomial-horner-16", 1000, "float32"),
    ("products-100", 64, "float32"),
    ("sines-10", 1000, "float64"),
    ("tanh", 65536, "float32"),
    ("mul-row", 10**5, "float32"),
    ("sum-inner", 10**5, "float32"),
    ("softmax-inner", 10**5, "float32"),
    ("matmul", 10**4, "float32"),
    ("exp", 10**5, "bfloat16"),
    ("mul", 10**6, "float32"),
)
"""Workloads, elements and dtypes that are compared: few, as each may err. All but the last fit into caches."""

CACHE_RESIDENT = GATED[:-1]
"""Those that do: by them the rule itself is measured."""

CONTROL = ("sines-10", 1000, "float32")
"""What the controls run: cheap, and like most of what is compared."""

INJECTED = Fraction(3, 2)
"""How much longer head takes in the control that must be found slower."""


Changes = tuple[tuple[str, int, int], ...]
"""What is counted, and how much of it before and after."""


@dataclass(frozen=True)
class Graphs:
    """How the graph of head differs from that of base: what it counts more of, and what less."""

    heavier: Changes = ()
    lighter: Changes = ()

    @classmethod
    def compared(cls, base: Mapping[str, int], head: Mapping[str, int]) -> Graphs:
        """The differences between two programs' counts."""
        pairs = [(name, base[name], head[name]) for name in COUNTED]
        return cls(
            tuple(each for each in pairs if each[2] > each[1]), tuple(each for each in pairs if each[2] < each[1])
        )

    def __str__(self) -> str:
        changes = (f"{name} {before} → {after}" for name, before, after in (*self.heavier, *self.lighter))
        return ", ".join(changes) or "same"


@dataclass(frozen=True)
class Row:
    """What came of one pass of one workload.

    Attributes:
        workload, size, dtype, timed: what was compared.
        comparison: of the times; None where the gradient is wrong.
        graphs: how head's graph differs from base's.
        wrong: what is wrong with head's gradient, if anything is.
    """

    workload: str
    size: int
    dtype: str
    timed: str
    comparison: Comparison | None = None
    graphs: Graphs = Graphs()
    wrong: str = ""


@dataclass
class Controls:
    """What must come out of every comparison that can be trusted.

    Attributes:
        alike: base beside another process of itself: anything but slower.
        injected: base beside itself with half as many calls again: slower.
    """

    alike: Comparison
    injected: Comparison

    @property
    def hold(self) -> bool:
        """Whether both came out as they must."""
        return self.alike.verdict != "slower" and self.injected.verdict == "slower"


def written(workload: str, size: int, dtype: str) -> Program:
    """The program of a workload of the registry."""
    return WORKLOADS[workload].write(size, dtype)


def pairs_of(
    base: Interpreter, head: Interpreter, name: str, timed: str, *, factor: Fraction = Fraction(1)
) -> Callable[[int], Pairs]:
    """What takes pairs of ``name``: AB BA AB …, each side for the same number of calls.

    - ``factor``: how many times as many calls head makes.
    """
    calls = base.calibrate(name, timed, ROUND_SECONDS)
    calls = -(-calls // factor.denominator) * factor.denominator
    head.calibrate(name, timed, ROUND_SECONDS)
    more = int(calls * factor)

    def take(count: int) -> Pairs:
        pairs = []
        for number in range(count):
            if number % 2:
                second = head.time(name, timed, more)
                pairs.append((base.time(name, timed, calls) / calls, second / calls))
            else:
                first = base.time(name, timed, calls)
                pairs.append((first / calls, head.time(name, timed, more) / calls))
        return pairs

    return take


def controls(
    base: Interpreter,
    other: Interpreter,
    device: str,
    *,
    chosen: tuple[str, int, str] = CONTROL,
    injected: Fraction = INJECTED,
) -> Controls:
    """Run the controls on the ``chosen`` workload: ``other`` is another process of base's Python."""
    source = definitions(written(*chosen))
    for each in (base, other):
        each.prepare("control", source, device)
    alike = compared(pairs_of(base, other, "control", "backward"))
    slow = compared(pairs_of(base, other, "control", "backward", factor=injected))
    for each in (base, other):
        each.forget("control")
    return Controls(alike, slow)


def rows(
    base: Interpreter, head: Interpreter, device: str, chosen: Sequence[tuple[str, int, str]] = GATED
) -> Iterator[Row]:
    """Compare the ``chosen`` workloads: forward and backward of each, one row for each pass."""
    for workload, size, dtype in chosen:
        program = written(workload, size, dtype)
        source = definitions(program)
        flushes = [each.flushes_subnormals(dtype, device) for each in (base, head)]
        truths = {
            each: enclosed(program, DeviceArithmetic(flushes_subnormals=each), Target(device)) for each in set(flushes)
        }
        prepared = [
            _prepared(each, program, truths[flushed], source, device)
            for each, flushed in zip((base, head), flushes, strict=True)
        ]
        (base_counts, base_complaint), (head_counts, head_complaint) = prepared
        if base_complaint:
            raise WrongGradient(f"base's gradient of {workload} is wrong\n\n{base_complaint}")
        what = (workload, size, dtype)
        if head_complaint:
            yield Row(*what, "backward", wrong=head_complaint)
            continue
        graphs = Graphs.compared(base_counts, head_counts)
        for timed in ("forward", "backward"):
            yield Row(*what, timed, compared(pairs_of(base, head, "program", timed)), graphs)
        for each in (base, head):
            each.forget("program")


def _prepared(
    interpreter: Interpreter, program: Program, truths: Truths, source: str, device: str
) -> tuple[dict[str, int], str]:
    """What ``interpreter`` counts in ``program``, and what is wrong with its gradients; empty if nothing is."""
    try:
        counts, gradients = interpreter.prepare("program", source, device)
    except NoGradients as none:
        return {}, Finding(program, Target(device), ROUTE, truths.tier, none.raised).message
    return counts, _complaint(program, truths, gradients, device)


def _complaint(program: Program, truths: Truths, gradients: Sequence[NDArray[np.float64] | None], device: str) -> str:
    """What is wrong with ``gradients``, which another interpreter computed; empty if nothing is."""
    # Outputs are not asked for; those that are right stand in for them.
    outputs = [ReadTensor(truth.midpoint.astype(np.float64), program.dtype, device) for truth in truths.outputs]
    shapes = [program.inputs[index].tensor.shape for index in program.differentiated]
    found = {
        index: None if each is None else ReadTensor(each.reshape(shape), program.dtype, device)
        for index, each, shape in zip(program.differentiated, gradients, shapes, strict=True)
    }
    verdict = judge(program, ReadAnswer(outputs, found), truths)
    wrong = [each for each in verdict.wrong if each.source is not None]
    return Finding(program, Target(device), ROUTE, truths.tier, wrong[0]).message if wrong else ""
