"""The comparison of one route's answer with an oracle, element by element."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.arithmetic import USUAL, Accumulation, DeviceArithmetic
from oracle.enclosure import Enclosure, certificate, enclosure
from oracle.exact import ExactResult
from oracle.functions import QUAD
from oracle.known_issues import known_holes
from oracle.number_format import NumberFormat
from oracle.program import Program
from oracle.rounding import RunningError
from oracle.route import Moment, ReadAnswer, ReadTensor
from oracle.target import CPU, Target

INFORMATIVE = 0.1
"""An element is informative if its radius is at most this share of its magnitude, or of its gradient's largest one."""


@dataclass(frozen=True)
class Truth:
    """What one tensor must be: midpoints (128-bit) and radii (float64) of one shape.

    A radius of 0 asks for equality, an infinite one claims nothing.
    """

    midpoint: NDArray[Any]
    radius: NDArray[np.float64]


@dataclass(frozen=True)
class Truths:
    """What a program's outputs and gradients must be, and which tier says so."""

    tier: str
    outputs: tuple[Truth, ...]
    gradients: dict[int, Truth]


@dataclass(frozen=True)
class Mismatch:
    """One element that is not what it must be.

    Attributes:
        source: number of the input whose gradient it belongs to, or None for an output.
        element: its index.
        came: what PyTorch said.
        due: the exact value, or the midpoint of its enclosure.
        radius: how far a correct implementation may be from it.
        ulp: the spacing of the program's dtype at ``due``.
        output: number of the output that it belongs to, if ``source`` is None.
    """

    source: int | None
    element: tuple[int, ...]
    came: float
    due: Fraction
    radius: float
    ulp: float
    output: int = 0


@dataclass(frozen=True)
class Inaccurate(Mismatch):
    """An element that a sum in the wider format does not give, and one whose partial sums are kept in the dtype does.

    Attributes:
        kept: the sums that explain it; none where only several together do.
        radius: that of the sum in the wider format.
    """

    kept: Accumulation | None = None


@dataclass(frozen=True)
class WrongKind:
    """A gradient that is missing, not asked for, or of a wrong shape, dtype or device."""

    source: int | None
    came: str
    due: str
    output: int = 0


@dataclass(frozen=True)
class Raised:
    """An exception that came instead of an answer: its type and text, and when it was raised."""

    error: str
    moment: Moment


@dataclass(frozen=True)
class Verdict:
    """How one route's answer compares with the truth.

    Attributes:
        elements: gradient elements that were compared.
        informative: those of them whose radius is small enough to tell something.
        outputs: output elements that were compared.
        worst: the largest error in radii, over all compared elements with a positive radius.
        wrong: everything that is not as it must be, the worst element of each tensor.
    """

    elements: int
    informative: int
    outputs: int
    worst: float
    wrong: tuple[Mismatch | WrongKind, ...]


def enclosed(program: Program, arithmetic: DeviceArithmetic = USUAL, target: Target = CPU) -> Truths:
    """The truth by the enclosure tier, for a device that computes as ``arithmetic`` says and has its known issues."""
    rounding = RunningError(program.number_format, arithmetic)
    return _truths("enclosure", enclosure(program, rounding, holes=known_holes(program.dtype, target)))


def certified(program: Program, arithmetic: DeviceArithmetic = USUAL) -> Truths:
    """The truth where nothing can round: radius 0 there, infinite elsewhere; midpoints by the enclosure tier."""
    return _truths("certificate", certificate(program, arithmetic))


def _truths(tier: str, result: Enclosure) -> Truths:
    return Truths(
        tier,
        tuple(Truth(ball.midpoint, ball.judged_radius()) for ball in result.outputs),
        {index: Truth(ball.midpoint, ball.judged_radius()) for index, ball in result.gradients.items()},
    )


def exact_values(result: ExactResult) -> Truths:
    """Sympy's values, with radii of 0."""

    def truth(fractions: NDArray[Any]) -> Truth:
        return Truth(quads(fractions), np.zeros(fractions.shape))

    gradients = {index: truth(values) for index, values in result.gradients.items()}
    return Truths("exact", tuple(map(truth, result.outputs)), gradients)


def exactly(values: Truths, certificate: Truths) -> Truths:
    """The truth by the exact tier: sympy's ``values``, with the radii of the certificate."""
    return Truths(
        "exact",
        tuple(replace(each, radius=due.radius) for each, due in zip(values.outputs, certificate.outputs, strict=True)),
        {index: replace(values.gradients[index], radius=due.radius) for index, due in certificate.gradients.items()},
    )


def quads(fractions: NDArray[Any]) -> NDArray[Any]:
    """Fractions (an object array) to 113 bits: the nearest float64, plus the float64 nearest to what is left."""
    high = np.array([float(each) for each in fractions.ravel()], dtype=np.float64)
    low = [float(each - Fraction(part)) for each, part in zip(fractions.ravel(), high.tolist(), strict=True)]
    return np.asarray(high.astype(QUAD) + np.array(low, dtype=np.float64).astype(QUAD)).reshape(fractions.shape)


def fraction(quad: Any) -> Fraction:
    """A 128-bit number as a fraction, to 106 bits and more; infinities are refused."""
    array = np.asarray(quad).reshape(()).astype(QUAD)
    high = float(array.astype(np.float64))
    low = float((array - np.float64(high)).astype(np.float64))
    return Fraction(high) + Fraction(low)


def judge(program: Program, answer: ReadAnswer, truths: Truths) -> Verdict:
    """Compare ``answer`` with ``truths``."""
    number_format = program.number_format
    wrong: list[Mismatch | WrongKind] = []
    elements = informative = 0
    worst = 0.0
    device = answer.outputs[0].device
    for number, (output, truth) in enumerate(zip(answer.outputs, truths.outputs, strict=True)):
        kind = _wrong_kind(None, output, truth.midpoint.shape, program, device)
        if kind is not None:
            return Verdict(0, 0, 0, 0.0, (replace(kind, output=number),))
        error, bad = _compare(None, output, truth, number_format)
        worst = max(worst, error)
        wrong += [replace(each, output=number) for each in bad]
    for index, gradient in answer.gradients.items():
        due = truths.gradients.get(index)
        if gradient is None or due is None:
            if (gradient is None) != (due is None):
                wrong.append(WrongKind(index, _present(gradient), _present(due)))
            continue
        shape = program.inputs[index].tensor.shape
        kind = _wrong_kind(index, gradient, shape, program, device)
        if kind is not None:
            wrong.append(kind)
            continue
        error, bad = _compare(index, gradient, due, number_format)
        worst = max(worst, error)
        wrong += bad
        elements += gradient.values.size
        informative += int(np.count_nonzero(_is_informative(due)))
    outputs = sum(output.values.size for output in answer.outputs)
    return Verdict(elements, informative, outputs, worst, tuple(wrong))


def _present(gradient: object) -> str:
    return "no gradient" if gradient is None else "a gradient"


def _wrong_kind(
    source: int | None, came: ReadTensor, shape: tuple[int, ...], program: Program, device: str
) -> WrongKind | None:
    def words(shape: tuple[int, ...], dtype: str, where: str) -> str:
        return f"shape {shape}, {dtype}, on {where}"

    said = words(came.shape, came.dtype, came.device)
    due = words(shape, program.dtype, device)
    return None if said == due else WrongKind(source, said, due)


def _compare(
    source: int | None, came: ReadTensor, truth: Truth, number_format: NumberFormat
) -> tuple[float, list[Mismatch]]:
    values = came.values
    if values.size == 0:
        return 0.0, []
    with np.errstate(all="ignore"):
        error = np.abs(values.astype(QUAD) - truth.midpoint).astype(np.float64)
        # False for NaN, unless nothing is claimed.
        right = (error <= truth.radius) | np.isinf(truth.radius)
        ratio = np.where((truth.radius > 0) & np.isfinite(truth.radius), error / truth.radius, 0.0)
    if right.all():
        return float(ratio.max()), []
    severity = np.where(right, -1.0, np.nan_to_num(error, nan=np.inf))
    element = tuple(int(place) for place in np.unravel_index(int(np.argmax(severity)), values.shape))
    due = fraction(truth.midpoint[element])
    ulp = float(number_format.spacing(np.array(abs(float(due)))))
    mismatch = Mismatch(source, element, float(values[element]), due, float(truth.radius[element]), ulp)
    return float(np.nan_to_num(ratio, nan=np.inf).max()), [mismatch]


def _is_informative(truth: Truth) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        magnitude = np.abs(truth.midpoint).astype(np.float64)
        known = np.isfinite(truth.radius)
        scale = np.where(known, magnitude, 0.0).max(initial=0.0)
        return np.asarray(known & (truth.radius <= INFORMATIVE * np.maximum(magnitude, scale)))
