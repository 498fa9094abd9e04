"""A program: operations applied in a straight line to input tensors, and one cotangent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from oracle.number_format import NumberFormat
from oracle.tensor import TensorSpec

Argument = bool | int | float | tuple[int, ...] | None


@dataclass(frozen=True)
class Value:
    """A tensor of a program: the inputs are numbered first, then each operation's result."""

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
    """

    operation: str
    operands: tuple[Operand, ...]
    arguments: dict[str, Argument] = field(default_factory=dict)
    spelling: int = 0

    def __hash__(self) -> int:
        return hash((self.operation, self.operands, tuple(self.arguments.items()), self.spelling))


@dataclass(frozen=True)
class Input:
    """One input tensor and whether its gradient is asked for."""

    tensor: TensorSpec
    requires_grad: bool = True


@dataclass(frozen=True)
class Program:
    """A straight-line program; its last value is the output.

    Attributes:
        inputs: the input tensors.
        applications: the operations in the order in which they are applied; at least one.
        cotangent: what is passed as ``gradient=``; None stands for the implicit 1 of a scalar output.

    Raises:
        ValueError: if an operand does not exist yet, there is no operation, or nothing requires grad.
    """

    inputs: tuple[Input, ...]
    applications: tuple[Application, ...]
    cotangent: TensorSpec | None = None

    def __post_init__(self) -> None:
        if not self.applications:
            raise ValueError("a program needs at least one operation")
        if not any(each.requires_grad for each in self.inputs):
            raise ValueError("at least one input must require grad")
        for position, application in enumerate(self.applications, start=len(self.inputs)):
            for operand in application.operands:
                if isinstance(operand, Value) and not 0 <= operand.index < position:
                    raise ValueError(f"value {position} uses value {operand.index}, which does not exist yet")

    @property
    def dtype(self) -> str:
        """Name of the number format of the inputs and of the cotangent."""
        return self.inputs[0].tensor.dtype

    @property
    def number_format(self) -> NumberFormat:
        """The number format that ``dtype`` names."""
        return self.inputs[0].tensor.number_format

    @property
    def output(self) -> int:
        """Number of the value that is differentiated."""
        return len(self.inputs) + len(self.applications) - 1

    @property
    def differentiated(self) -> tuple[int, ...]:
        """Numbers of the inputs that require grad."""
        return tuple(index for index, each in enumerate(self.inputs) if each.requires_grad)

    def with_cotangent(self, cotangent: TensorSpec | None) -> Program:
        """The same program with another cotangent."""
        return replace(self, cotangent=cotangent)


class ProgramBuilder:
    """Collects operations one after the other; each call of ``apply`` returns the new value."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self.inputs = tuple(inputs)
        self.applications: list[Application] = []

    def apply(
        self, operation: str, *operands: Operand, spelling: int = 0, arguments: dict[str, Argument] | None = None
    ) -> Value:
        """Apply ``operation`` to ``operands`` with keyword ``arguments`` and return its result."""
        self.applications.append(Application(operation, operands, arguments or {}, spelling))
        return Value(len(self.inputs) + len(self.applications) - 1)

    def program(self, cotangent: TensorSpec | None = None) -> Program:
        """The program collected so far."""
        return Program(self.inputs, tuple(self.applications), cotangent)
