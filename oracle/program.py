"""A program: operations applied in a straight line to input tensors, and a cotangent for each output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from oracle.index import Index, IndexTensor
from oracle.number_format import NumberFormat
from oracle.tensor import TensorSpec

Argument = bool | int | float | str | tuple[int, ...] | IndexTensor | Index | None


@dataclass(frozen=True)
class Value:
    """A tensor of a program: the inputs are numbered first, then the results of each operation."""

    index: int


Operand = Value | float
"""What an operation is applied to: a tensor of the program, or a Python number."""


@dataclass(frozen=True)
class Application:
    """One operation applied to operands.

    Attributes:
        operation: name in the catalogue (``oracle.operations.OPERATIONS``).
        operands: tensors of the program that exist already, and numbers.
        arguments: keyword arguments, by name; an absent one is not passed to torch at all.
        spelling: which of the operation's spellings is called.
        results: how many tensors come out.
    """

    operation: str
    operands: tuple[Operand, ...]
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    spelling: int = 0
    results: int = 1

    def __post_init__(self) -> None:
        # A copy of its own that nobody can change; the order stays, as calls are printed in it.
        object.__setattr__(self, "arguments", MappingProxyType(dict(self.arguments)))

    def __hash__(self) -> int:
        # Equal arguments may come in any order.
        return hash((self.operation, self.operands, frozenset(self.arguments.items()), self.spelling))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled.
        return Application, (self.operation, self.operands, dict(self.arguments), self.spelling, self.results)


@dataclass(frozen=True)
class Input:
    """One input tensor and whether its gradient is asked for."""

    tensor: TensorSpec
    requires_grad: bool = True


@dataclass(frozen=True)
class Output:
    """A value that is differentiated, and what is passed as ``gradient=``: None for the implicit 1 of a scalar."""

    value: Value
    cotangent: TensorSpec | None = None


@dataclass(frozen=True)
class Program:
    """A straight-line program.

    Attributes:
        inputs: the input tensors.
        applications: the operations in the order in which they are applied; at least one.
        outputs: the results that are differentiated together; at least one, none twice.

    Raises:
        ValueError: if an operand or an output does not exist, there is no operation, or nothing requires grad.
    """

    inputs: tuple[Input, ...]
    applications: tuple[Application, ...]
    outputs: tuple[Output, ...]

    def __post_init__(self) -> None:
        if not self.applications:
            raise ValueError("a program needs at least one operation")
        if not any(each.requires_grad for each in self.inputs):
            raise ValueError("at least one input must require grad")
        position = len(self.inputs)
        for application in self.applications:
            for operand in application.operands:
                if isinstance(operand, Value) and not 0 <= operand.index < position:
                    raise ValueError(f"value {position} uses value {operand.index}, which does not exist yet")
            position += application.results
        chosen = [output.value.index for output in self.outputs]
        if not chosen or len(set(chosen)) < len(chosen):
            raise ValueError("a program needs at least one output, and none twice")
        if any(not len(self.inputs) <= index < position for index in chosen):
            raise ValueError(f"the outputs {chosen} must be results of operations")

    @property
    def dtype(self) -> str:
        """Name of the number format of the inputs and of the cotangents."""
        return self.inputs[0].tensor.dtype

    @property
    def number_format(self) -> NumberFormat:
        """The number format that ``dtype`` names."""
        return self.inputs[0].tensor.number_format

    @cached_property
    def results(self) -> tuple[tuple[int, ...], ...]:
        """For each application the numbers of its results."""
        numbers = []
        first = len(self.inputs)
        for application in self.applications:
            numbers.append(tuple(range(first, first + application.results)))
            first += application.results
        return tuple(numbers)

    @property
    def differentiated(self) -> tuple[int, ...]:
        """Numbers of the inputs that require grad."""
        return tuple(index for index, each in enumerate(self.inputs) if each.requires_grad)

    def with_cotangents(self, *cotangents: TensorSpec | None) -> Program:
        """The same program with other cotangents, one for each output."""
        pairs = zip(self.outputs, cotangents, strict=True)
        return replace(self, outputs=tuple(Output(output.value, cotangent) for output, cotangent in pairs))


class ProgramBuilder:
    """Collects operations one after the other; each call of ``apply`` returns the new value."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self.inputs = tuple(inputs)
        self.applications: list[Application] = []

    def apply(
        self, operation: str, *operands: Operand, spelling: int = 0, arguments: Mapping[str, Argument] | None = None
    ) -> Value:
        """Apply ``operation`` to ``operands`` with keyword ``arguments`` and return its only result."""
        return self.apply_all(operation, *operands, spelling=spelling, arguments=arguments)[0]

    def apply_all(
        self,
        operation: str,
        *operands: Operand,
        spelling: int = 0,
        arguments: Mapping[str, Argument] | None = None,
        results: int = 1,
    ) -> tuple[Value, ...]:
        """Apply ``operation``, which has as many ``results`` as that, and return them all."""
        first = len(self.inputs) + sum(each.results for each in self.applications)
        self.applications.append(Application(operation, operands, arguments or {}, spelling, results))
        return tuple(Value(first + number) for number in range(results))

    def program(self, cotangent: TensorSpec | None = None) -> Program:
        """The program collected so far; its last value is its only output."""
        last = len(self.inputs) + sum(each.results for each in self.applications) - 1
        return Program(self.inputs, tuple(self.applications), (Output(Value(last), cotangent),))
