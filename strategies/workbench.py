"""A program under construction, evaluated as it grows, so that only what is applicable is applied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from oracle.ball import Ball
from oracle.enclosure import applied
from oracle.known_issues import is_covered
from oracle.known_operands import NEW_MEMORY, Arguments, KnownOperand, Operands
from oracle.number_format import NumberFormat
from oracle.operations.operation import Operation
from oracle.program import Application, Input, Operand, Output, Program, Value
from oracle.rounding import RunningError
from oracle.tape import RecordedArray, Tape
from oracle.target import CPU, Target
from oracle.tensor import TensorSpec
from strategies.shapes import Shape


@dataclass(frozen=True)
class Known:
    """What is known of one value of the program.

    Attributes:
        shape: its shape.
        least, greatest: bounds of all its elements; infinite where an element may be anything.
        inputs: a bit for each input that it depends on.
        operand: what regions of known issues ask.
    """

    shape: Shape
    least: float
    greatest: float
    inputs: int
    operand: KnownOperand


class Workbench:
    """Inputs and applications collected so far, with what is known of every value.

    The values of a program are numbered with its inputs first, and inputs come when they are needed. So here values are
    numbered as they come, and ``program`` renumbers them.
    """

    def __init__(self, number_format: NumberFormat, target: Target = CPU) -> None:
        self.number_format = number_format
        self.target = target
        self.tensors: list[TensorSpec] = []
        self.applications: list[Application] = []
        self.known: list[Known] = []
        self._places_of_inputs: list[int] = []
        self._arrays: list[RecordedArray] = []
        self._rounding = RunningError(number_format)
        self._tape = Tape(self._rounding)

    def add_input(self, tensor: TensorSpec) -> Value:
        """Take in ``tensor`` and return its value."""
        self._places_of_inputs.append(len(self.known))
        ball = Ball.exact(tensor.array, self._rounding)
        self._admit(self._tape.record(ball), 1 << len(self.tensors), KnownOperand.of(tensor))
        self.tensors.append(tensor)
        return Value(len(self.known) - 1)

    def take_back(self, inputs: int) -> None:
        """Forget the newest ``inputs`` inputs, which came after everything else and which nobody uses."""
        if not inputs:
            return
        first = self._places_of_inputs[-inputs]
        assert first == len(self.known) - inputs
        self._tape.forget(len(self._tape.balls) - inputs)
        del self._places_of_inputs[-inputs:], self.tensors[-inputs:], self.known[first:], self._arrays[first:]

    def make_contiguous(self, inputs: int) -> None:
        """Give the newest ``inputs`` inputs, which nobody uses, the usual layout."""
        for number in range(len(self.tensors) - inputs, len(self.tensors)):
            tensor = self.tensors[number] = self.tensors[number].contiguous()
            place = self._places_of_inputs[number]
            self.known[place] = replace(self.known[place], operand=KnownOperand.of(tensor))

    def apply(self, application: Application, *, whatever: bool = False) -> tuple[Value, ...]:
        """Apply ``application`` and return its results.

        None are returned, and nothing is kept, where a known issue covers it or most of a result may be anything,
        unless ``whatever`` asks for the latter too.
        """
        operands = [each for each in application.operands if isinstance(each, Value)]
        name = application.operation
        if self.is_covered(name, application.arguments, self.known_operands(operands)):
            return ()
        length = len(self._tape.balls)
        with np.errstate(all="ignore"):
            results = applied(application, self._arrays)
        sound = all(2 * np.count_nonzero(np.isinf(each.ball.radius)) <= math.prod(each.shape) for each in results)
        if not (sound or whatever):
            self._tape.forget(length)
            return ()
        inputs = 0
        for operand in operands:
            inputs |= self.known[operand.index].inputs
        self.applications.append(replace(application, results=len(results)))
        first = len(self.known)
        for each in results:
            self._admit(each, inputs, KnownOperand(each.shape, expanded=name not in NEW_MEMORY))
        return tuple(Value(first + number) for number in range(len(results)))

    def known_operands(self, operands: Sequence[Operand]) -> Operands:
        """What is known of ``operands``, numbers left out."""
        return tuple(self.known[each.index].operand for each in operands if isinstance(each, Value))

    def is_covered(self, operation: str, arguments: Arguments, operands: Operands) -> bool:
        """Whether a known issue covers ``operation`` applied to ``operands``, where the program will run."""
        return is_covered(operation, arguments, self.number_format.name, operands, self.target)

    def spell(self, spelling: int) -> None:
        """Call the newest operation by that one of its spellings."""
        self.applications[-1] = replace(self.applications[-1], spelling=spelling)

    def _admit(self, array: RecordedArray, inputs: int, operand: KnownOperand) -> None:
        ball = array.ball
        if np.isfinite(ball.radius).all():
            middle = ball.midpoint.astype(np.float64)
            # An empty tensor lies anywhere; an end may be infinite.
            with np.errstate(over="ignore"):
                least = float(np.min(middle - ball.radius, initial=math.inf))
                greatest = float(np.max(middle + ball.radius, initial=-math.inf))
        else:
            least, greatest = -math.inf, math.inf
        self.known.append(Known(array.shape, least, greatest, inputs, operand))
        self._arrays.append(array)

    def fits(self, value: Value, operation: Operation, position: int) -> bool:
        """Whether ``value`` lies where operand number ``position`` of ``operation`` may lie."""
        known = self.known[value.index]
        return operation.domain(position).contains(known.least, known.greatest)

    def results(self) -> list[Value]:
        """The values that are results of operations."""
        inputs = set(self._places_of_inputs)
        return [Value(place) for place in range(len(self.known)) if place not in inputs]

    def used(self) -> set[int]:
        """The numbers of the values that some operation takes."""
        return {
            operand.index
            for application in self.applications
            for operand in application.operands
            if isinstance(operand, Value)
        }

    def program(self, frozen: int, outputs: list[tuple[Value, TensorSpec | None]]) -> Program:
        """The program, with a bit of ``frozen`` for each input that requires no grad.

        An output needs an input that requires grad: where it would have none, its first one does.
        """
        for value, _ in outputs:
            reached = self.known[value.index].inputs
            if not reached & ~frozen:
                frozen &= ~(reached & -reached)
        places = self._places_of_inputs + [value.index for value in self.results()]
        numbers = {place: Value(number) for number, place in enumerate(places)}

        def renumbered(operand: Operand) -> Operand:
            return numbers[operand.index] if isinstance(operand, Value) else operand

        return Program(
            tuple(Input(tensor, not frozen >> index & 1) for index, tensor in enumerate(self.tensors)),
            tuple(
                replace(each, operands=tuple(renumbered(operand) for operand in each.operands))
                for each in self.applications
            ),
            tuple(Output(numbers[value.index], cotangent) for value, cotangent in outputs),
        )
