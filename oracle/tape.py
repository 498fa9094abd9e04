"""Definitions carried out on balls as they are written, recorded as primitives for the reverse sweep."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from oracle import elementwise
from oracle.arithmetic import Accumulation
from oracle.array import Array, Domain, Floats, Rearrangement
from oracle.ball import Ball
from oracle.formula import Formula
from oracle.rounding import Rounding

Adjoint = Callable[[Ball, int], Ball]
"""(cotangent of the result, number of the operand) -> cotangent of that operand."""


@dataclass
class Tape:
    """What was computed, in the order in which it was.

    Attributes:
        rounding: the model under which programs are computed.
        balls: the value of every node.
        operands: for every node the nodes that it was computed from; none for inputs and constants.
        adjoints: for every node how it sends a cotangent back to each of its operands.
    """

    rounding: Rounding
    balls: list[Ball] = field(default_factory=list)
    operands: list[tuple[int, ...]] = field(default_factory=list)
    adjoints: list[Adjoint | None] = field(default_factory=list)

    def record(self, ball: Ball, operands: tuple[int, ...] = (), adjoint: Adjoint | None = None) -> RecordedArray:
        """Append a node and return it."""
        self.balls.append(ball)
        self.operands.append(operands)
        self.adjoints.append(adjoint)
        return RecordedArray(self, len(self.balls) - 1)

    def forget(self, length: int) -> None:
        """Drop all nodes but the first ``length``."""
        del self.balls[length:], self.operands[length:], self.adjoints[length:]

    def reverse_sweep(self, seeds: list[tuple[int, Ball]], wanted: tuple[int, ...]) -> dict[int, Ball]:
        """The cotangents of the ``wanted`` nodes that the seeds, pairs of a node and its cotangent, depend on."""
        needed = set(wanted)
        for node, operands in enumerate(self.operands):
            if needed.intersection(operands):
                needed.add(node)
        received: dict[int, list[Ball]] = {node: [] for node in needed}
        for node, seed in seeds:
            if node in needed:
                received[node].append(seed)
        for node in range(len(self.balls) - 1, -1, -1):
            adjoint = self.adjoints[node]
            if adjoint is None or not received.get(node):
                continue
            incoming = added(received.pop(node))
            for position, operand in enumerate(self.operands[node]):
                if operand in needed:
                    received[operand].append(adjoint(incoming, position))
        return {node: added(received[node]) for node in wanted if received.get(node)}


def added(cotangents: list[Ball]) -> Ball:
    """The sum of what a node received from several sides, in whatever order an engine adds that up."""
    first, *others = cotangents
    if not others:
        return first
    if len(others) == 1:
        return first + others[0]
    return first.stacked(others).sum((0,), Accumulation.USES)


class RecordedArray(Array):
    """A node of ``tape``: every operation on it computes its ball and becomes a node too."""

    def __init__(self, tape: Tape, node: int) -> None:
        self.tape = tape
        self.node = node
        self.shape = self.ball.shape

    @property
    def ball(self) -> Ball:
        """Its value."""
        return self.tape.balls[self.node]

    def constant(self, value: float) -> RecordedArray:
        return self.tape.record(Ball.exact(np.array(float(value)), self.ball.rounding))

    def smooth_or_kinked(self, formula: Formula, *operands: RecordedArray) -> RecordedArray:
        arrays = (self, *operands)
        balls = tuple(array.ball for array in arrays)
        result = elementwise.value(formula, balls)
        # A formula of constants alone, or one that does not depend on its operands, has to be spread out.
        shape = np.broadcast_shapes(*(ball.shape for ball in balls))
        if result.shape != shape:
            result = result.rearranged(lambda elements: np.broadcast_to(elements, shape))

        def adjoint(cotangent: Ball, position: int) -> Ball:
            sent = elementwise.pulled_back(formula, balls, result, cotangent, position)
            if balls[position].shape == sent.shape:
                return sent
            return sent.sum(tuple(range(len(sent.shape))))

        return self.tape.record(result, tuple(array.node for array in arrays), adjoint)

    def gather(
        self, rearrangement: Rearrangement, *others: RecordedArray, accumulation: Accumulation = Accumulation.WIDE
    ) -> RecordedArray:
        arrays = (self, *others)
        ends = np.cumsum([0, *(math.prod(array.shape) for array in arrays)])
        places = rearrangement(
            *(
                np.arange(start, end).reshape(array.shape)
                for start, end, array in zip(ends, ends[1:], arrays, strict=False)
            )
        )
        result = self.ball.take(places, *(other.ball for other in others))

        def adjoint(cotangent: Ball, position: int) -> Ball:
            own = places.ravel() - ends[position]
            own = np.where(places.ravel() < ends[position + 1], own, -1)
            return cotangent.flattened().scatter_add(own, arrays[position].shape, accumulation)

        return self.tape.record(result, tuple(array.node for array in arrays), adjoint)

    # The index maps of these two gathers need not be written down.
    def reshape(self, shape: tuple[int, ...]) -> RecordedArray:
        source = self.shape
        if shape == source:
            return self
        return self.tape.record(
            self.ball.rearranged(lambda elements: elements.reshape(shape)),
            (self.node,),
            lambda cotangent, position: cotangent.rearranged(lambda elements: elements.reshape(source)),
        )

    def broadcast_to(
        self,
        shape: tuple[int, ...],
        accumulation: Accumulation = Accumulation.WIDE,
        partial_sums: int | None = None,
    ) -> RecordedArray:
        source = self.shape
        if shape == source:
            return self
        new = len(shape) - len(source)
        repeated = tuple(axis for axis, side in enumerate(shape) if axis < new or side != source[axis - new])

        def adjoint(cotangent: Ball, position: int) -> Ball:
            return cotangent.sum(repeated, accumulation, partial_sums).rearranged(
                lambda elements: elements.reshape(source)
            )

        ball = self.ball.rearranged(lambda elements: np.broadcast_to(elements, shape))
        return self.tape.record(ball, (self.node,), adjoint)

    def scatter_sum(self, rearrangement: Rearrangement, shape: tuple[int, ...]) -> RecordedArray:
        places = rearrangement(np.arange(math.prod(shape)).reshape(shape))
        ball = self.ball.flattened().scatter_add(places.ravel(), shape, Accumulation.SCATTERED)
        return self.tape.record(ball, (self.node,), lambda cotangent, position: cotangent.take(places))

    def segment_sum(self, axes: tuple[int, ...], accumulation: Accumulation = Accumulation.WIDE) -> RecordedArray:
        source = self.shape
        kept = tuple(1 if axis in axes else size for axis, size in enumerate(source))

        def adjoint(cotangent: Ball, position: int) -> Ball:
            return cotangent.rearranged(lambda elements: np.broadcast_to(elements.reshape(kept), source))

        return self.tape.record(self.ball.sum(axes, accumulation), (self.node,), adjoint)

    def selection(self, rank: int) -> RecordedArray:
        ball = self.ball

        def adjoint(cotangent: Ball, position: int) -> Ball:
            # Clarke, Optimization and Nonsmooth Analysis, proposition 2.3.12: the generalized gradient of a maximum
            # lies in the convex hull of the candidates' gradients, so each candidate's share is between 0 and 1.
            spread = cotangent.rearranged(lambda elements: np.broadcast_to(elements, ball.shape))
            return spread.selected(ball.candidates(rank))

        return self.tape.record(ball.order_statistic(rank), (self.node,), adjoint)

    def as_factor(self, uses: int) -> RecordedArray:
        if self.ball.rounding.arithmetic.is_usual_in_products:
            return self
        # Its gradient is the sum of as many products.
        return self.tape.record(
            self.ball.as_factor(), (self.node,), lambda cotangent, position: cotangent.as_products(uses)
        )

    def as_products(self) -> RecordedArray:
        if self.ball.rounding.arithmetic.is_usual_in_products:
            return self
        # In backward the cotangent is one factor and the other operand the other.
        return self.tape.record(
            self.ball.as_products(), (self.node,), lambda cotangent, position: cotangent.as_factor()
        )

    def within(self, domain: Domain) -> RecordedArray:
        ball = self.ball.within(domain)
        outside = np.isinf(ball.radius) & ~np.isinf(self.ball.radius)
        # Of the gradient neither: the slopes of a piecewise formula are bounded though its operand may be anything.
        return self.tape.record(
            ball,
            (self.node,),
            lambda cotangent, position: Ball(
                cotangent.midpoint, np.where(outside, np.inf, cotangent.radius), cotangent.rounding
            ),
        )

    def with_gradient_roundings(self, count: float | RecordedArray | Callable[[Floats], Floats]) -> RecordedArray:
        def adjoint(cotangent: Ball, position: int) -> Ball:
            if isinstance(count, RecordedArray):
                return cotangent.rounded(count.ball.magnitude + count.ball.radius)
            return cotangent.rounded(count(cotangent.magnitude) if callable(count) else count)

        return self.tape.record(self.ball, (self.node,), adjoint)

    def computed_as(self, other: RecordedArray) -> RecordedArray:
        return self.tape.record(other.ball, (self.node,), lambda cotangent, position: cotangent)

    def keeping_to_range(self, keeps: bool) -> RecordedArray:
        before = self.ball.rounding
        after = before.keeping_to_range() if keeps else self.tape.rounding
        if after is before:
            return self
        return self.tape.record(
            self.ball.under(after), (self.node,), lambda cotangent, position: cotangent.under(before)
        )

    def without_gradient(self) -> RecordedArray:
        return self.tape.record(self.ball)
