"""Sums of products: matrices, contractions, convolutions."""

from __future__ import annotations

import math

import numpy as np

from oracle.arithmetic import Accumulation
from oracle.array import Array, Elements
from oracle.operations.operation import Operation


def contraction(equation: str, *operands: Array) -> Array:
    """What ``einsum`` means: the product of all operands over all labels, summed over those that the result lacks.

    A label that is repeated within one operand takes its diagonal.
    """
    terms = _terms(equation, *operands)
    return terms.segment_sum((terms.rank - 1,), Accumulation.PRODUCTS)


def _terms(equation: str, *operands: Array) -> Array:
    """What ``contraction`` sums, on a last axis."""
    left, result = equation.split("->")
    labelled = left.split(",")
    summed = "".join(dict.fromkeys(label for term in labelled for label in term if label not in result))
    labels = result + summed
    sizes = {
        label: operand.shape[place]
        for term, operand in zip(labelled, operands, strict=True)
        for place, label in enumerate(term)
    }
    shape = tuple(sizes[label] for label in labels)
    # In backward each factor is summed over the labels that it lacks: a product of matrices again.
    first, *others = (
        _factor(_aligned(operand, term, labels), shape).broadcast_to(shape, Accumulation.PRODUCTS)
        for term, operand in zip(labelled, operands, strict=True)
    )
    product = first
    for other in others:
        product = product * other
    full = product.as_products()
    return full.reshape((*shape[: len(result)], math.prod(shape[len(result) :])))


def _factor(operand: Array, shape: tuple[int, ...]) -> Array:
    """``operand`` as a factor of products of ``shape``, to which it is broadcast."""
    return operand.as_factor(math.prod(shape) // max(math.prod(operand.shape), 1))


def _summed_with(
    terms: Array,
    addend: Array,
    accumulation: Accumulation = Accumulation.WIDE,
    partial_sums: int | None = None,
) -> Array:
    """The sum of ``terms`` over their last axis and of ``addend``, in any order: products are added to biases too.

    ``accumulation`` says of what the gradients of ``addend`` are sums, in ``partial_sums`` parts.
    """
    shape = terms.shape[:-1]
    spread = addend.broadcast_to(shape, accumulation, partial_sums)
    together = terms.gather(lambda each, other: np.concatenate((each, other[..., None]), axis=-1), spread)
    return together.segment_sum((len(shape),), Accumulation.PRODUCTS)


def _aligned(operand: Array, term: str, labels: str) -> Array:
    """``operand`` with one axis for each of ``labels``, of size 1 where ``term`` lacks it."""
    unique = "".join(dict.fromkeys(term))
    for label in unique:
        while term.count(label) > 1:
            first, second = term.index(label), term.rindex(label)
            operand = operand.gather(lambda elements, a=first, b=second: np.diagonal(elements, 0, a, b))
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + label
    order = [term.index(label) for label in labels if label in term]
    shape = tuple(operand.shape[term.index(label)] if label in term else 1 for label in labels)
    return operand.gather(lambda elements: elements.transpose(order).reshape(shape))


def _matmul_equation(a: Array, b: Array) -> str:
    """All combinations of ranks (documentation of ``torch.matmul``): vectors get an axis that is dropped in the end."""
    batch = "uvw"
    first = "k" if a.rank == 1 else batch[len(batch) - (a.rank - 2) :] + "ik"
    second = "k" if b.rank == 1 else batch[len(batch) - (b.rank - 2) :] + "kj"
    longest = max(a.rank, b.rank, 2) - 2
    result = batch[len(batch) - longest :] + first.replace("k", "")[-1:] * (a.rank > 1) + "j" * (b.rank > 1)
    return f"{first},{second}->{result}"


def _matmul(a: Array, b: Array) -> Array:
    return contraction(_matmul_equation(a, b), *_with_equal_batches(a, b))


def _with_equal_batches(a: Array, b: Array) -> tuple[Array, Array]:
    if a.rank <= 2 or b.rank <= 2:
        return a, b
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (
        a.broadcast_to(batch[len(batch) - (a.rank - 2) :] + a.shape[-2:]),
        b.broadcast_to(batch[len(batch) - (b.rank - 2) :] + b.shape[-2:]),
    )


def _matrix_added(c: Array, a: Array, b: Array, beta: float = 1, alpha: float = 1) -> Array:
    terms = _terms(_matmul_equation(a, b), a, b)
    return _summed_with(terms if alpha == 1 else terms * alpha, c if beta == 1 else c * beta)


def _tensordot(a: Array, b: Array, dims: int) -> Array:
    first, second = "abcde"[: a.rank - dims], "vwxyz"[: b.rank - dims]
    summed = "klmno"[:dims]
    return contraction(f"{first}{summed},{summed}{second}->{first}{second}", a, b)


def _linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    labels = "abcde"[: x.rank - 1]
    equation = f"{labels}k,ok->{labels}o"
    return contraction(equation, x, weight) if bias is None else _summed_with(_terms(equation, x, weight), bias)


def _convolution(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: tuple[int, ...] | int = 1,
    padding: tuple[int, ...] | int = 0,
    dilation: tuple[int, ...] | int = 1,
    groups: int = 1,
) -> Array:
    """The cross-correlation of the documentation of ``torch.nn.functional.conv2d``, over any number of spatial axes.

    Each window is gathered, with zeros where it leaves the input, multiplied by its kernel, and summed.
    """
    rank = weight.rank - 2
    strides, paddings, dilations = (_each(value, rank) for value in (stride, padding, dilation))
    count, _, *sides = x.shape
    outputs, channels_each, *kernel = weight.shape
    sizes = [
        (side + 2 * pad - apart * (width - 1) - 1) // step + 1
        for side, pad, apart, width, step in zip(sides, paddings, dilations, kernel, strides, strict=True)
    ]
    places = np.zeros((1,) * (2 * rank), dtype=np.int64)
    inside = np.ones((1,) * (2 * rank), dtype=bool)
    for axis in range(rank):
        window = (
            np.arange(sizes[axis])[:, None] * strides[axis] + np.arange(kernel[axis]) * dilations[axis] - paddings[axis]
        )
        spread = [1] * (2 * rank)
        spread[axis], spread[rank + axis] = sizes[axis], kernel[axis]
        places = places * sides[axis] + np.clip(window, 0, sides[axis] - 1).reshape(spread)
        inside = inside & ((window >= 0) & (window < sides[axis])).reshape(spread)
    shape = (count, groups, 1, *sizes, channels_each, *kernel)
    order = (0, 1, *range(3, 3 + rank), 2, *range(3 + rank, 3 + 2 * rank))

    def windows(elements: Elements, zero: Elements) -> Elements:
        flat = elements.reshape(count, groups, channels_each, -1)
        taken = np.where(inside, flat[..., places], zero)
        return taken.transpose(order).reshape(shape)

    kernels = weight.reshape((1, groups, outputs // groups, *(1,) * rank, channels_each, *kernel))
    full = (count, groups, outputs // groups, *sizes, channels_each, *kernel)
    # Their gradients: sums over the samples, in each over all places of the window.
    repeated = _factor(kernels, full).broadcast_to(full, Accumulation.CONVOLUTION_WEIGHTS, count)
    gathered = x.gather(windows, x.constant(0.0), accumulation=Accumulation.WINDOWS)
    product = (_factor(gathered, full).broadcast_to(full, Accumulation.PRODUCTS) * repeated).as_products()
    terms = product.reshape((count, outputs, *sizes, channels_each * math.prod(kernel)))
    if bias is None:
        return terms.segment_sum((terms.rank - 1,), Accumulation.PRODUCTS)
    summed = Accumulation.DILATED_BIASES if any(apart > 1 for apart in dilations) else Accumulation.WIDE
    return _summed_with(terms, bias.reshape((1, outputs, *(1,) * rank)), summed, count)


def _each(value: tuple[int, ...] | int, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else value


def _product(name: str, equation: str) -> Operation:
    spellings = (f"torch.{name}({{0}}, {{1}})", f"{{0}}.{name}({{1}})")
    return Operation(name, spellings, lambda a, b: contraction(equation, a, b), name)


PRODUCTS = (
    _product("mm", "ik,kj->ij"),
    _product("bmm", "uik,ukj->uij"),
    _product("mv", "ik,k->i"),
    _product("dot", "k,k->"),
    _product("outer", "i,j->ij"),
    Operation("matmul", ("{0} @ {1}", "torch.matmul({0}, {1})", "{0}.matmul({1})"), _matmul, "matmul"),
    Operation(
        "addmm",
        ("torch.addmm({0}, {1}, {2}{arguments})", "{0}.addmm({1}, {2}{arguments})"),
        _matrix_added,
        "addmm",
    ),
    Operation(
        "baddbmm",
        ("torch.baddbmm({0}, {1}, {2}{arguments})", "{0}.baddbmm({1}, {2}{arguments})"),
        _matrix_added,
        "baddbmm",
    ),
    Operation(
        "einsum",
        ("torch.einsum({equation}, {0}, {1})",),
        lambda a, b, equation: contraction(equation, a, b),
        "einsum",
    ),
    Operation("tensordot", ("torch.tensordot({0}, {1}, dims={dims})",), _tensordot, "tensordot"),
    Operation(
        "linear",
        ("torch.nn.functional.linear({operands})",),
        _linear,
        "linear",
    ),
    Operation("conv1d", ("torch.nn.functional.conv1d({operands}{arguments})",), _convolution, "conv1d"),
    Operation("conv2d", ("torch.nn.functional.conv2d({operands}{arguments})",), _convolution, "conv2d"),
)
"""Each entry reads: name, spellings, definition, how it is drawn."""
