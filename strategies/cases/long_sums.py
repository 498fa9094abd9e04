"""Applications in which one number is a sum of many terms: of an output, or of a gradient.

Each way is told the number of terms and gives the shape of the first operand and the case. What adds terms up in
several ways has several: a product sums over the inner axis in its forward pass and over others in its backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.index import Index, IndexTensor
from oracle.program import Argument, Value
from strategies.cases.case import Case
from strategies.cases.elementwise import ELEMENTWISE
from strategies.cases.reductions import REDUCTIONS
from strategies.dice import Dice
from strategies.shapes import Shape

Way = Callable[[Dice, int], tuple[Shape, Case]]
"""(dice, number of terms) -> shape of the first operand, case."""


PAIRS = 512
"""Terms where the oracle needs time and memory for each pair of them: windows that overlap; half as many for scans."""


def _refused(strategy: SearchStrategy[Any], label: object = None) -> Any:
    raise AssertionError(f"{strategy} was drawn")


_NOTHING_DRAWN = cast("DrawFn", _refused)
"""Stands for Hypothesis' ``draw``: rules of elementwise operations and reductions are told all by dice."""


def _side(dies: Dice) -> int:
    """A side that has nothing to do with the sum."""
    return dies.between(1, 3)


def _spread(name: str) -> Way:
    """The others are single elements, which broadcasting repeats: their gradients are sums."""

    def drawn(dies: Dice, terms: int) -> tuple[Shape, Case]:
        shape = (terms,) if dies.perhaps() else (terms, _side(dies))
        case = ELEMENTWISE[name].draw(_NOTHING_DRAWN, dies, shape)
        single = tuple(
            other if isinstance(other, float) else (1,) * dies.between(0, len(shape)) for other in case.others
        )
        return shape, Case(single, case.arguments)

    return drawn


def _repeated_first(name: str) -> Way:
    """The first operand is a single element."""

    def drawn(dies: Dice, terms: int) -> tuple[Shape, Case]:
        case = ELEMENTWISE[name].draw(_NOTHING_DRAWN, dies, (terms,))
        return (), Case(tuple(other if isinstance(other, float) else (terms,) for other in case.others), case.arguments)

    return drawn


def _reduced(name: str, most: int | None = None) -> Way:
    """The operand is long itself, though no longer than ``most``."""

    def drawn(dies: Dice, terms: int) -> tuple[Shape, Case]:
        terms = terms if most is None else min(terms, most)
        shape = dies.among(((terms,), (terms, _side(dies)), (_side(dies), terms)))
        return shape, REDUCTIONS[name].draw(_NOTHING_DRAWN, dies, shape)

    return drawn


def _fixed(first: Callable[[Dice, int], Shape], *others: Callable[[Dice, int], Shape], **arguments: Argument) -> Way:
    """Shapes in which the number of terms stands in one or two places."""

    def drawn(dies: Dice, terms: int) -> tuple[Shape, Case]:
        return first(dies, terms), Case(tuple(other(dies, terms) for other in others), dict(arguments))

    return drawn


_LONG, _ROW, _COLUMN = (lambda dies, n: (n,)), (lambda dies, n: (1, n)), (lambda dies, n: (n, 1))
_ROW_OF_TWO, _PAIR, _SINGLE = (lambda dies, n: (2, n)), (lambda dies, n: (1, 2)), (lambda dies, n: (1, 1))


def _convolved(rank: int) -> tuple[Way, ...]:
    """Sums over samples, over places, over input channels, over output channels, and over overlapping windows."""

    def samples(dilation: int) -> Way:
        def drawn(dies: Dice, terms: int) -> tuple[Shape, Case]:
            channels, width = dies.between(1, 2), dies.between(1, 2)
            shape = (terms, channels, *(1 + (width - 1) * dilation,) * rank)
            arguments: dict[str, Argument] = {"dilation": (dilation,) * rank} if dilation > 1 else {}
            return shape, Case(((1, channels, *(width,) * rank), (1,)), arguments)

        return drawn

    def unbiased(shape: Callable[[int], Shape], weight: Callable[[int], Shape]) -> Way:
        return lambda dies, terms: (shape(terms), Case((weight(terms),)))

    ones = (1,) * rank
    long, windows = (
        unbiased(lambda n: (1, 1, *ones[1:], n), lambda n: (1, 1, *ones)),
        # As many windows as places in each: the oracle has to multiply them all.
        unbiased(lambda n: (1, 1, *ones[1:], 2 * min(n, PAIRS) - 1), lambda n: (1, 1, *ones[1:], min(n, PAIRS))),
    )
    inputs = unbiased(lambda n: (1, n, *ones), lambda n: (1, n, *ones))
    outputs = unbiased(lambda n: (1, 1, *ones), lambda n: (n, 1, *ones))
    return samples(1), samples(2), long, inputs, outputs, windows


def _zeros(terms: int) -> IndexTensor:
    return IndexTensor((terms,), (0,) * terms)


def _indexed(
    first: Callable[[int], Shape],
    others: Callable[[int], Sequence[Shape]],
    arguments: Callable[[int], dict[str, Argument]],
) -> Way:
    """All indices name the first place."""
    return lambda dies, terms: (first(terms), Case(tuple(others(terms)), arguments(terms)))


def _added_to(**arguments: Callable[[int], Argument]) -> Way:
    """Many elements of a source are added to one place of a tensor of two."""
    return _indexed(lambda n: (2,), lambda n: [(n,)], lambda n: {name: each(n) for name, each in arguments.items()})


def _taken_from(**arguments: Callable[[int], Argument]) -> Way:
    """One element of a tensor of two is taken many times."""
    return _indexed(lambda n: (2,), lambda n: [], lambda n: {name: each(n) for name, each in arguments.items()})


def _masked(named: bool) -> Way:
    """One element takes the places that a mask names, or does not: its gradient is a sum over them."""
    return _indexed(lambda n: (n,), lambda n: [()], lambda n: {"mask": IndexTensor((n,), (named,) * n)})


def _used_again(dies: Dice, terms: int) -> tuple[Shape, Case]:
    """The same tensor many times: its gradients come from as many uses."""
    return (dies.between(1, 2),), Case((Value(0),) * (terms - 1))


def _first(terms: int) -> int:
    return 0


def _key(terms: int) -> Index:
    return Index((_zeros(terms),))


_BINARY = ("binary", "arithmetic", "binary with alpha", "binary with weight", "ternary", "ternary with value")
_REDUCING = ("reduction", "sum", "reduction with dim", "variance", "variance and mean", "norm", "dist")


LONG_SUMS: dict[str, tuple[Way, ...]] = {
    **{name: (_spread(name), _repeated_first(name)) for name in _BINARY},
    **{name: (_reduced(name),) for name in _REDUCING},
    "scan": (_reduced("scan", PAIRS // 2),),
    "expand": (lambda dies, n: ((1,), Case((), {"size": (n,)})),),
    "repeat": (lambda dies, n: (dies.among(((), (1,), (2,))), Case((), {"repeats": (n,)})),),
    "repeat_interleave": (lambda dies, n: ((2,), Case((), {"repeats": n, "dim": 0})),),
    "unfold": (
        lambda dies, n: ((2 * min(n, PAIRS) - 1,), Case((), {"dimension": 0, "size": min(n, PAIRS), "step": 1})),
    ),
    **dict.fromkeys(("cat", "stack"), (_used_again,)),
    "replicate_pad": (lambda dies, n: ((1, 2), Case((), {"pad": (n, 0)})),),
    "trace": (lambda dies, n: ((min(n, PAIRS), min(n, PAIRS)), Case()),),
    "mm": (_fixed(_ROW_OF_TWO, _COLUMN), _fixed(_COLUMN, _PAIR)),
    "bmm": (
        _fixed(lambda dies, n: (2, 1, n), lambda dies, n: (2, n, 1)),
        _fixed(lambda dies, n: (1, n, 1), lambda dies, n: (1, 1, 2)),
    ),
    "mv": (_fixed(_ROW_OF_TWO, _LONG), _fixed(_COLUMN, lambda dies, n: (1,))),
    "dot": (_fixed(_LONG, _LONG),),
    "outer": (_fixed(_LONG, lambda dies, n: (2,)), _fixed(lambda dies, n: (2,), _LONG)),
    "matmul": (
        *(_fixed(_LONG, _LONG), _fixed(_ROW_OF_TWO, _COLUMN), _fixed(_COLUMN, _PAIR)),
        _fixed(lambda dies, n: (n, 1, 2), lambda dies, n: (2, 1)),
    ),
    "addmm": (
        _fixed(_SINGLE, _ROW, _COLUMN),
        _fixed(lambda dies, n: (n, 2), _COLUMN, _PAIR),
    ),
    "baddbmm": (
        _fixed(lambda dies, n: (1, 1, 1), lambda dies, n: (1, 1, n), lambda dies, n: (1, n, 1)),
        _fixed(lambda dies, n: (1, n, 2), lambda dies, n: (1, n, 1), lambda dies, n: (1, 1, 2)),
    ),
    "einsum": (
        _fixed(_ROW_OF_TWO, _COLUMN, equation="ij,jk->ik"),
        _fixed(_ROW_OF_TWO, _ROW_OF_TWO, equation="ij,ij->i"),
        _fixed(_ROW_OF_TWO, _LONG, equation="ij,j->i"),
        _fixed(lambda dies, n: (n, 2), lambda dies, n: (2,), equation="ij,j->ij"),
    ),
    "tensordot": (_fixed(_ROW_OF_TWO, _COLUMN, dims=1), _fixed(_COLUMN, _PAIR, dims=1)),
    "linear": (
        _fixed(_ROW_OF_TWO, _ROW, lambda dies, n: (1,)),
        _fixed(_COLUMN, lambda dies, n: (2, 1), lambda dies, n: (2,)),
        _fixed(_SINGLE, _COLUMN),
    ),
    "conv1d": _convolved(1),
    "conv2d": _convolved(2),
    "advanced_indexing": (_taken_from(index=_key),),
    "index_select": (_taken_from(dim=_first, index=_zeros),),
    "gather": (_taken_from(dim=_first, index=_zeros),),
    "take_along_dim": (_taken_from(indices=_zeros, dim=_first),),
    "take": (_taken_from(index=_zeros),),
    "where": (_masked(False),),
    "masked_fill": (_masked(True),),
    "scatter_add": (_added_to(dim=_first, index=_zeros),),
    **{name: (_added_to(dim=_first, index=_zeros),) for name in ("scatter_reduce_sum", "scatter_reduce_mean")},
    "index_add": (_added_to(dim=_first, index=_zeros),),
    "index_fill": (
        _indexed(lambda n: (n,), lambda n: [()], lambda n: {"dim": 0, "index": IndexTensor((n,), tuple(range(n)))}),
    ),
    "index_put_accumulate": (_added_to(index=_key),),
}
"""The ways to add terms up, by the name of an operation or of its rule in ``RULES``."""

BOUNDED: dict[str, str] = {
    "sort": "each result is a selection of its own, and an element is one or the other",
    "reflect_pad": "an element is reflected at two ends at most in each axis",
    "circular_pad": "PyTorch lets no padding wrap around twice",
}
"""Operations whose sums have but a few terms, or terms of which all but one are 0, whatever the shape, and why."""
