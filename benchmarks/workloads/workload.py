"""What is timed: a program that can be written for any number of elements and any dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from oracle.number_format import NUMBER_FORMATS
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.tensor import Fill, Layout, TensorSpec

ClosedForm = Callable[[Sequence[Tensor], Tensor | None], list[Tensor]]
"""Gradients by hand: from the inputs and the output's cotangent (None: the implicit 1) to one gradient for each input
that requires grad."""

DTYPES = ("float64", "float32", "bfloat16")
"""The dtypes that are timed, unless a workload has its own."""

SIZES = tuple(10**power for power in range(8))
"""Numbers of elements, 1 to 10^7."""

QUICK = {"float64": (10**5,), "float32": (1, 10**3, 10**5), "bfloat16": (10**5,)}
"""Numbers of elements that are timed by default, for each dtype."""

LANDMARKS = ("exp", "mul", "sum-inner", "softmax-inner")
"""Workloads that are timed by default at every number of elements, in ``LANDMARK_DTYPE``: they show the cost of a call
at one end, and what memory allows at the other."""

LANDMARK_DTYPE = "float32"


@dataclass(frozen=True)
class Workload:
    """A program for any number of elements.

    Attributes:
        name: words with hyphens, unlike any other's.
        family: what it is listed under.
        says: what is computed, in mathematics.
        write: the program for a number of elements (of its largest input, about) and a dtype.
        largest: the largest number of elements that makes sense: each program's gradient is judged before it is timed,
            and some oracles take long.
        closed_form: the gradient written by hand in torch, which is about the best that autograd could do.
        sizes: the numbers of elements that it can be written for.
        dtypes: the dtypes that it can be written for.
    """

    name: str
    family: str
    says: str
    write: Callable[[int, str], Program]
    largest: int = SIZES[-1]
    closed_form: ClosedForm | None = None
    sizes: tuple[int, ...] = SIZES
    dtypes: tuple[str, ...] = DTYPES

    @property
    def all_sizes(self) -> tuple[int, ...]:
        """The numbers of elements that make sense."""
        return tuple(size for size in self.sizes if size <= self.largest)

    def default_sizes(self, dtype: str) -> tuple[int, ...]:
        """Those of them that are timed by default in ``dtype``; the largest, if none is."""
        if dtype == LANDMARK_DTYPE and self.name in LANDMARKS:
            return self.all_sizes
        quick = tuple(size for size in self.all_sizes if size in QUICK.get(dtype, (10**5,)))
        return quick or self.all_sizes[-1:]


def filled(shape: tuple[int, ...], dtype: str, seed: int, layout: Layout | None = None) -> TensorSpec:
    """A tensor of numbers between -1 and 1, made from ``seed``: contiguous, or in ``layout``."""
    bits = min(NUMBER_FORMATS[dtype].precision, 20)
    return TensorSpec(shape, layout or Layout.contiguous(len(shape)), dtype, Fill(seed, bits, -bits))


def matrix_shape(size: int) -> tuple[int, int]:
    """Rows and columns of a matrix of about ``size`` elements: a power of ten of rows, and as many columns or more."""
    rows = 10 ** int(math.log10(size) // 2)
    return rows, size // rows


def of_tensors(
    *shapes: tuple[int, ...], dtype: str, steps: Callable[..., Value], layouts: Sequence[Layout | None] = ()
) -> ProgramBuilder:
    """A program under construction: ``steps(builder, x0, x1, …)`` of inputs of ``shapes``, which require grad."""
    laid = [*layouts, *[None] * (len(shapes) - len(layouts))]
    inputs = [
        Input(filled(shape, dtype, seed, layout)) for seed, (shape, layout) in enumerate(zip(shapes, laid, strict=True))
    ]
    builder = ProgramBuilder(inputs)
    steps(builder, *map(Value, range(len(shapes))))
    return builder


COTANGENT_SEED = 101


def with_cotangent(builder: ProgramBuilder, shape: tuple[int, ...], dtype: str) -> Program:
    """The finished program, with a filled cotangent of its output's ``shape``."""
    return builder.program(filled(shape, dtype, COTANGENT_SEED))
