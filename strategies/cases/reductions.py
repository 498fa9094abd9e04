"""Cases of reductions, selections and scans: which axes, and how they are named."""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis.strategies import DrawFn

from oracle.operations.reductions import Dim, group_size, reduced_axes
from oracle.program import Argument
from strategies.cases.case import Case, Rule, axis_of, broadcast_partner
from strategies.dice import Dice
from strategies.shapes import Shape


def not_empty(shape: Shape) -> bool:
    """Whether ``shape`` has elements."""
    return 0 not in shape


def _axes(dies: Dice, rank: int) -> tuple[int, ...]:
    """Several different axes, each counted from either end. Shrinks towards the first one."""
    chosen = dies.between(1, 2**rank - 1)
    axes = [axis for axis in range(rank) if chosen >> axis & 1]
    if dies.perhaps():
        axes.reverse()
    negative = dies.between(0, 2**rank - 1)
    return tuple(axis - rank if negative >> axis & 1 else axis for axis in axes)


def _reduction(
    *, several: bool = True, none: bool = True, required: bool = False, keepdim: bool = True
) -> Callable[[DrawFn, Dice, Shape], Case]:
    """A rule for ``dim`` and ``keepdim``.

    - ``several``: whether ``dim`` may be a tuple.
    - ``none``: whether it may be None.
    - ``required``: whether it must be passed.
    - ``keepdim``: whether that is taken too.
    """

    def drawn(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
        rank = len(shape)
        kinds = ["one", "one"] if required else ["absent", "one", "one"]
        kinds += ["several", "several"] if several and rank else []
        # torch takes () for all axes (pytorch issue 29137).
        kinds += ["empty"] if several and not required else []
        kinds += ["None"] if none else []
        kind = dies.among(kinds)
        if kind == "absent":
            return Case()
        named: dict[str, Callable[[], Dim]] = {
            "one": lambda: axis_of(dies, rank),
            "several": lambda: _axes(dies, rank),
            "None": lambda: None,
            "empty": lambda: (),
        }
        dim = named[kind]()
        arguments: dict[str, Argument] = {"dim": dim}
        if keepdim and (keep := dies.among((None, True, False))) is not None:
            arguments["keepdim"] = keep
        return Case((), arguments)

    return drawn


def _variance(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    """With a correction below the number of elements: the variance of too few is infinite or NaN, with a warning."""
    case = _reduction()(draw, dies, shape)
    dim = case.arguments.get("dim")
    assert dim is None or isinstance(dim, int | tuple)
    size = group_size(shape, reduced_axes(dim, len(shape)))
    options = [each for each in (None, 0, 1, 2) if (1 if each is None else each) < size] or [0]
    correction = dies.among(options)
    return case if correction is None else Case((), case.arguments | {"correction": correction})


def _norm(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    case = _reduction()(draw, dies, shape)
    order = dies.among((None, 1, 2, math.inf, 3, 0.5, 1.5))
    arguments: dict[str, Argument] = {} if order is None else {"ord": order}
    return Case((), arguments | case.arguments)


def _distance(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((broadcast_partner(dies, shape),), {"p": dies.among((2, 1, 3))})


def _scan(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"dim": axis_of(dies, len(shape))})


def _kth_value(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    axis = axis_of(dies, len(shape))
    size = shape[axis] if shape else 1
    return Case((), {"k": dies.between(1, size), "dim": axis})


def _sort(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), {"dim": axis_of(dies, len(shape)), "descending": dies.perhaps()})


def _extrema(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    case = _reduction(several=False, none=False)(draw, dies, shape)
    return Case((), case.arguments, results=2)


def _variance_and_mean(draw: DrawFn, dies: Dice, shape: Shape) -> Case:
    return Case((), _variance(draw, dies, shape).arguments, results=2)


REDUCTIONS: dict[str, Rule] = {
    "reduction": Rule(_reduction(), not_empty, empty=False),
    "sum": Rule(_reduction()),
    "product": Rule(_reduction(several=False, none=False)),
    "extremum": Rule(_reduction(none=False), not_empty, empty=False),
    "reduction with dim": Rule(_reduction(none=False, required=True), not_empty, empty=False),
    "selecting reduction": Rule(_reduction(several=False, none=False, required=True), not_empty, empty=False),
    "variance": Rule(_variance, not_empty, empty=False),
    "variance and mean": Rule(_variance_and_mean, not_empty, empty=False),
    "norm": Rule(_norm, not_empty, empty=False),
    "dist": Rule(_distance, not_empty, others=1, empty=False),
    "scan": Rule(_scan, not_empty, empty=False),
    "not empty": Rule(lambda draw, dies, shape: Case(), not_empty, empty=False),
    "kthvalue": Rule(_kth_value, not_empty, empty=False),
    "sort": Rule(_sort, not_empty, empty=False),
    "aminmax": Rule(_extrema, not_empty, empty=False),
}
"""Every rule of reductions by the name that ``Operation.case`` gives it."""
