"""Cases of rearrangements."""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis.strategies import DrawFn

from oracle.index import Index, IndexTensor, Slice
from oracle.program import Argument
from strategies.cases.case import MOST_ELEMENTS, Case, Rule, axis_of, indices
from strategies.dice import Dice
from strategies.shapes import Shape


def _ranked(lowest: int, highest: int = 5) -> Callable[[Shape], bool]:
    return lambda shape: lowest <= len(shape) <= highest


def _room(shape: Shape) -> int:
    return max(1, MOST_ELEMENTS // max(math.prod(shape), 1))


def _divisors(number: int) -> list[int]:
    return [each for each in range(1, number + 1) if number % each == 0]


def _factored(dies: Dice, count: int, parts: int) -> Shape:
    """``parts`` sides with the product ``count``."""
    sides = []
    for _ in range(parts - 1):
        sides.append(dies.among(_divisors(count)) if count else dies.between(1, 3))
        count //= sides[-1]
    return (*sides, count)


def _reshape(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    count = math.prod(shape)
    parts = dies.between(0 if count == 1 else 1, 4)
    target = _factored(dies, count, parts) if parts else ()
    # One side may be left to torch, where it can tell.
    if target and 0 not in target and dies.perhaps():
        unknown = dies.between(0, len(target) - 1)
        target = (*target[:unknown], -1, *target[unknown + 1 :])
    return Case((), {"shape": target})


def _permutation(dies: Dice, rank: int) -> tuple[int, ...]:
    left = list(range(rank))
    return tuple(left.pop(dies.between(0, len(left) - 1)) for _ in range(rank))


def _permute(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    rank = len(shape)
    negative = dies.perhaps()
    return Case((), {"dims": tuple(axis - rank if negative else axis for axis in _permutation(dies, rank))})


def _transpose(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"dim0": axis_of(dies, len(shape)), "dim1": axis_of(dies, len(shape))})


def _movedim(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"source": axis_of(dies, len(shape)), "destination": axis_of(dies, len(shape))})


def _expand(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    room = _room(shape)
    size = []
    for side in shape:
        size.append(dies.between(1, min(room, 4)) if side == 1 else dies.among((side, -1)))
        room //= size[-1] if side == 1 else 1
    for _ in range(dies.between(0, 5 - len(shape)) if len(shape) < 5 else 0):
        size.insert(0, dies.between(1, min(max(room, 1), 3)))
        room //= size[0]
    return Case((), {"size": tuple(size)})


def _repeat(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    room = _room(shape)
    repeats = []
    for _ in range(len(shape) + (dies.between(0, 1) if len(shape) < 5 else 0)):
        repeats.append(dies.between(1, min(room, 3)))
        room //= repeats[-1]
    return Case((), {"repeats": tuple(repeats)})


def _squeeze(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"dim": axis_of(dies, len(shape))})


def _unsqueeze(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"axis": dies.between(-len(shape) - 1, len(shape))})


def _flatten(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    if not shape or dies.between(0, 2) == 0:
        return Case()
    start = dies.between(0, len(shape) - 1)
    end = dies.between(start, len(shape) - 1)
    return Case((), {"start_dim": start, "end_dim": end - len(shape) if dies.perhaps() else end})


def _unflatten(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    return Case((), {"dim": axis, "sizes": _factored(dies, shape[axis], dies.between(1, 2))})


def _select(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    return Case((), {"dim": axis, "index": dies.between(-shape[axis], shape[axis] - 1)})


def _narrow(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    start = dies.between(0, shape[axis])
    return Case((), {"dim": axis, "start": start, "length": dies.between(0, shape[axis] - start)})


def _slice(dies: Dice, side: int) -> int | Slice:
    kind = dies.between(0, 3)
    if kind == 0:
        return Slice(None, None, None)
    if kind == 3 and side:
        return dies.between(-side, side - 1)
    start = dies.among((None, *range(-side, side + 1)))
    stop = dies.among((None, *range(-side, side + 1)))
    return Slice(start, stop, dies.among((None, 2, 3)) if kind == 2 else None)


def _slicing(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    entries: list[int | Slice | IndexTensor | None] = [
        _slice(dies, side) for side in shape[: dies.between(1, len(shape))]
    ]
    if len(shape) < 5 and dies.between(0, 3) == 3:
        entries.insert(dies.between(0, len(entries)), None)
    return Case((), {"index": Index(tuple(entries))})


def _two_axes(dies: Dice, rank: int) -> tuple[int, int]:
    first, second, *_ = _permutation(dies, rank)
    return first, second - rank if dies.perhaps() else second


def _diagonal(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    first, second = _two_axes(dies, len(shape))
    arguments: dict[str, Argument] = {}
    if offset := dies.between(-1, 1):
        arguments["offset"] = offset
    return Case((), arguments | {"dim1": first, "dim2": second})


def _flip(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    chosen = dies.between(0, 2 ** len(shape) - 1)
    return Case((), {"dims": tuple(axis for axis in range(len(shape)) if chosen >> axis & 1)})


def _roll(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    if not shape or dies.between(0, 2) == 0:
        return Case((), {"shifts": dies.between(-3, 3)})
    axes = tuple(axis for axis in range(len(shape)) if dies.perhaps()) or (0,)
    return Case((), {"shifts": tuple(dies.between(-3, 3) for _ in axes), "dims": axes})


def _rot90(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"k": dies.between(-3, 3), "dims": _two_axes(dies, len(shape))})


def _unfold(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    size = dies.between(1, min(shape[axis], 4))
    return Case((), {"dimension": axis, "size": size, "step": dies.between(1, 3)})


def _repeat_interleave(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    most = min(_room(shape), 3)
    if not shape or dies.between(0, 2) == 0:
        return Case((), {"repeats": dies.between(1, most)})
    axis = axis_of(dies, len(shape))
    if dies.perhaps():
        return Case((), {"repeats": dies.between(0, most), "dim": axis})
    counts = indices(draw, (shape[axis],), most + 1)
    return Case((), {"repeats": counts, "dim": axis})


def _triangle(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    diagonal = dies.between(-2, 2)
    return Case((), {"diagonal": diagonal} if diagonal else {})


def _constant_pad(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    pads: list[int] = []
    room = _room(shape)
    for side in shape[::-1][: dies.between(1, len(shape))]:
        most = 2 if room >= 4 else 0
        before = dies.between(-min(1, side), most)
        pads += [before, dies.between(-min(1, side + min(before, 0)), most)]
        room //= 4
    return Case((), {"pad": tuple(pads)})


def _padding(limit: Callable[[int], int]) -> Callable[[DrawFn, Dice, Shape], Case]:
    """Up to ``limit(side)`` on each end of the last axes: of one for rank 2 and 3, of two for rank 4."""

    def drawn(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
        pads: list[int] = []
        for side in shape[::-1][: max(1, len(shape) - 2)]:
            pads += [dies.between(0, min(limit(side), 2)), dies.between(0, min(limit(side), 2))]
        return Case((), {"pad": tuple(pads)})

    return drawn


def _padded(shape: Shape) -> bool:
    return len(shape) in (2, 3, 4) and 0 not in shape and math.prod(shape) <= 24


def _split(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    side = shape[axis]
    if dies.perhaps() and side:
        first = dies.between(0, side)
        return Case((), {"sizes": (first, side - first), "dim": axis}, results=2)
    size = dies.between(-(-side // 4) or 1, max(side, 1))
    return Case((), {"sizes": size, "dim": axis}, results=max(1, -(-side // size)))


def _chunk(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    chunks = dies.between(1, 4)
    if shape[axis] == 0:
        return Case((), {"chunks": chunks, "dim": axis}, results=chunks)
    size = max(1, -(-shape[axis] // chunks))
    return Case((), {"chunks": chunks, "dim": axis}, results=max(1, -(-shape[axis] // size)))


def _unbind(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = dies.among([axis for axis in range(-len(shape), len(shape)) if 0 < shape[axis] <= 4])
    return Case((), {"dim": axis}, results=shape[axis])


def _tensor_split(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    if dies.perhaps():
        cut = dies.between(0, shape[axis])
        return Case((), {"sections": (cut,), "dim": axis}, results=2)
    parts = dies.between(1, 4)
    return Case((), {"sections": parts, "dim": axis}, results=parts)


def _cat(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape)) % len(shape)
    others = tuple((*shape[:axis], dies.between(0, 3), *shape[axis + 1 :]) for _ in range(dies.between(1, 2)))
    return Case(others, {"dim": axis - len(shape) if dies.perhaps() else axis})


def _stack(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((shape,) * dies.between(1, 2), {"dim": dies.between(-len(shape) - 1, len(shape))})


STRUCTURE: dict[str, Rule] = {
    "reshape": Rule(_reshape),
    "permute": Rule(_permute),
    "transpose": Rule(_transpose),
    "movedim": Rule(_movedim, _ranked(1), (1, 2, 3, 4, 5)),
    "expand": Rule(_expand),
    "repeat": Rule(_repeat),
    "squeeze": Rule(_squeeze),
    "unsqueeze": Rule(_unsqueeze, _ranked(0, 4), (0, 1, 2, 3, 4)),
    "flatten": Rule(_flatten),
    "unflatten": Rule(_unflatten, _ranked(1, 4), (1, 2, 3, 4)),
    "select": Rule(_select, lambda shape: len(shape) > 0 and 0 not in shape, (1, 2, 3, 4, 5), empty=False),
    "narrow": Rule(_narrow, _ranked(1), (1, 2, 3, 4, 5)),
    "slicing": Rule(_slicing, _ranked(1), (1, 2, 3, 4, 5)),
    "diagonal": Rule(_diagonal, _ranked(2), (2, 3, 4)),
    "flip": Rule(_flip),
    "roll": Rule(_roll),
    "rot90": Rule(_rot90, _ranked(2), (2, 3, 4)),
    "unfold": Rule(_unfold, lambda shape: 0 < len(shape) < 5 and 0 not in shape, (1, 2, 3, 4), empty=False),
    "repeat_interleave": Rule(_repeat_interleave),
    "matrix": Rule(lambda draw, dies, shape: Case(), _ranked(2), (2, 3, 4)),
    "square or not matrix": Rule(lambda draw, dies, shape: Case(), _ranked(2, 2), (2,)),
    "diag": Rule(_triangle, lambda shape: len(shape) == 2 or (len(shape) == 1 and shape[0] <= 6), (1, 2)),
    "triangle": Rule(_triangle, _ranked(2), (2, 3, 4)),
    "constant_pad": Rule(_constant_pad, _ranked(1), (1, 2, 3, 4, 5)),
    "reflect_pad": Rule(_padding(lambda side: side - 1), _padded, (2, 3, 4), empty=False),
    "replicate_pad": Rule(_padding(lambda side: 2), _padded, (2, 3, 4), empty=False),
    "circular_pad": Rule(_padding(lambda side: side), _padded, (2, 3, 4), empty=False),
    "split": Rule(_split, _ranked(1), (1, 2, 3, 4, 5)),
    "chunk": Rule(_chunk, _ranked(1), (1, 2, 3, 4, 5)),
    "unbind": Rule(_unbind, lambda shape: any(0 < side <= 4 for side in shape), (1, 2, 3, 4, 5), empty=False),
    "tensor_split": Rule(_tensor_split, _ranked(1), (1, 2, 3, 4, 5)),
    "cat": Rule(_cat, _ranked(1), (1, 2, 3, 4), others=2),
    "stack": Rule(_stack, _ranked(0, 4), (0, 1, 2, 3, 4), others=2),
}
"""Every rule of rearrangements by the name that ``Operation.case`` gives it."""
