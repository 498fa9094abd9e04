"""Cases of sums of products."""

from __future__ import annotations

import math

from hypothesis.strategies import DrawFn

from oracle.program import Argument
from strategies.cases.case import MOST_ELEMENTS, Case, Rule
from strategies.dice import Dice
from strategies.shapes import Shape


def _side(dies: Dice, held: int, longest: int = 4) -> int:
    """A side for a result that holds ``held`` elements along its other axes."""
    return dies.between(1, max(1, min(longest, MOST_ELEMENTS // max(held, 1))))


def _small(shape: Shape) -> bool:
    return math.prod(shape) <= MOST_ELEMENTS


def _matrix(shape: Shape) -> bool:
    return len(shape) == 2 and _small(shape)


def _mm(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case(((shape[1], _side(dies, shape[0])),))


def _bmm(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case(((shape[0], shape[2], _side(dies, shape[0] * shape[1])),))


def _mv(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case(((shape[1],),))


def _dot(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((shape,))


def _outer(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case(((_side(dies, shape[0], 8),),))


def _matmul(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    """All combinations of ranks, with batches that broadcast."""
    inner = shape[-1]
    kind = dies.between(0, 3)
    if kind == 0:
        return Case(((inner,),))
    column = _side(dies, math.prod(shape[:-1]))
    if kind == 1 or len(shape) > 4:
        return Case(((inner, column),))
    if kind == 2 and len(shape) > 2:
        batch = tuple(1 if dies.perhaps() else side for side in shape[:-2])
        return Case(((*batch[dies.between(0, len(batch) - 1) :], inner, column),))
    batch = shape[:-2] or (_side(dies, math.prod(shape[:-1]) * column, 2),)
    return Case(((*batch, inner, column),))


def _scales(dies: Dice) -> dict[str, Argument]:
    arguments: dict[str, Argument] = {}
    if dies.perhaps():
        arguments["beta"] = dies.among((2.0, 0.5, -1.0))
    if dies.perhaps():
        arguments["alpha"] = dies.among((2.0, 0.5, -1.0))
    return arguments


def _addmm(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    inner = dies.between(1, 4)
    return Case(((shape[0], inner), (inner, shape[1])), _scales(dies))


def _baddbmm(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    inner = dies.between(1, 4)
    return Case(((shape[0], shape[1], inner), (shape[0], inner, shape[2])), _scales(dies))


def _einsum(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    """Matrix products, transposed ones, bilinear forms, traces, diagonals and outer products."""
    rows, inner = shape
    columns = _side(dies, rows)
    options: list[tuple[str, Shape]] = [
        ("ij,jk->ik", (inner, columns)),
        ("ij,kj->ik", (columns, inner)),
        ("ij,ij->i", (rows, inner)),
        ("ij,ij->", (rows, inner)),
        ("ij,j->ij", (inner,)),
        ("ij,j->i", (inner,)),
        ("ij,ik->jk", (rows, columns)),
    ]
    if rows == inner:
        options += [("ii,i->i", (inner,)), ("ii,j->j", (columns,))]
    if rows * inner <= 8:
        options.append(("ij,kl->ijkl", (2, columns if columns <= 2 else 2)))
    equation, other = dies.among(options)
    return Case((other,), {"equation": equation})


def _tensordot(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    dims = dies.between(0 if math.prod(shape) <= 8 else 1, min(len(shape), 2))
    summed = shape[len(shape) - dims :]
    left = _side(dies, math.prod(shape[: len(shape) - dims]))
    return Case(((*summed, left) if dies.perhaps() else summed,), {"dims": dims})


def _linear(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    outputs = _side(dies, math.prod(shape[:-1]))
    weight = (outputs, shape[-1])
    return Case((weight, (outputs,)) if dies.perhaps() else (weight,))


def _convolution(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    _, channels, *sides = shape
    groups = dies.among([each for each in (1, 2, channels) if channels % each == 0])
    outputs = groups * dies.between(1, 2 if groups == 1 else 1)
    kernel, strides, paddings, dilations = [], [], [], []
    for side in sides:
        dilation = dies.between(1, 2)
        padding = dies.between(0, 1)
        longest = (side + 2 * padding - 1) // dilation + 1
        kernel.append(dies.between(1, min(longest, 3)))
        strides.append(dies.between(1, 2))
        paddings.append(padding)
        dilations.append(dilation)
    arguments: dict[str, Argument] = {}
    if any(step != 1 for step in strides):
        arguments["stride"] = tuple(strides)
    if any(paddings):
        arguments["padding"] = tuple(paddings)
    if any(step != 1 for step in dilations):
        arguments["dilation"] = tuple(dilations)
    weight = (outputs, channels // groups, *kernel)
    if groups != 1 and not dies.perhaps():
        # torch takes ``groups`` by keyword only when the bias is there or left out alike.
        return Case((weight,), arguments | {"groups": groups})
    if groups != 1:
        return Case((weight, (outputs,)), arguments | {"groups": groups})
    return Case((weight, (outputs,)) if dies.perhaps() else (weight,), arguments)


def _image(rank: int) -> Rule:
    return Rule(
        _convolution, lambda shape: len(shape) == rank and 0 not in shape and _small(shape), (rank,), 2, empty=False
    )


PRODUCTS: dict[str, Rule] = {
    "mm": Rule(_mm, _matrix, (2,), 1),
    "bmm": Rule(_bmm, lambda shape: len(shape) == 3 and _small(shape), (3,), 1),
    "mv": Rule(_mv, _matrix, (2,), 1),
    "dot": Rule(_dot, lambda shape: len(shape) == 1, (1,), 1),
    "outer": Rule(_outer, lambda shape: len(shape) == 1, (1,), 1),
    "matmul": Rule(_matmul, lambda shape: len(shape) > 0 and 0 not in shape and _small(shape), (1, 2, 3, 4), 1, False),
    "addmm": Rule(_addmm, _matrix, (2,), 2),
    "baddbmm": Rule(_baddbmm, lambda shape: len(shape) == 3 and _small(shape), (3,), 2),
    "einsum": Rule(_einsum, lambda shape: _matrix(shape) and 0 not in shape, (2,), 1, False),
    "tensordot": Rule(_tensordot, lambda shape: 0 < len(shape) < 5 and 0 not in shape, (1, 2, 3), 1, False),
    "linear": Rule(_linear, lambda shape: len(shape) > 0 and _small(shape) and 0 not in shape, (1, 2, 3), 2, False),
    "conv1d": _image(3),
    "conv2d": _image(4),
}
"""Every rule of products by the name that ``Operation.case`` gives it."""
