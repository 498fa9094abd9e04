"""Recording of a program's definitions as primitives, and the sweeps that carry balls through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import sympy

from oracle.array import Array, Domain, Rearrangement
from oracle.ball import Ball
from oracle.expression import compiled, partial_derivative
from oracle.rounding import Rounding

Forward = Callable[[tuple[Ball, ...]], Ball]
Adjoint = Callable[[Ball, tuple[Ball, ...], Ball, int], Ball]
"""(cotangent of the result, operands, result, number of the operand) -> cotangent of that operand."""


@dataclass(frozen=True)
class Primitive:
    """One recorded step: how it computes, and how it sends a cotangent back to each of its operands."""

    operands: tuple[int, ...]
    forward: Forward
    adjoint: Adjoint


@dataclass
class Tape:
    """Primitives in the order of their recording; the first ``input_count`` nodes are inputs."""

    input_count: int
    primitives: list[Primitive] = field(default_factory=list)

    def record(self, primitive: Primitive) -> int:
        """Append ``primitive`` and return the number of its result."""
        self.primitives.append(primitive)
        return self.input_count + len(self.primitives) - 1

    def forward_sweep(self, inputs: tuple[Ball, ...]) -> list[Ball]:
        """The ball of every node."""
        balls = list(inputs)
        for primitive in self.primitives:
            balls.append(primitive.forward(tuple(balls[node] for node in primitive.operands)))
        return balls

    def reverse_sweep(
        self, balls: list[Ball], output: int, cotangent: Ball, wanted: tuple[int, ...]
    ) -> dict[int, Ball]:
        """The cotangents of the ``wanted`` inputs that ``output`` depends on."""
        needed = set(wanted)
        for node, primitive in enumerate(self.primitives, start=self.input_count):
            if needed.intersection(primitive.operands):
                needed.add(node)
        cotangents = {output: cotangent} if output in needed else {}
        for node in range(output, self.input_count - 1, -1):
            if node not in cotangents:
                continue
            incoming = cotangents.pop(node)
            primitive = self.primitives[node - self.input_count]
            operands = tuple(balls[operand] for operand in primitive.operands)
            for position, operand in enumerate(primitive.operands):
                if operand in needed:
                    outgoing = primitive.adjoint(incoming, operands, balls[node], position)
                    present = cotangents.get(operand)
                    cotangents[operand] = outgoing if present is None else present + outgoing
        return cotangents


class RecordedArray(Array):
    """An array whose every operation becomes a primitive of ``tape``."""

    def __init__(self, tape: Tape, node: int, shape: tuple[int, ...], rounding: Rounding) -> None:
        self.tape = tape
        self.node = node
        self.shape = shape
        self.rounding = rounding

    def _record(self, primitive: Primitive, shape: tuple[int, ...]) -> RecordedArray:
        return RecordedArray(self.tape, self.tape.record(primitive), shape, self.rounding)

    def constant(self, value: float) -> RecordedArray:
        ball = Ball.exact(np.array(float(value)), self.rounding)
        return self._record(Primitive((), lambda operands: ball, _no_adjoint), ())

    def elementwise(
        self, expression: sympy.Expr, *operands: RecordedArray, in_result: sympy.Expr | None = None
    ) -> RecordedArray:
        function = compiled(expression)

        def forward(balls: tuple[Ball, ...]) -> Ball:
            return cast("Ball", function(*_two(balls), None))

        def adjoint(cotangent: Ball, balls: tuple[Ball, ...], result: Ball, position: int) -> Ball:
            partial = compiled(partial_derivative(expression, position) if in_result is None else in_result)
            return cast("Ball", cotangent * partial(*_two(balls), result))

        nodes = (self.node, *(operand.node for operand in operands))
        return self._record(Primitive(nodes, forward, adjoint), self.shape)

    def gather(self, rearrangement: Rearrangement) -> RecordedArray:
        source = self.shape
        shape = np.shape(rearrangement(np.broadcast_to(np.int8(0), source)))
        primitive = Primitive(
            (self.node,),
            lambda balls: balls[0].take(rearrangement),
            lambda cotangent, balls, result, position: cotangent.scatter_add(rearrangement, source),
        )
        return self._record(primitive, shape)

    def segment_sum(self, axes: tuple[int, ...]) -> RecordedArray:
        source = self.shape
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(source))
        shape = tuple(size for axis, size in enumerate(source) if axis not in axes)
        primitive = Primitive(
            (self.node,),
            lambda balls: balls[0].sum(axes),
            lambda cotangent, balls, result, position: cotangent.take(
                lambda elements: np.broadcast_to(elements.reshape(kept), source)
            ),
        )
        return self._record(primitive, shape)

    def selection(self, axes: tuple[int, ...]) -> RecordedArray:
        source = self.shape
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(source))
        shape = tuple(size for axis, size in enumerate(source) if axis not in axes)

        def adjoint(cotangent: Ball, balls: tuple[Ball, ...], result: Ball, position: int) -> Ball:
            # Clarke, Optimization and Nonsmooth Analysis, proposition 2.3.12: the generalized gradient of a maximum is
            # the convex hull of the candidates' gradients, so each candidate's share lies between 0 and 1.
            possible, alone = balls[0].candidates(axes)
            share = Ball.exact(np.where(alone, 1.0, np.where(possible, 0.5, 0.0)), cotangent.rounding)
            share.radius = np.where(possible & ~alone, 0.5, 0.0)
            spread = cotangent.take(lambda elements: np.broadcast_to(elements.reshape(kept), source))
            return spread.selected(share)

        return self._record(Primitive((self.node,), lambda balls: balls[0].largest(axes), adjoint), shape)

    def within(self, domain: Domain) -> RecordedArray:
        primitive = Primitive(
            (self.node,),
            lambda balls: balls[0].within(domain),
            lambda cotangent, balls, result, position: cotangent,
        )
        return self._record(primitive, self.shape)

    def with_gradient_roundings(self, count: int) -> RecordedArray:
        primitive = Primitive(
            (self.node,),
            lambda balls: balls[0],
            lambda cotangent, balls, result, position: cotangent.rounded(count),
        )
        return self._record(primitive, self.shape)


def _two(balls: tuple[Ball, ...]) -> tuple[Ball, Ball | None]:
    return balls[0], balls[1] if len(balls) == 2 else None


def _no_adjoint(cotangent: Ball, operands: tuple[Ball, ...], result: Ball, position: int) -> Ball:
    raise AssertionError("a constant has no operands")
