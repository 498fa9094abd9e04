"""The sweep: elementwise operations of one operand at the numbers of a 16-bit format, all of them or every so many.

A 16-bit format has at most 65,536 numbers, so an operation can be asked at each: nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oracle.arithmetic import USUAL, DeviceArithmetic
from oracle.formula import Branch, Formula
from oracle.functions import QUAD, Floats
from oracle.number_format import NUMBER_FORMATS, NumberFormat
from oracle.operations import OPERATIONS
from oracle.operations.elementwise import operand_count
from oracle.operations.operation import Operation
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.reference import Span, slopes, values
from oracle.route import ReadAnswer
from oracle.target import CPU, Target
from oracle.tensor import Layout, TensorSpec
from oracle.verdict import Truth, Truths, enclosed

SIXTEEN_BIT = ("bfloat16", "float16")


def swept_operations() -> list[Operation]:
    """Every operation of the catalogue that one formula of one operand means, with default arguments."""
    return [each for each in OPERATIONS.values() if each.formula is not None and operand_count(each.formula) == 1]


def finite_numbers(dtype: str) -> Floats:
    """All finite numbers of a 16-bit format in ascending order, both zeros among them."""
    patterns = np.arange(2**16, dtype=np.uint16)
    # Some of the patterns are signalling NaNs, which processors do not like to convert.
    with np.errstate(invalid="ignore"):
        if dtype == "float16":
            numbers = patterns.view(np.float16).astype(np.float64)
        else:
            # A bfloat16 number is the upper half of a float32 number.
            numbers = (patterns.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return np.sort(numbers[np.isfinite(numbers)])


def inputs(operation: Operation, dtype: str, stride: int) -> Floats:
    """Every ``stride``-th finite number of ``dtype`` in the operation's domain, and special ones with their neighbours.

    Special are the ends of the domain, the thresholds of the formula, 0, 1, -1, and the largest and smallest subnormal
    and normal numbers.
    """
    number_format = NUMBER_FORMATS[dtype]
    domain = operation.domain(0)
    numbers = finite_numbers(dtype)
    numbers = numbers[[domain.contains(each, each) for each in numbers.tolist()]]
    ends = (1.0, number_format.smallest_normal, number_format.smallest_subnormal)
    assert operation.formula is not None
    special = [0.0, *ends, *(-each for each in ends), *thresholds(operation.formula)]
    places = np.searchsorted(numbers, special)
    near = np.concatenate([places + step for step in (-1, 0, 1)])
    last = len(numbers) - 1
    chosen = np.union1d(np.arange(0, last + 1, stride), np.union1d(near[(near >= 0) & (near <= last)], [0, last]))
    return np.asarray(numbers[chosen.astype(np.int64)])


def thresholds(formula: Formula) -> list[float]:
    """All numbers that the operand is compared with."""
    if not isinstance(formula, Branch):
        return []
    return [float(formula.threshold), *thresholds(formula.below), *thresholds(formula.above)]


def swept_program(operation: Operation, dtype: str, points: Floats) -> Program:
    """``operation`` with default arguments applied to ``points``, with cotangent 1."""
    layout = Layout.contiguous(1)
    builder = ProgramBuilder([Input(TensorSpec(points.shape, layout, dtype, tuple(points.tolist())))])
    builder.apply(operation.name, Value(0))
    return builder.program(TensorSpec(points.shape, layout, dtype, (1.0,) * len(points)))


@dataclass(frozen=True)
class Accuracy:
    """How far numbers that came are from what is exact.

    Attributes:
        compared: how many came finite where the exact number is in the format's range; the errors are theirs.
        maximal_ulp, mean_ulp: errors in units of the format's spacing at the exact number.
        worst_input: where the error is largest.
        zero, infinite, nan: how many came as such where the exact number is a normal number of the format.
    """

    compared: int
    maximal_ulp: float
    mean_ulp: float
    worst_input: float
    zero: int
    infinite: int
    nan: int


def accuracy(points: Floats, came: Floats, exact: Span, number_format: NumberFormat) -> Accuracy:
    """Compare what came at ``points`` with what is ``exact``; at a kink, with the nearest of the exact numbers."""
    with np.errstate(all="ignore"):
        least, greatest = exact.least.astype(np.float64), exact.greatest.astype(np.float64)
        nearest = exact.nearest(came)
        errors = np.abs(came.astype(QUAD) - nearest).astype(np.float64)
        # One ulp at 0 is the smallest number.
        magnitudes = np.maximum(np.abs(nearest).astype(np.float64), number_format.smallest_subnormal)
        compared = np.isfinite(came) & (np.maximum(np.abs(least), np.abs(greatest)) <= number_format.largest)
        ulps = np.where(compared, errors / number_format.spacing(np.where(compared, magnitudes, 1.0)), 0.0)
    normal = _normal(least, number_format) & _normal(greatest, number_format) & ((least > 0) == (greatest > 0))
    count = int(np.count_nonzero(compared))
    return Accuracy(
        count,
        float(ulps.max(initial=0.0)),
        float(ulps.sum() / max(count, 1)),
        float(points[np.argmax(ulps)]),
        int(np.count_nonzero(normal & (came == 0))),
        int(np.count_nonzero(normal & np.isinf(came))),
        int(np.count_nonzero(normal & np.isnan(came))),
    )


def _normal(numbers: Floats, number_format: NumberFormat) -> NDArray[np.bool_]:
    magnitudes = np.abs(numbers)
    return np.asarray((magnitudes >= number_format.smallest_normal) & (magnitudes <= number_format.largest))


@dataclass(frozen=True)
class Swept:
    """What is exact at every input of one operation in one dtype, and how far a correct implementation may be from it.

    Attributes:
        points: the inputs.
        program: the operation applied to them.
        output, gradient: the exact values and derivatives.
        truths: them, with the radii of the enclosure tier.
    """

    points: Floats
    program: Program
    output: Span
    gradient: Span
    truths: Truths

    def accuracies(self, answer: ReadAnswer) -> tuple[Accuracy, Accuracy]:
        """How accurate the output and the gradient of ``answer`` are."""
        gradient = answer.gradients[0]
        assert gradient is not None
        number_format = self.program.number_format
        return (
            accuracy(self.points, answer.outputs[0].values, self.output, number_format),
            accuracy(self.points, gradient.values, self.gradient, number_format),
        )


def swept(
    operation: Operation, dtype: str, stride: int, arithmetic: DeviceArithmetic = USUAL, target: Target = CPU
) -> Swept:
    """The sweep of ``operation`` over every ``stride``-th number of ``dtype``, under ``arithmetic`` at ``target``."""
    assert operation.formula is not None
    points = inputs(operation, dtype, stride)
    program = swept_program(operation, dtype, points)
    output, gradient = values(operation.formula, points), slopes(operation.formula, points)
    radii = enclosed(program, arithmetic, target)

    def truth(exact: Span, enclosure: Truth) -> Truth:
        if not arithmetic.flushes_subnormals:
            return Truth(exact.midpoint, enclosure.radius)
        # A subnormal input may be taken for 0, and the enclosure of both is wider on one side of what is exact.
        with np.errstate(invalid="ignore"):
            distance = np.abs(exact.midpoint - enclosure.midpoint).astype(np.float64)
        known = np.isfinite(enclosure.radius)
        return Truth(exact.midpoint, np.where(known, enclosure.radius + distance, np.inf))

    truths = Truths("sweep", (truth(output, radii.outputs[0]),), {0: truth(gradient, radii.gradients[0])})
    return Swept(points, program, output, gradient, truths)
