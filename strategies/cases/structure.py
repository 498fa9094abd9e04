"""Cases of rearrangements."""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis.strategies import DrawFn

from oracle.index import Index, IndexTensor, Slice
from oracle.program import Argument
from strategies.cases.case import MOST_ELEMENTS, Case, Rule, axis_of, indices, one_of, perhaps, whole
from strategies.shapes import Shape


def _ranked(lowest: int, highest: int = 5) -> Callable[[Shape], bool]:
    return lambda shape: lowest <= len(shape) <= highest


def _room(shape: Shape) -> int:
    return max(1, MOST_ELEMENTS // max(math.prod(shape), 1))


def _divisors(number: int) -> list[int]:
    return [each for each in range(1, number + 1) if number % each == 0]


def _factored(draw: DrawFn, count: int, parts: int) -> Shape:
    """``parts`` sides with the product ``count``."""
    sides = []
    for _ in range(parts - 1):
        sides.append(one_of(draw, _divisors(count)) if count else whole(draw, 1, 3))
        count //= sides[-1]
    return (*sides, count)


def _reshape(draw: DrawFn, shape: Shape) -> Case:
    count = math.prod(shape)
    parts = whole(draw, 0 if count == 1 else 1, 4)
    target = _factored(draw, count, parts) if parts else ()
    # One side may be left to torch, where it can tell.
    if target and 0 not in target and perhaps(draw):
        unknown = whole(draw, 0, len(target) - 1)
        target = (*target[:unknown], -1, *target[unknown + 1 :])
    return Case((), {"shape": target})


def _permutation(draw: DrawFn, rank: int) -> tuple[int, ...]:
    left = list(range(rank))
    return tuple(left.pop(whole(draw, 0, len(left) - 1)) for _ in range(rank))


def _permute(draw: DrawFn, shape: Shape) -> Case:
    rank = len(shape)
    negative = perhaps(draw)
    return Case((), {"dims": tuple(axis - rank if negative else axis for axis in _permutation(draw, rank))})


def _transpose(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"dim0": axis_of(draw, len(shape)), "dim1": axis_of(draw, len(shape))})


def _movedim(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"source": axis_of(draw, len(shape)), "destination": axis_of(draw, len(shape))})


def _expand(draw: DrawFn, shape: Shape) -> Case:
    room = _room(shape)
    size = []
    for side in shape:
        size.append(whole(draw, 1, min(room, 4)) if side == 1 else one_of(draw, (side, -1)))
        room //= size[-1] if side == 1 else 1
    for _ in range(whole(draw, 0, 5 - len(shape)) if len(shape) < 5 else 0):
        size.insert(0, whole(draw, 1, min(max(room, 1), 3)))
        room //= size[0]
    return Case((), {"size": tuple(size)})


def _repeat(draw: DrawFn, shape: Shape) -> Case:
    room = _room(shape)
    repeats = []
    for _ in range(len(shape) + (whole(draw, 0, 1) if len(shape) < 5 else 0)):
        repeats.append(whole(draw, 1, min(room, 3)))
        room //= repeats[-1]
    return Case((), {"repeats": tuple(repeats)})


def _squeeze(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"dim": axis_of(draw, len(shape))})


def _unsqueeze(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"axis": whole(draw, -len(shape) - 1, len(shape))})


def _flatten(draw: DrawFn, shape: Shape) -> Case:
    if not shape or whole(draw, 0, 2) == 0:
        return Case()
    start = whole(draw, 0, len(shape) - 1)
    end = whole(draw, start, len(shape) - 1)
    return Case((), {"start_dim": start, "end_dim": end - len(shape) if perhaps(draw) else end})


def _unflatten(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    return Case((), {"dim": axis, "sizes": _factored(draw, shape[axis], whole(draw, 1, 2))})


def _select(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    return Case((), {"dim": axis, "index": whole(draw, -shape[axis], shape[axis] - 1)})


def _narrow(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    start = whole(draw, 0, shape[axis])
    return Case((), {"dim": axis, "start": start, "length": whole(draw, 0, shape[axis] - start)})


def _slice(draw: DrawFn, side: int) -> int | Slice:
    kind = whole(draw, 0, 3)
    if kind == 0:
        return Slice(None, None, None)
    if kind == 3 and side:
        return whole(draw, -side, side - 1)
    start = one_of(draw, (None, *range(-side, side + 1)))
    stop = one_of(draw, (None, *range(-side, side + 1)))
    return Slice(start, stop, one_of(draw, (None, 2, 3)) if kind == 2 else None)


def _slicing(draw: DrawFn, shape: Shape) -> Case:
    entries: list[int | None | Slice | IndexTensor] = [
        _slice(draw, side) for side in shape[: whole(draw, 1, len(shape))]
    ]
    if len(shape) < 5 and whole(draw, 0, 3) == 3:
        entries.insert(whole(draw, 0, len(entries)), None)
    return Case((), {"index": Index(tuple(entries))})


def _two_axes(draw: DrawFn, rank: int) -> tuple[int, int]:
    first, second, *_ = _permutation(draw, rank)
    return first, second - rank if perhaps(draw) else second


def _diagonal(draw: DrawFn, shape: Shape) -> Case:
    first, second = _two_axes(draw, len(shape))
    arguments: dict[str, Argument] = {}
    if offset := whole(draw, -1, 1):
        arguments["offset"] = offset
    return Case((), arguments | {"dim1": first, "dim2": second})


def _flip(draw: DrawFn, shape: Shape) -> Case:
    chosen = whole(draw, 0, 2 ** len(shape) - 1)
    return Case((), {"dims": tuple(axis for axis in range(len(shape)) if chosen >> axis & 1)})


def _roll(draw: DrawFn, shape: Shape) -> Case:
    if not shape or whole(draw, 0, 2) == 0:
        return Case((), {"shifts": whole(draw, -3, 3)})
    axes = tuple(axis for axis in range(len(shape)) if perhaps(draw)) or (0,)
    return Case((), {"shifts": tuple(whole(draw, -3, 3) for _ in axes), "dims": axes})


def _rot90(draw: DrawFn, shape: Shape) -> Case:
    return Case((), {"k": whole(draw, -3, 3), "dims": _two_axes(draw, len(shape))})


def _unfold(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    size = whole(draw, 1, min(shape[axis], 4))
    return Case((), {"dimension": axis, "size": size, "step": whole(draw, 1, 3)})


def _repeat_interleave(draw: DrawFn, shape: Shape) -> Case:
    most = min(_room(shape), 3)
    if not shape or whole(draw, 0, 2) == 0:
        return Case((), {"repeats": whole(draw, 1, most)})
    axis = axis_of(draw, len(shape))
    if perhaps(draw):
        return Case((), {"repeats": whole(draw, 0, most), "dim": axis})
    counts = indices(draw, (shape[axis],), most + 1)
    return Case((), {"repeats": counts, "dim": axis})


def _triangle(draw: DrawFn, shape: Shape) -> Case:
    diagonal = whole(draw, -2, 2)
    return Case((), {"diagonal": diagonal} if diagonal else {})


def _constant_pad(draw: DrawFn, shape: Shape) -> Case:
    pads: list[int] = []
    room = _room(shape)
    for side in shape[::-1][: whole(draw, 1, len(shape))]:
        most = 2 if room >= 4 else 0
        before = whole(draw, -min(1, side), most)
        pads += [before, whole(draw, -min(1, side + min(before, 0)), most)]
        room //= 4
    return Case((), {"pad": tuple(pads)})


def _padding(limit: Callable[[int], int]) -> Callable[[DrawFn, Shape], Case]:
    """Up to ``limit(side)`` on each end of the last axes: of one for rank 2 and 3, of two for rank 4."""

    def drawn(draw: DrawFn, shape: Shape) -> Case:
        pads: list[int] = []
        for side in shape[::-1][: max(1, len(shape) - 2)]:
            pads += [whole(draw, 0, min(limit(side), 2)), whole(draw, 0, min(limit(side), 2))]
        return Case((), {"pad": tuple(pads)})

    return drawn


def _padded(shape: Shape) -> bool:
    return len(shape) in (2, 3, 4) and 0 not in shape and math.prod(shape) <= 24


def _split(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    side = shape[axis]
    if perhaps(draw) and side:
        first = whole(draw, 0, side)
        return Case((), {"split_size_or_sections": (first, side - first), "dim": axis}, results=2)
    size = whole(draw, -(-side // 4) or 1, max(side, 1))
    return Case((), {"split_size_or_sections": size, "dim": axis}, results=max(1, -(-side // size)))


def _chunk(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    chunks = whole(draw, 1, 4)
    size = max(1, -(-shape[axis] // chunks))
    return Case((), {"chunks": chunks, "dim": axis}, results=max(1, -(-shape[axis] // size)))


def _unbind(draw: DrawFn, shape: Shape) -> Case:
    axis = one_of(draw, [axis for axis in range(-len(shape), len(shape)) if 0 < shape[axis] <= 4])
    return Case((), {"dim": axis}, results=shape[axis])


def _tensor_split(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape))
    if perhaps(draw):
        cut = whole(draw, 0, shape[axis])
        return Case((), {"indices_or_sections": (cut,), "dim": axis}, results=2)
    parts = whole(draw, 1, 4)
    return Case((), {"indices_or_sections": parts, "dim": axis}, results=parts)


def _cat(draw: DrawFn, shape: Shape) -> Case:
    axis = axis_of(draw, len(shape)) % len(shape)
    others = tuple(
        (*shape[:axis], whole(draw, 0, 3), *shape[axis + 1 :]) for _ in range(whole(draw, 1, 2))
    )
    return Case(others, {"dim": axis - len(shape) if perhaps(draw) else axis})


def _stack(draw: DrawFn, shape: Shape) -> Case:
    return Case((shape,) * whole(draw, 1, 2), {"dim": whole(draw, -len(shape) - 1, len(shape))})


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
    "matrix": Rule(lambda draw, shape: Case(), _ranked(2), (2, 3, 4)),
    "square or not matrix": Rule(lambda draw, shape: Case(), _ranked(2, 2), (2,)),
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
