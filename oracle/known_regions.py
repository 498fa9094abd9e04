"""Where known issues are: functions that ``known_issues.toml`` names, of programs and of applications of operations.

What is not known of an operand may be anything: then a region contains the application unless something else tells that
it does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from oracle.convolution_regions import CONVOLUTIONS
from oracle.enclosure import value_shapes
from oracle.known_operands import Arguments, Operands
from oracle.operations import FAMILIES
from oracle.operations.reductions import reduced_axes
from oracle.program import Program, Value

# Regions of programs


def a_cotangent_is_only_rearranged(program: Program) -> bool:
    """Whether some operation hands its cotangent on as a view.

    These are rearrangements, sums of single elements, and operands to which broadcasting adds axes of size 1.
    """
    shapes = value_shapes(program)
    for application, results in zip(program.applications, program.results, strict=True):
        if application.operation in _REARRANGEMENTS:
            return True
        for operand in application.operands:
            if not isinstance(operand, Value):
                continue
            before, after = shapes[operand.index], shapes[results[0]]
            same_count = math.prod(before) == math.prod(after)
            if same_count and (application.operation in ("sum", "nansum") or before != after):
                return True
    return False


_REARRANGEMENTS = frozenset(operation.name for operation in FAMILIES["structure"])

REGIONS: dict[str, Callable[[Program], bool]] = {
    region.__name__: region for region in (a_cotangent_is_only_rearranged,)
}
"""Regions of programs by the name that ``where`` gives them."""


# Regions of applications


def several_elements(arguments: Arguments, operands: Operands) -> bool:
    """Whether the operand has another number of elements than one."""
    return math.prod(operands[0].shape) != 1


def a_matrix_is_tall(arguments: Arguments, operands: Operands) -> bool:
    """Whether the matrix has more rows than columns by two and more: steps of columns + 1 pass the diagonal's end."""
    rows, columns = operands[0].shape
    return rows > columns + 1 > 1


def a_bound_falls_short(arguments: Arguments, operands: Operands) -> bool:
    """Whether the first operand and one of the others have together a smaller shape than the result."""
    shapes = [each.shape for each in operands]
    whole = np.broadcast_shapes(*shapes)
    return any(np.broadcast_shapes(shapes[0], bound) != whole for bound in shapes[1:])


def along_an_expanded_axis(arguments: Arguments, operands: Operands) -> bool:
    """Whether the axis ``dim`` of the first operand may have stride 0 and more than one element."""
    operand, dim = operands[0], arguments.get("dim", -1)
    assert isinstance(dim, int)
    if not operand.shape or operand.shape[dim] <= 1:
        return False
    return operand.expanded if operand.strides is None else operand.strides[dim] == 0


def reduced_axes_lie_apart(arguments: Arguments, operands: Operands) -> bool:
    """Whether the elements that are summed may not lie at equal distances, like those of a single axis."""
    operand, dim = operands[0], arguments.get("dim")
    assert dim is None or isinstance(dim, int | tuple)
    axes = [axis for axis in reduced_axes(dim, len(operand.shape)) if operand.shape[axis] > 1]
    if operand.strides is None:
        return len(axes) > 1
    inner_first = sorted((operand.strides[axis], operand.shape[axis]) for axis in axes)
    return any(outer != stride * size for (stride, size), (outer, _) in pairwise(inner_first))


def operands_may_share_a_number(arguments: Arguments, operands: Operands) -> bool:
    """Whether an element of the first operand may equal one of the second."""
    first, second = operands[0].array, operands[1].array
    return first is None or second is None or bool(np.isin(first, second).any())


APPLICATIONS: dict[str, Callable[[Arguments, Operands], bool]] = {
    region.__name__: region
    for region in (
        a_bound_falls_short,
        a_matrix_is_tall,
        along_an_expanded_axis,
        operands_may_share_a_number,
        reduced_axes_lie_apart,
        several_elements,
        *CONVOLUTIONS,
    )
}
"""Regions of applications by the name that ``application`` gives them."""
