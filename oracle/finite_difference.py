"""The finite-difference tier: PyTorch's own forward, differentiated without its backward.

Along a direction v the program's outputs, contracted with their cotangents, are a function L(t). With the central
quotients Q(h) = (L(h) - L(-h)) / 2h, the five-point formula is D(h) = (4 Q(h) - Q(2h)) / 3 (Fornberg, *Generation of
Finite Difference Formulas*, 1988). Each quotient is, by the mean value theorem (Lebourg's for Lipschitz functions,
Clarke, theorem 2.3.7), a value that the directional derivative takes between -2h and 2h. So if the enclosure of the
directional derivative over that whole box is m ± R, then

    |D(h) - m| <= (4 R + R) / 3 + roundoff,

kinks included, with roundoff bounded by the forward radii over h. This bound is coarse and sure; the change from D(h)
to D(h/2) estimates the true error far more closely, and surely nothing.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.enclosure import enclosure
from oracle.functions import QUAD
from oracle.measured_arithmetic import device_arithmetic
from oracle.program import Input, Output, Program
from oracle.rounding import RunningError
from oracle.route import leaves, to_numpy, torch_function
from oracle.target import CPU, Target
from oracle.tensor import TensorSpec

STEP = 2.0**-13
"""h. Truncation of D falls as h^4 and roundoff grows as u/h: in float64, 2^-53 / 2^-13 leaves twelve digits."""

Direction = list[NDArray[np.float64]]
"""One array for each input, in its shape."""


@dataclass(frozen=True)
class FiniteDifference:
    """A directional derivative by finite differences.

    Attributes:
        value: D(h/2).
        error: estimate of its error: the change from D(h) to D(h/2), plus the bound of its roundoff.
        enclosed: the directional derivative by the enclosure tier at the point itself.
        bound: how far D(h) may be from ``enclosed`` if definition and forward are the same function; may be infinite.
        coarse: D(h), to which ``bound`` applies.
        gap: the distance of D(h) from ``enclosed``, taken in 128 bits, whose range their sums need.
    """

    value: float
    error: float
    enclosed: float
    bound: float
    coarse: float
    gap: float

    @property
    def agrees_with_definition(self) -> bool:
        """Whether PyTorch's forward may be the function that the definition differentiates."""
        return self.gap <= self.bound or not np.isfinite(self.bound)


def in_float64(program: Program) -> Program:
    """The same program on contiguous float64 copies of its inputs and cotangent."""

    def widened(spec: TensorSpec) -> TensorSpec:
        return replace(spec.contiguous(), dtype="float64")

    inputs = tuple(Input(widened(each.tensor), each.requires_grad) for each in program.inputs)
    outputs = tuple(Output(each.value, each.cotangent and widened(each.cotangent)) for each in program.outputs)
    return replace(program, inputs=inputs, outputs=outputs)


def signed_direction(program: Program) -> Direction:
    """A direction with every differentiated element in it: random signs, magnitudes near those of the inputs.

    The signs come from the program itself, so that they vary between programs and not between runs.
    """
    generator = np.random.default_rng(zlib.crc32(repr(program).encode()))
    return [
        scale * generator.choice((-1.0, 1.0), size=scale.shape) if each.requires_grad else np.zeros(scale.shape)
        for scale, each in zip(_scales(program), program.inputs, strict=True)
    ]


def element_direction(program: Program, source: int, element: tuple[int, ...]) -> Direction:
    """The direction of one element of one input, with the magnitude of ``signed_direction``."""
    scales = _scales(program)
    direction = [np.zeros(scale.shape) for scale in scales]
    direction[source][element] = scales[source][element]
    return direction


def _scales(program: Program) -> Direction:
    """Powers of two near the inputs' magnitudes; for zeros, near the tensor's largest; else 1."""
    scales = []
    for each in program.inputs:
        magnitudes = np.abs(each.tensor.array)
        largest = magnitudes.max(initial=0.0) or 1.0
        _, exponents = np.frexp(np.where(magnitudes > 0, magnitudes, largest))
        scales.append(np.asarray(np.ldexp(1.0, exponents - 1)))
    return scales


def finite_difference(program: Program, direction: Direction, target: Target = CPU) -> FiniteDifference:
    """Differentiate PyTorch's float64 forward at ``target`` along ``direction``."""
    program = in_float64(program)
    sums: dict[float, tuple[Any, float]] = {}

    def quotient(step: float) -> tuple[Any, float]:
        for each in (step, -step):
            if each not in sums:
                sums[each] = _contracted(_displaced(program, direction, each), target)
        (above, above_radius), (below, below_radius) = sums[step], sums[-step]
        return (above - below) / (2 * step), (above_radius + below_radius) / (2 * step)

    def five_point(step: float) -> tuple[Any, float]:
        (near, near_radius), (far, far_radius) = quotient(step), quotient(2 * step)
        return (4 * near - far) / 3, (4 * near_radius + far_radius) / 3

    with np.errstate(all="ignore"):
        coarse, coarse_roundoff = five_point(STEP)
        fine, fine_roundoff = five_point(STEP / 2)
        box = [2 * STEP * np.abs(each) for each in direction]
        inputs = [each.tensor.array for each in program.inputs]
        rounding = _rounding(program, target)
        # A displaced point is rounded twice, in the displacement and in the sum: each moves it by at most u times its
        # magnitude, or by the smallest number that is left.
        slips = [
            (2.0**-52 * (np.abs(x) + r) + 2 * rounding.underflow) * (along != 0)
            for x, r, along in zip(inputs, box, direction, strict=True)
        ]
        balls = enclosure(program, rounding, spread=[r + s for r, s in zip(box, slips, strict=True)]).gradients
        enclosed = _ZERO
        radius = slip = 0.0
        for index, ball in balls.items():
            magnitude = np.abs(direction[index])
            moved = magnitude > 0
            terms = ball.midpoint[moved] * direction[index][moved].astype(QUAD)
            enclosed = enclosed + terms.sum(initial=_ZERO)
            radius += float((ball.radius * magnitude)[moved].sum())
            slip += float(((ball.magnitude + ball.radius) * slips[index])[moved].sum())
        slip_in_quotients = (4 * slip / STEP + slip / (2 * STEP)) / 3
        error = _float(abs(coarse - fine)) + fine_roundoff + 2 * slip_in_quotients
        bound = 5 * radius / 3 + coarse_roundoff + slip_in_quotients
        gap = _float(abs(coarse - enclosed))
        return FiniteDifference(_float(fine), error, _float(enclosed), bound, _float(coarse), gap)


_ZERO: Any = np.zeros((), QUAD)[()]


def _float(quad: Any) -> float:
    return float(np.asarray(quad).astype(np.float64))


def _rounding(program: Program, target: Target) -> RunningError:
    return RunningError(program.number_format, device_arithmetic(target, program.dtype))


def _displaced(program: Program, direction: Direction, step: float) -> Program:
    def moved(each: Input, along: NDArray[np.float64]) -> Input:
        values = tuple((each.tensor.array + step * along).ravel().tolist())
        return Input(replace(each.tensor, values=values), each.requires_grad)

    return replace(program, inputs=tuple(map(moved, program.inputs, direction)))


def _contracted(program: Program, target: Target) -> tuple[Any, float]:
    """The outputs contracted with their cotangents in 128 bits, and how far rounding may have moved that."""
    with target.applied():
        outputs = torch_function(program, target.device)(*(each.detach() for each in leaves(program, target.device)))
    balls = enclosure(program, _rounding(program, target), forward_only=True).outputs
    total, moved = _ZERO, 0.0
    for came, ball, asked in zip(outputs, balls, program.outputs, strict=True):
        output = to_numpy(came)
        weights = np.ones(output.shape) if asked.cotangent is None else asked.cotangent.array
        used = weights != 0
        terms = output[used].astype(QUAD) * weights[used].astype(QUAD)
        total = total + terms.sum(initial=_ZERO)
        # The contraction itself rounds in its 113th bit. A forward that gives NaN where a number is due is no excuse.
        slack = 2.0**-100 * ((ball.magnitude + ball.radius) * np.abs(weights))[used].sum()
        moved += float((np.abs(weights) * ball.radius)[used].sum() + slack)
    return np.asarray(total), moved
