"""What is known of the operands of an application: shapes, and of inputs layouts and elements too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from oracle.enclosure import value_shapes
from oracle.operations import FAMILIES
from oracle.program import Application, Argument, Program, Value
from oracle.tensor import Layout, TensorSpec

Shape = tuple[int, ...]

NEW_MEMORY = frozenset(
    {"clone"} | {each.name for family in ("arithmetic", "functions", "activations") for each in FAMILIES[family]}
)
"""Operations whose results are never views, so that they have no axes of stride 0."""


@dataclass(frozen=True)
class KnownOperand:
    """What is known of an operand.

    Attributes:
        shape: its shape.
        layout: its layout, if it is an input.
        array: its elements, if it is an input.
        expanded: whether it may have axes of stride 0, if it is none.
    """

    shape: Shape
    layout: Layout | None = None
    array: NDArray[np.float64] | None = None
    expanded: bool = True

    @classmethod
    def of(cls, tensor: TensorSpec) -> KnownOperand:
        """Everything is known of an input."""
        return cls(tensor.shape, tensor.layout, tensor.array)

    @classmethod
    def plain(cls, shape: Shape) -> KnownOperand:
        """An operand of the usual layout and of any elements."""
        return cls(shape, Layout.contiguous(len(shape)))

    @cached_property
    def strides(self) -> Shape | None:
        """Its strides, if they are known."""
        return None if self.layout is None else self.layout.placement(self.shape)[1]


Arguments = Mapping[str, Argument]
Operands = tuple[KnownOperand, ...]


def applied_operands(program: Program) -> list[tuple[Application, Operands]]:
    """Every application of ``program``, with what is known of its operands."""
    known = [KnownOperand.of(each.tensor) for each in program.inputs]
    shapes = value_shapes(program)
    found = []
    for application in program.applications:
        values = [each for each in application.operands if isinstance(each, Value)]
        found.append((application, tuple(known[each.index] for each in values)))
        for _ in range(application.results):
            known.append(KnownOperand(shapes[len(known)], expanded=application.operation not in NEW_MEMORY))
    return found
